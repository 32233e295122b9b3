"""`fanxiao ledger`: the ledger (控辍台账) of an area, one of its entries, and its export as a workbook or on paper."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from typing import Annotated, Any

import typer
from sqlalchemy import select

from cases.ledger import NO_CAUSE, LedgerRow, Wanted, ledger_rows, story
from cases.ledger_entries import Entry, entries
from cases.ledger_table import differences_table, ledger_counts, ledger_table
from cases.rates import StageRate, dropout_rates
from cases.reconciling.nightly import EXPLAINED, GONE, OPEN, differences, reconcile
from cases.shown import Shown
from console.telling import Told, action_name, tell
from fanxiao.commands.acting import acting
from fanxiao.commands.counted import (
    Area,
    By,
    Json,
    Out,
    Since,
    Until,
    acting_in,
    area_name,
    cell,
    checked_out,
    give,
    plan_now,
    print_table,
    write,
)
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import CaseFile
from storage.work import Work

app = typer.Typer(help="控辍台账 · the ledger. Holds children's names: show it to those who may see them.", no_args_is_help=True)
CONFIDED = frozenset({"guardian_answered", "answer_undone", "answer_set_aside", "case_paused"})
"""Sentences that name what a family has said: told in full with --with-sensitive only."""
STAGE = {"primary": "小学 primary", "junior": "初中 junior"}

State = Annotated[str, typer.Option("--state", help="open 在账、closed 已销号、all 全部 · open, closed or all")]
Cause = Annotated[str | None, typer.Option("--cause", help="原因（方案里的名称，none 为未知）· a cause of the plan; none: not known")]
Level = Annotated[int | None, typer.Option("--at-level", min=0, help="现在在这一级 · stands at this level")]
From = Annotated[int, typer.Option("--level", min=0, help="达到过这一级及以上 · cases that reached this level")]
Owner = Annotated[str | None, typer.Option("--owner", help="责任岗位、责任人编号或姓名 · a role, or a person's number or name")]
Sensitive = Annotated[bool, typer.Option("--with-sensitive", help="家长私下说的原因也印出 · print causes told in confidence, too")]


@dataclass(frozen=True)
class Found:
    """What the ledger is shown from."""

    plan: Plan
    area: str
    rows: list[LedgerRow]
    entries: list[Entry]
    tables: list[Shown]
    rates: list[StageRate]


@app.command("list")
def show_all(
    area: Area = "", state: State = "all", cause: Cause = None, at_level: Level = None, level: From = 0, owner: Owner = None,
    since: Since = None, until: Until = None, as_json: Json = False,
) -> None:  # fmt: skip
    """台账清单 · The entries that are asked for, their counts, and the area's dropout rates. Causes told in confidence are left out."""
    wanted = _wanted(area, state, cause, at_level, level, since, until)

    async def use(work: Work, _: Storage) -> Found:
        return await _found(work, area, state, wanted, owner, with_sensitive=False)

    found = once(use)
    if as_json:
        give([], None, _as_json(area, found))
        return
    for table in found.tables:
        print_table(table)
    for one in found.rates:
        typer.secho(_rate(one), fg="red" if one.at_risk else None, bold=one.at_risk)
    lists = found.plan.lists
    typer.echo(
        f"辍学：缺勤满 {lists.dropout_after_school_days} 个上学日的未销号学生；疑似：满 {lists.suspected_after_school_days} 个。"
        f" / Dropout: an open case, {lists.dropout_after_school_days} school days absent; suspected: {lists.suspected_after_school_days}."
    )


@app.command()
def export(
    out: Out, by: By, area: Area = "", state: State = "all", cause: Cause = None, at_level: Level = None, level: From = 0,
    owner: Owner = None, since: Since = None, until: Until = None, with_sensitive: Sensitive = False,
) -> None:  # fmt: skip
    """导出台账 · The ledger as .xlsx or .pdf, in the name of a person who answers for the area; the record keeps who took it."""
    target = checked_out(out)
    if target is None:
        refuse("请用 --out 写明文件。", "Name a file with --out.")
    wanted = _wanted(area, state, cause, at_level, level, since, until)

    async def use(work: Work, _: Storage) -> Found:
        who, where = await acting_in(work, by, area)
        found = await _found(work, where, state, replace(wanted, area_code=where), owner, with_sensitive=with_sensitive)
        form = target.suffix.lower().removeprefix(".")
        work.record(
            "ledger_exported", f"area:{where}", area_code=where, actor=f"person:{who.id}",
            rows=len(found.rows), sensitive=with_sensitive, form=form,
        )  # fmt: skip
        return found

    write(target, once(use).tables)


@app.command()
def show(number: str, with_sensitive: Sensitive = False, as_json: Json = False) -> None:
    """一条台账 · One entry by its number (or its last digits): every field, and what happened."""

    async def use(work: Work, _: Storage) -> tuple[Plan, Entry, Shown, list[Any], list[Told]]:
        plan = await plan_now(work)
        case_id = await _numbered(work, number)
        rows = [row for row in await ledger_rows(work.session, Wanted()) if row.case_id == case_id]
        found = await entries(work, plan, rows)
        shown = ledger_table(work, plan, found, "", "all", with_sensitive=with_sensitive)
        told = await tell(work.session, plan, case_id, "zh")
        return plan, found[0], shown, list(await story(work.session, case_id)), told

    plan, entry, shown, lines, told = once(use)
    if as_json:
        give([], None, {**asdict(entry), "events": [asdict(line) for line in lines]})
        return
    for column, value in zip(shown.columns, shown.rows[0], strict=True):
        typer.echo(f"{column.title}：{cell(value, column.kind)}")
    for line in told:
        text = line.text if with_sensitive or line.action not in CONFIDED else action_name(line.action, "zh")
        typer.echo(f"{Calendar(plan).local(line.at):%Y-%m-%d %H:%M}  {text}")


