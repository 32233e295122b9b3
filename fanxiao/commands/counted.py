"""What the commands that count share: the area, the day, the plan, and writing tables to a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from cases.calendar_days import find_place
from cases.colleagues import own_posts
from cases.history.moment import as_of
from cases.plans import plan_in_force
from cases.shown import Shown, said
from fanxiao.commands.acting import acting
from fanxiao.commands.once import refuse
from papers.tables import tables_pdf, tables_xlsx
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Person
from storage.work import Work

WIDEST = 2000
"""Characters of a line that no screen cuts."""
Area = Annotated[str, typer.Option("--area", help="区划代码，不写为全部 · area code; all without it")]
On = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="截至哪一天，不写为现在 · as of this day; now without it")]
Since = Annotated[datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="从哪天起 · from this day on")]
Until = Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="到哪天（含）· to this day, included")]
Json = Annotated[bool, typer.Option("--json", help="供程序读取 · for programs, with the ids behind the numbers")]
Out = Annotated[Path | None, typer.Option("--out", help="写到 .xlsx 或 .pdf 文件 · into an .xlsx or .pdf file")]
By = Annotated[str, typer.Option("--by", help="经办人编号或姓名 · who does it: a responsible person's number or name")]


async def area_name(work: Work, area: str, everywhere: str = "全部区域") -> str:
    """The area's name; refuses an unknown code."""
    if not area:
        return everywhere
    place = await find_place(work, area=area)
    if place is None:
        refuse(f"没有这个区划代码：{area}", f"There is no such area code: {area}")
    return place.name


async def acting_in(work: Work, by: str, area: str) -> tuple[Person, str]:
    """Who does it, and the area: the one named, or all that they answer for. Refuses an area that is not theirs."""
    who = await acting(work, by)
    today = Calendar(await plan_now(work)).day_of(work.now)
    posts = [post.area_code for post in await own_posts(work, who.id, today) if post.school_id is None]
    if not posts:
        refuse(f"{who.name}不负责任何区域。", f"{who.name} answers for no area.")
    where = area or min(posts, key=len)
    await area_name(work, where)
    if not any(where.startswith(code) for code in posts):
        refuse(f"{who.name}不负责这个区域：{where}", f"{who.name} does not answer for this area: {where}")
    return who, where


async def plan_now(work: Work) -> Plan:
    """The plan in force; refuses before one was installed."""
    try:
        return (await plan_in_force(work.session))[1]
    except LookupError:
        refuse("还没有启用方案，请先运行 fanxiao admin plan。", "No plan is in force yet: run `fanxiao admin plan` first.")


def day_of(work: Work, plan: Plan, on: datetime | None) -> date | None:
    """The day that was asked for; refuses one that has not come yet."""
    if on is None:
        return None
    try:
        return as_of(work, plan, on.date()).on
    except ValueError:
        refuse(f"{on:%Y-%m-%d} 还没有到。", f"{on:%Y-%m-%d} has not come yet.")


def checked_out(out: Path | None) -> Path | None:
    """Refuses, before anything is read, a file of another kind or in a folder that is not there."""
    if out is not None and out.suffix.lower() not in {".xlsx", ".pdf"}:
        refuse(f"文件名要以 .xlsx 或 .pdf 结尾：{out.name}", f"The file's name must end in .xlsx or .pdf: {out.name}")
    if out is not None and not out.absolute().parent.is_dir():
        refuse(f"没有这个文件夹：{out.parent}", f"There is no such folder: {out.parent}")
    return out


def write(out: Path, tables: Sequence[Shown], signers: Sequence[str] = ()) -> None:
    """Writes the tables in the form that the file's name asks for."""
    out.write_bytes(
        tables_pdf(tables, signers)
        if out.suffix.lower() == ".pdf"
        else tables_xlsx(tables, [said("signed").format(signer=one) for one in signers])
    )
    typer.echo(f"已写入 {out} / written to {out}")


def give(tables: Sequence[Shown], out: Path | None, data: Mapping[str, Any] | Sequence[Any] | None, signers: Sequence[str] = ()) -> None:
    """Into a file, as JSON (where there is data to give), or on the screen."""
    if out is not None:
        write(out, tables, signers)
    elif data is not None:
        typer.echo(json.dumps(data, ensure_ascii=False, default=str, indent=1))
    else:
        for shown in tables:
            print_table(shown)


def print_table(shown: Shown) -> None:
    """On the screen, with its notes. Nothing is cut off: cells fold on a narrow screen; into a file or pipe it is as wide as it needs."""
    console = Console(soft_wrap=True, highlight=False)
    table = Table(title=shown.title)
    for column in shown.columns:
        table.add_column(column.title, overflow="fold")
    for row in shown.rows:
        table.add_row(*(cell(value, column.kind) for value, column in zip(row, shown.columns, strict=True)))
    if not console.is_terminal:
        needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum
        console = Console(soft_wrap=True, highlight=False, width=max(console.width, needed))
    console.print(table, markup=False)
    for note in shown.notes:
        console.print(note, markup=False)


def cell(value: object, kind: str) -> str:
    """A cell as it reads on a screen."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:.2f}%" if kind == "percent" and isinstance(value, int | float) else str(value)
