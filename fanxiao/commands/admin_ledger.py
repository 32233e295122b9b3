"""`fanxiao admin ledger`: the cases of an area, and under them each stage's dropout rate against the plan's target."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cases.calendar_days import find_place
from cases.ledger import LedgerRow, ledger
from cases.plans import plan_in_force
from cases.rates import StageRate, dropout_rates
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from storage.work import Work

STAGE = {"primary": "小学 primary", "junior": "初中 junior"}


@dataclass(frozen=True)
class Found:
    """What the ledger is printed from."""

    plan: Plan
    rows: list[LedgerRow]
    rates: list[StageRate]


def show(
    area: Annotated[str, typer.Option("--area", help="区划代码，不写为全部 · area code; all without it")] = "",
    level: Annotated[int, typer.Option("--level", min=0, help="达到过这一级及以上 · cases that reached this level")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="供程序读取 · for programs, with the ids behind the rates")] = False,
) -> None:
    """控辍台账 · The ledger of an area, and its dropout rates. Holds children's names: print it for those who may see them."""

    async def use(work: Work, _: Storage) -> Found:
        if area and await find_place(work, area=area) is None:
            refuse(f"没有这个区划代码：{area}", f"There is no such area code: {area}")
        try:
            plan = (await plan_in_force(work.session))[1]
        except LookupError:
            refuse("还没有启用方案，请先运行 fanxiao admin plan。", "No plan is in force yet: run `fanxiao admin plan` first.")
        return Found(plan, await ledger(work.session, area, from_level=level), await dropout_rates(work, area))

    found = once(use)
    if as_json:
        typer.echo(json.dumps(_as_json(area, found), ensure_ascii=False, default=str, indent=1))
    else:
        _print(found)


def _as_json(area: str, found: Found) -> dict[str, Any]:
    stages = [
        {
            "stage": one.stage, "on_rolls": one.on_rolls, "dropouts": len(one.dropouts), "suspected": len(one.suspected),
            "rate_per_cent": one.rate, "stay_below_per_cent": one.stay_below, "at_risk": one.at_risk,
            "dropout_student_ids": one.dropouts, "suspected_student_ids": one.suspected,
        }
        for one in found.rates
    ]  # fmt: skip
    return {"area": area, "cases": [asdict(row) for row in found.rows], "stages": stages}


def _print(found: Found) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(_cases(found))
    for one in found.rates:
        console.print(_rate(one), style="bold red" if one.at_risk else "", markup=False)
    lists = found.plan.lists
    console.print(
        f"辍学：缺勤满 {lists.dropout_after_school_days} 个上学日的未销号学生；疑似：满 {lists.suspected_after_school_days} 个。"
        f" / Dropout: an open case, {lists.dropout_after_school_days} school days absent; suspected: {lists.suspected_after_school_days}."
    )


def _cases(found: Found) -> Table:
    table = Table(
        "编号 number",
        "学生 child",
        "学校 school",
        "班级 class",
        "开始 began",
        "级别 level",
        "原因 cause",
        "状态 state",
        "应办 owed by",
        "期限 due",
    )
    calendar = Calendar(found.plan)
    for row in found.rows:
        ended, owed = found.plan.exits.get(row.exit or ""), found.plan.roles.get(row.owner_role or "")
        cause = found.plan.causes.get(row.cause or "")
        table.add_row(
            row.number, row.student, row.school, row.class_name, f"{calendar.local(row.opened_at):%Y-%m-%d}", str(row.level),
            f"{cause.zh} {cause.en}" if cause else row.cause, f"{ended.zh} {ended.en}" if ended else "未销号 open",
            f"{owed.zh} {owed.en}" if owed else row.owner_role, f"{calendar.local(row.due_at):%Y-%m-%d %H:%M}" if row.due_at else "",
        )  # fmt: skip
    return table


def _rate(one: StageRate) -> str:
    found = f"{one.rate:.2f}%" if one.rate is not None else "—"
    target = f"目标 below {one.stay_below:g}%" if one.stay_below is not None else "未定目标 no target"
    risk = " · 有风险 AT RISK" if one.at_risk else ""
    counted = f"辍学 dropouts {len(one.dropouts)} / 在籍 on the rolls {one.on_rolls} = {found}"
    return f"{STAGE[one.stage]}：{counted} · {target}{risk} · 疑似 suspected {len(one.suspected)}"


def register(admin: typer.Typer) -> None:
    """Puts the command into the group `admin`."""
    admin.command("ledger")(show)