async def _numbered(work: Work, number: str) -> int:
    query = select(CaseFile.id, CaseFile.number).where(CaseFile.number.endswith(number, autoescape=True)).order_by(CaseFile.id)
    found = (await work.session.execute(query.limit(6))).all()
    if not found:
        refuse(f"台账里没有这个编号：{number}", f"No entry has this number: {number}")
    if len(found) > 1:
        listed = "、".join(one for _, one in found)
        refuse(f"有几条台账是这个尾号，请写完整：{listed}", f"Several entries end like this, write it out: {listed}")
    return int(found[0][0])


def _wanted(
    area: str, state: str, cause: str | None, at_level: int | None, level: int, since: datetime | None, until: datetime | None
) -> Wanted:
    if state not in {"open", "closed", "all"}:
        refuse(f"状态只能是 open、closed、all：{state}", f"The state is open, closed or all: {state}")
    if since is not None and until is not None and until < since:
        refuse("--until 早于 --since。", "--until is before --since.")
    return Wanted(area, state=None if state == "all" else state, cause=cause, level=at_level, from_level=level, since=since, before=until)


async def _found(work: Work, area: str, state: str, wanted: Wanted, owner: str | None, *, with_sensitive: bool) -> Found:
    name, plan = await area_name(work, area), await plan_now(work)
    if wanted.cause is not None and wanted.cause not in {*plan.causes, NO_CAUSE}:
        refuse(f"方案里没有这种原因：{wanted.cause}", f"The plan has no such cause: {wanted.cause}")
    rows = await ledger_rows(work.session, await _owned(work, plan, _days(plan, wanted), owner))
    found = await entries(work, plan, rows)
    shown = [
        ledger_table(work, plan, found, name, state, with_sensitive=with_sensitive),
        await ledger_counts(work, plan, rows, name, state),
    ]
    return Found(plan, name, rows, found, shown, await dropout_rates(work, area))


def _days(plan: Plan, wanted: Wanted) -> Wanted:
    """Local days, both included, as moments."""
    calendar = Calendar(plan)
    since = calendar.at(wanted.since.date(), time.min) if wanted.since else None
    before = calendar.at(wanted.before.date() + timedelta(days=1), time.min) if wanted.before else None
    return replace(wanted, since=since, before=before)


async def _owned(work: Work, plan: Plan, wanted: Wanted, owner: str | None) -> Wanted:
    if owner is None:
        return wanted
    role = next((name for name, role in plan.roles.items() if owner in {name, role.zh}), None)
    if role is not None:
        return replace(wanted, owner_role=role)
    return replace(wanted, owner_id=(await acting(work, owner, wanted.area_code)).id)


def _as_json(area: str, found: Found) -> dict[str, Any]:
    stages = [
        {
            "stage": one.stage, "on_rolls": one.on_rolls, "dropouts": len(one.dropouts), "suspected": len(one.suspected),
            "rate_per_cent": one.rate, "stay_below_per_cent": one.stay_below, "at_risk": one.at_risk,
            "dropout_student_ids": one.dropouts, "suspected_student_ids": one.suspected, "off_rolls_student_ids": one.off_rolls,
        }
        for one in found.rates
    ]  # fmt: skip
    return {"area": area, "cases": [{**asdict(one), **asdict(one.row)} for one in found.entries], "stages": stages}


def _rate(one: StageRate) -> str:
    found = f"{one.rate:.2f}%" if one.rate is not None else "—"
    target = f"目标 below {one.stay_below:g}%" if one.stay_below is not None else "未定目标 no target"
    risk = " · 有风险 AT RISK" if one.at_risk else ""
    counted = f"辍学 dropouts {len(one.dropouts)} / 应在校 should be at school {one.expected} = {found}"
    return f"{STAGE[one.stage]}：{counted} · {target}{risk} · 疑似 suspected {len(one.suspected)}"


@app.command("differences")
def show_differences(
    area: Area = "", everything: Annotated[bool, typer.Option("--all", help="连已一致的 · those that are gone, too")] = False,
    as_json: Json = False, out: Out = None,
) -> None:  # fmt: skip
    """对账差异 · What the nightly reconciliation found, who owes an answer, and what was answered."""
    target = checked_out(out)
    states = (OPEN, EXPLAINED, GONE) if everything else (OPEN, EXPLAINED)

    async def use(work: Work, _: Storage) -> Shown:
        name, plan = await area_name(work, area), await plan_now(work)
        return differences_table(plan, await differences(work, area, states), name)

    shown = once(use)
    data = [dict(zip((column.key for column in shown.columns), row, strict=True)) for row in shown.rows]
    give([shown], target, data if as_json else None)


@app.command("reconcile")
def reconcile_now() -> None:
    """立即对账 · Compare the ledger with enrolment, attendance and reports now, as every night. Twice is harmless."""

    async def use(work: Work, _: Storage) -> int:
        plan = await plan_now(work)
        if plan.reconciliation is None:
            refuse("方案里没有 reconciliation（对账）一节。", "The plan has no section `reconciliation`.")
        return await reconcile(work, plan, Calendar(plan).day_of(work.now))

    count = once(use)
    typer.echo(f"对账差异{count}处 / differences: {count}")
