"""`fanxiao admin calendar`: days on which a school or an area departs from the national calendar and the plan's vacations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cases.calendar_days import Where, clear_days, find_place, listed_days, set_days
from fanxiao.commands.channels_lines import local_day
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from storage.work import Work

app = typer.Typer(help="校历例外 · exceptions to the calendar", no_args_is_help=True)
LONGEST = 366  # days at one go: more is a typing error in a year

School = Annotated[str | None, typer.Option("--school", help="学校标识码 · national code of a school")]
Area = Annotated[str | None, typer.Option("--area", help="区划代码 · code of an area")]
On = Annotated[datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="日期 · day, or the first of several")]
Until = Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="最后一天 · last day, included")]
Open = Annotated[bool | None, typer.Option("--open/--closed", help="上课/停课 · school is held, or is not")]
Reason = Annotated[str, typer.Option("--reason", help="原因 · why")]


@app.command()
def add(on: On, reason: Reason, is_open: Open = None, school: School = None, area: Area = None, until: Until = None) -> None:
    """登记停课或补课 · Say that school is held, or is not. A school's day goes before its area's."""
    first, last = _span(on, until)
    if is_open is None:
        refuse("请写明 --closed（停课）或 --open（上课）。", "Give --closed or --open.")

    async def use(work: Work, _: Storage) -> tuple[Where, int]:
        where = await _place(work, school, area)
        return where, await set_days(work, where, first, last, is_open=is_open, reason=reason)

    where, count = once(use)
    zh, en = ("上课", "school is held") if is_open else ("停课", "no school")
    typer.echo(f"{where.name}：{first} 至 {last} {zh}，共{count}天 / {en} for {count} day(s)")


@app.command()
def remove(on: On, school: School = None, area: Area = None, until: Until = None) -> None:
    """取消例外 · Take exceptions back."""
    first, last = _span(on, until)

    async def use(work: Work, _: Storage) -> int:
        return await clear_days(work, await _place(work, school, area), first, last)

    count = once(use)
    if not count:
        refuse("这些日子没有登记例外。", "There is no exception on these days.")
    typer.echo(f"已取消{count}天 / {count} day(s) taken back")


@app.command("list")
def show(since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="从哪天起 · from this day on")] = None) -> None:
    """列出例外 · List what was entered, from today on."""

    async def use(work: Work, _: Storage) -> list[tuple[str, str, bool, str]]:
        found = await listed_days(work, since.date() if since else await local_day(work))
        return [(f"{day.on}", place, day.is_school_day, day.reason) for day, place in found]

    table = Table("日期 day", "地点 place", "上课 school", "原因 reason")
    for day, place, is_open, reason in once(use):
        table.add_row(day, place, "上课 open" if is_open else "停课 closed", reason)
    Console(soft_wrap=True, highlight=False).print(table)


def _span(on: datetime, until: datetime | None) -> tuple[date, date]:
    first, last = on.date(), (until or on).date()
    if last < first or (last - first).days >= LONGEST:
        refuse("--until 早于 --on，或超过一年。", "--until lies before --on, or more than a year after it.")
    return first, last


async def _place(work: Work, school: str | None, area: str | None) -> Where:
    if (school is None) == (area is None):
        refuse("请用 --school 或 --area 指定一处（只能一处）。", "Give one of --school and --area.")
    where = await find_place(work, school=school, area=area)
    if where is None:
        refuse(f"没有这个代码：{school or area}", f"There is no such code: {school or area}")
    return where
