"""`fanxiao reports`: periodic reports prepared, shown, confirmed, signed and printed. What is decided is a named person's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from bot.rendering.report_sheets import reports_book, roster_book
from cases.reports.answering import Stated, confirm, report_by_id, send_back, sign
from cases.reports.listing import ReportRow, Wanted, report_rows, versions_of
from cases.reports.preparing import ReportRefused, prepare
from cases.reports.recounting import recount
from cases.reports.roster import roster
from cases.reports.words import corrected, report_words
from cases.words import words
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.once import once, refuse
from fanxiao.commands.places import in_force, known_area
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from plan.periods import EXAMPLES, Period, period_named
from storage.tables import Person, ReportVersion
from storage.work import Work

app = typer.Typer(help="上报表 · periodic reports", no_args_is_help=True)
ENGLISH = {
    "prepared": "to be counted", "collecting": "waits for those beneath", "asked": "to be confirmed", "confirmed": "to be signed",
    "submitted": "submitted",
}  # fmt: skip
HEADERS = (
    "编号\nid", "上报表\nreport", "单位\nunit", "适龄\nof age", "疑似\nsuspected", "辍学\ndropouts", "状态\nstate", "期限\ndue",
)  # fmt: skip
NUMBERS = ("of_age", "suspected", "dropout")
REASON = "与系统数不同的理由；几个数理由不同的，写 suspected=理由 · why the numbers differ, or of one number as suspected=REASON; repeat it"

Area = Annotated[str, typer.Option("--area", help="区划代码，不写为全部 · area code; all without it")]
Kind = Annotated[str | None, typer.Option("--kind", help="表种：weekly、monthly… · kind, as the plan file names it")]
PeriodText = Annotated[str | None, typer.Option("--period", help="时期，如 2026-11、2026-W48、2026-Q4、2026-autumn · period")]
Of = Annotated[str | None, typer.Option("--of", help="school、township、county、prefecture")]
State = Annotated[str | None, typer.Option("--state", help="prepared、collecting、asked、confirmed、submitted")]
Json = Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")]
Number = Annotated[int, typer.Argument(metavar="ID", help="上报表编号 · the report's number")]
By = Annotated[str, typer.Option("--by", help=BY)]


async def _wanted(work: Work, plan: Plan, area: str, kind: str | None, period: str | None, of: str | None, state: str | None) -> Wanted:
    await known_area(work, area)
    if kind is not None and kind not in plan.reports.kinds:
        _no_kind(plan, kind)
    if state is not None and state not in ENGLISH:
        refuse(f"没有“{state}”这种状态：{'、'.join(ENGLISH)}", f"No such state; give one of {', '.join(ENGLISH)}")
    start = _period(plan, kind, period).start if period is not None else None
    return Wanted(area, kind, of, state, start)


def _no_kind(plan: Plan, kind: str) -> None:
    listed = "、".join(f"{name}({entry.zh})" for name, entry in plan.reports.kinds.items())
    refuse(f"没有“{kind}”这种上报表：{listed}", f"The plan has no report {kind}: {listed}")


def _period(plan: Plan, kind: str | None, text: str) -> Period:
    if kind is None:
        refuse("写时期时要写 --kind。", "Give --kind with --period.")
    every = plan.reports.kinds[kind].every
    try:
        return period_named(every, text)
    except ValueError:
        refuse(f"时期“{text}”看不懂，应写如 {EXAMPLES[every]}", f"--period {text} cannot be read; write it like {EXAMPLES[every]}")


@app.command("list")
def show_all(
    area: Area = "", kind: Kind = None, period: PeriodText = None, of: Of = None, state: State = None, as_json: Json = False
) -> None:
    """列出上报表 · Reports with their computed and stated numbers; late ones are marked."""

    async def use(work: Work, _: Storage) -> tuple[Plan, list[ReportRow]]:
        plan = await in_force(work)
        return plan, await report_rows(work, await _wanted(work, plan, area, kind, period, of, state))

    plan, rows = once(use)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, default=str, indent=1))
    else:
        print_table(HEADERS, [_line(plan, row) for row in rows])


def _line(plan: Plan, row: ReportRow) -> tuple[str, ...]:
    kind = plan.reports.kinds.get(row.kind)
    state = f"{report_words()['states'][row.state]} {ENGLISH[row.state]}" + (" 逾期 LATE" if row.is_late else "")
    due = f"{Calendar(plan).local(row.due_at):%Y-%m-%d %H:%M}"
    return (
        str(row.report_id), f"{row.period}{kind.zh if kind else row.kind}", row.unit,
        *(_both(row.computed, row.stated, name) for name in NUMBERS), state, due,
    )  # fmt: skip


def _both(computed: Any, stated: Any, name: str) -> str:
    """The stated number, and the computed one beside it where they differ."""
    if not computed:
        return ""
    if stated is None or stated[name] == computed[name]:
        return str(computed[name]) + ("" if stated is not None else "?")
    return f"{stated[name]} (系统 computed {computed[name]})"


@app.command()
def show(number: Number, as_json: Json = False) -> None:
    """看一张表 · One report with all its versions; with --json, the ids of the children behind each number."""

    async def use(work: Work, _: Storage) -> tuple[Plan, ReportRow, Sequence[ReportVersion], dict[int, str]]:
        rows = await report_rows(work, Wanted(report_id=number))
        if not rows:
            refuse(f"没有编号为{number}的上报表", f"There is no report {number}")
        versions = await versions_of(work, number)
        people = {person for one in versions for person in (one.confirmed_by, one.signed_by, one.returned_by) if person is not None}
        found = await work.session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
        names: dict[int, str] = dict(found.all())
        return await in_force(work), rows[0], versions, names

    plan, row, versions, names = once(use)
    if as_json:
        typer.echo(json.dumps({**asdict(row), "versions": [_as_json(one) for one in versions]}, ensure_ascii=False, default=str, indent=1))
        return
    print_table(HEADERS, [_line(plan, row)])
    local = Calendar(plan).local
    headers = (
        "版次\nversion",
        "适龄\nof age",
        "疑似\nsuspected",
        "辍学\ndropouts",
        "更正\ncorrections",
        "统计\ncounted",
        "核对\nconfirmed",
        "签字\nsigned",
        "退回\nsent back",
    )
    print_table(
        headers,
        [
            (
                str(one.version), *(_both(one.computed, one.stated, name) for name in NUMBERS),
                corrected(one.computed, one.stated, one.reasons) if one.stated else "", f"{local(one.computed_at):%m-%d %H:%M}",
                f"{names.get(one.confirmed_by or 0, '')} {local(one.confirmed_at):%m-%d %H:%M}" if one.confirmed_at else "",
                f"{names.get(one.signed_by or 0, '')} {local(one.signed_at):%m-%d %H:%M}" if one.signed_at else "",
                f"{names.get(one.returned_by or 0, '')} {one.returned_reason}" if one.returned_reason else "",
            )
            for one in versions
        ],
    )  # fmt: skip


def _as_json(version: ReportVersion) -> dict[str, Any]:
    return {column.key: getattr(version, column.key) for column in ReportVersion.__table__.columns}


@app.command("prepare")
def prepare_now(
    kind: Annotated[str, typer.Argument(help="表种：weekly、monthly… · kind")],
    period: Annotated[str, typer.Option("--period", help="时期，如 2026-11 · period, as 2026-11")],
    area: Area = "",
) -> None:
    """现在就做 · Prepare the reports of a period that has begun; those that are there already stay. Future periods are refused."""

    async def use(work: Work, _: Storage) -> int:
        plan = await in_force(work)
        await known_area(work, area)
        if kind not in plan.reports.kinds:
            _no_kind(plan, kind)
        try:
            return await prepare(work, kind, _period(plan, kind, period), area)
        except ReportRefused as refused:
            refuse(*words().refused(str(refused)))

    typer.echo(f"新做 {once(use)} 张，随后统计并发给核对人 / new reports; they are counted and asked for at the next tick")


@app.command("confirm")
def confirm_now(
    number: Number,
    by: By,
    of_age: Annotated[int | None, typer.Option(min=0, help="适龄儿童 · children of age")] = None,
    suspected: Annotated[int | None, typer.Option(min=0, help="疑似辍学 · suspected")] = None,
    dropout: Annotated[int | None, typer.Option(min=0, help="辍学 · dropouts")] = None,
    reason: Annotated[list[str] | None, typer.Option(help=REASON)] = None,
) -> None:
    """核对或更正 · Confirm the computed numbers, or state others with a reason; after the signature that is a new version."""
    given = {"of_age": of_age, "suspected": suspected, "dropout": dropout}
    named = [why.partition("=") for why in reason or []]
    reasons = {name: why.strip() for name, sign, why in named if sign and name in NUMBERS}
    shared = next((why.strip() for why in reason or [] if why.partition("=")[0] not in NUMBERS), "")
    stated = Stated({name: value for name, value in given.items() if value is not None}, shared, reasons)
    _carry_out(number, by, lambda work, report, person: confirm(work, report, person, stated))


@app.command("sign")
def sign_now(number: Number, by: By) -> None:
    """签字上报 · Sign: the report is submitted, and the sum above takes it up."""
    _carry_out(number, by, sign)


@app.command("recount")
def recount_now(number: Number, by: By) -> None:
    """重新统计 · Count a report anew, by whoever confirms or signs it, where the data have changed since; a new version to be confirmed."""
    _carry_out(number, by, recount)


@app.command("send-back")
def send_back_now(number: Number, by: By, reason: Annotated[str, typer.Option(help="理由 · why")]) -> None:
    """退回重新核对 · Send back instead of signing."""
    _carry_out(number, by, lambda work, report, person: send_back(work, report, person, reason.strip()))


def _carry_out(number: int, by: str, act: Any) -> None:
    async def use(work: Work, _: Storage) -> str:
        plan = await in_force(work)
        report = await report_by_id(work, number)
        if report is None:
            refuse(f"没有编号为{number}的上报表", f"There is no report {number}")
        if report.kind not in plan.reports.kinds:
            _no_kind(plan, report.kind)
        refusal = await act(work, report, (await acting(work, by, report.area_code[:4])).id)
        if refusal is not None:
            refuse(*words().refused(refusal, code=number))
        return report.state

    state = once(use)
    typer.echo(f"已记下：{report_words()['states'][state]} / noted: {ENGLISH[state]}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="xlsx 文件 · the file to write", dir_okay=False)],
    kind: Annotated[str, typer.Option("--kind", help="表种 · kind")],
    period: Annotated[str, typer.Option("--period", help="时期，如 2026-11 · period")],
    area: Area = "",
) -> None:
    """导出汇总表 · Write the reports of a period: a sheet for each level, stated beside computed, with their sums."""

    async def use(work: Work, _: Storage) -> bytes | None:
        plan = await in_force(work)
        rows = await report_rows(work, await _wanted(work, plan, area, kind, period, None, None))
        return await reports_book(work, plan, kind, area, rows) if rows else None

    _write(file, once(use), "这个时期没有这种上报表", "There are no such reports")


@app.command("roster")
def roster_file(file: Annotated[Path, typer.Argument(help="xlsx 文件 · the file to write", dir_okay=False)], area: Area = "") -> None:
    """导出花名册 · Write the roster of dropouts and suspected dropouts. Holds children's names: for township and bureau only."""

    async def use(work: Work, _: Storage) -> bytes:
        plan = await in_force(work)
        await known_area(work, area)
        return await roster_book(work, plan, area, await roster(work, area))

    _write(file, once(use), "", "")


def _write(file: Path, content: bytes | None, zh: str, en: str) -> None:
    if content is None:
        refuse(zh, en)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    typer.echo(f"已写入 {file} / written")
