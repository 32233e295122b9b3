"""`fanxiao activities`: slogans, posters, broadcasts and performances, recorded and counted against what was planned."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from cases.activities import (
    ActivityRefused,
    Held,
    Where,
    add_activity,
    keep_activity_photo,
    kind_named,
    may_record,
    set_planned,
    withdraw_activity,
)
from cases.activity_progress import Progress, held_in, progress
from cases.calendar_days import find_place
from cases.imports.classes import school_year
from cases.photographs import MEGABYTE, media_type_of
from cases.plans import plan_in_force
from cases.publicity_texts import library
from cases.words import words
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.once import once, refuse
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from papers.activities import Line, activities_sheet
from papers.workbook import workbook
from plan.calendar import Calendar
from plan.model import Plan
from storage.crypto import Cipher
from storage.tables import Activity
from storage.work import Work

app = typer.Typer(help="Publicity activities offline. 线下宣传活动", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", help=BY)]
School = Annotated[str | None, typer.Option("--school", help="学校十位代码 · national school code")]
Area = Annotated[str | None, typer.Option("--area", help="区划代码 · area code")]
Year = Annotated[int | None, typer.Option("--year", help="学年，如 2026 表示 2026 年秋季开始 · school year, by its first calendar year")]


def _once(use: Callable[[Work, Plan, Cipher], Awaitable[Any]]) -> Any:
    """In one transaction, under the plan in force; a refusal is said and changes nothing."""

    async def go(work: Work, storage: Storage) -> Any:
        try:
            return await use(work, (await plan_in_force(work.session))[1], storage.cipher)
        except LookupError:
            refuse("还没有启用方案，请先运行 fanxiao admin plan。", "No plan is in force yet: run `fanxiao admin plan` first.")
        except ActivityRefused as refusal:
            refuse(*words().refused(refusal.reason, **refusal.facts))

    return once(go)


async def _where(work: Work, school: str | None, area: str | None) -> Where:
    if (school is None) == (area is None):
        refuse("请给 --school 或 --area 中的一个", "Give one of --school and --area")
    found = await find_place(work, school=school, area=area)
    if found is None:
        refuse(f"没有这个代码：{school or area}", f"There is no such code: {school or area}")
    return Where(found.area_code, found.school_id)


async def _may(work: Work, plan: Plan, person_id: int, where: Where) -> None:
    """Whoever records for the place itself, or for an area that holds it."""
    if not await may_record(work, plan, person_id, where, Calendar(plan).day_of(work.now)):
        refuse("按方案这位不能登记这个地方的活动", "By the plan this person does not record activities there")


@app.command()
def add(
    kind: Annotated[str, typer.Argument(help="种类，如 广播 · kind, as 广播 or broadcast")],
    by: By,
    place: Annotated[str, typer.Option("--place", help="地点 · where")],
    on: Annotated[str, typer.Option("--on", help="日期 · day, as 2026-10-12")],
    school: School = None,
    area: Area = None,
    photo: Annotated[list[Path] | None, typer.Option("--photo", help="照片，可多张 · photographs", exists=True, dir_okay=False)] = None,
) -> None:
    """登记一次活动 · Record an activity with its day, place and photographs."""

    async def use(work: Work, plan: Plan, cipher: Cipher) -> int:
        where = await _where(work, school, area)
        person = await acting(work, by, where.area_code[:6])
        await _may(work, plan, person.id, where)
        found = kind_named(plan.publicity.activities, kind)
        held = Held(found[0] if found else kind, _day(on), place.strip(), where, person.id)
        activity = await add_activity(work, plan, held, Calendar(plan).day_of(work.now))
        for content in _pictures(plan, photo or []):
            await keep_activity_photo(work, activity, person.id, cipher.encrypt_bytes(content[1]), content[0], len(content[1]))
        return activity.id

    number = _once(use)
    typer.echo(f"已登记 {number}")
    typer.echo(f"Recorded as {number}")


def _pictures(plan: Plan, paths: list[Path]) -> list[tuple[str, bytes]]:
    """(media type, content) of each file; refuses what is no photograph, too large, or too many."""
    if len(paths) > (most := plan.publicity.activities.photos):
        refuse(f"每次活动最多{most}张照片", f"At most {most} photographs an activity")
    found = []
    for path in paths:
        content = path.read_bytes()
        media_type = media_type_of(content)
        if media_type is None or len(content) > plan.visits.photo_megabytes * MEGABYTE:
            refuse(f"不是照片或太大：{path.name}", f"No JPEG or PNG, or too large: {path.name}")
        found.append((media_type, content))
    return found


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        refuse(f"日期要写成 2026-10-12：{said}", f"Write the day as 2026-10-12: {said}")


@app.command()
def held(area: Annotated[str, typer.Option("--area", help="区划代码 · area code")], year: Year = None) -> None:
    """逐次列出 · Each activity with its number, day, kind, place and photographs."""

    async def use(work: Work, plan: Plan, _: Cipher) -> list[tuple[str, ...]]:
        await _where(work, None, area)
        rows = await held_in(work, area, year or school_year(Calendar(plan).day_of(work.now)))
        kinds = plan.publicity.activities.kinds
        return [
            (str(one.id), str(one.held_on), kinds[one.kind].zh if one.kind in kinds else one.kind, one.place, one.area_code, str(count))
            for one, count in rows
        ]

    print_table(("序号 id", "日期 day", "种类 kind", "地点 place", "地区 area", "照片 pictures"), _once(use))


@app.command()
def withdraw(
    id_: Annotated[int, typer.Argument(metavar="ID", help="activities held 里的序号 · as `activities held` shows it")], by: By
) -> None:
    """撤回登记 · Take back an activity that was recorded by mistake: it counts no more."""

    async def use(work: Work, plan: Plan, _: Cipher) -> None:
        activity = await work.session.get(Activity, id_, with_for_update=True)
        if activity is None:
            refuse(f"没有这次活动：{id_}", f"There is no such activity: {id_}")
        person = await acting(work, by, activity.area_code[:6])
        await _may(work, plan, person.id, Where(activity.area_code, activity.school_id))
        await withdraw_activity(work, activity, person.id)

    _once(use)
    typer.echo(f"已撤回 {id_}")
    typer.echo(f"Taken back: {id_}")


@app.command()
def plan(
    number: Annotated[int, typer.Argument(help="次数 · how many")],
    by: By,
    school: School = None,
    area: Area = None,
    year: Year = None,
    kind: Annotated[str, typer.Option("--kind", help="种类，不写为全部 · kind; all kinds without it")] = "",
) -> None:
    """定计划次数 · Set how many a school or an office plans to hold in the school year."""

    async def use(work: Work, plan: Plan, _: Cipher) -> int:
        where = await _where(work, school, area)
        person = await acting(work, by, where.area_code[:6])
        await _may(work, plan, person.id, where)
        found = kind_named(plan.publicity.activities, kind) if kind else None
        of_year = year or school_year(Calendar(plan).day_of(work.now))
        await set_planned(work, plan, where, of_year, found[0] if found else kind, number, person.id)
        return of_year

    of_year = _once(use)
    typer.echo(f"{of_year} 学年计划 {number} 次")
    typer.echo(f"{number} planned for the school year {of_year}")


def _progress(area: str, year: int | None) -> tuple[Plan, int, list[Progress]]:
    async def use(work: Work, plan: Plan, _: Cipher) -> tuple[Plan, int, list[Progress]]:
        await _where(work, None, area)
        of_year = year or school_year(Calendar(plan).day_of(work.now))
        return plan, of_year, await progress(work, area, of_year)

    found: tuple[Plan, int, list[Progress]] = _once(use)
    return found


@app.command("list")
def list_(
    area: Annotated[str, typer.Option("--area", help="区划代码 · area code")],
    year: Year = None,
    as_json: Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")] = False,
) -> None:
    """进度：每所学校、每个乡镇 · Progress of each school and township."""
    plan, _, rows = _progress(area, year)
    kinds = plan.publicity.activities.kinds
    if as_json:
        shown = [
            {
                "name": row.name, "area": row.where.area_code, "school_id": row.where.school_id, "planned": row.planned, "held": row.held,
                "pictured": row.pictured, "missing": row.missing, "by_kind": dict(row.by_kind),
            }
            for row in rows
        ]  # fmt: skip
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    print_table(
        ("单位 place", "计划 planned", "已办 held", "还差 missing", "有照片 pictured", "种类 kinds"),
        [
            (
                row.name, "-" if row.planned is None else str(row.planned), str(row.held), str(row.missing), str(row.pictured),
                "，".join(f"{kinds[kind].zh if kind in kinds else kind}{count}" for kind, count in row.by_kind.items()),
            )
            for row in rows
        ],
    )  # fmt: skip


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="xlsx 文件 · the workbook")],
    area: Annotated[str, typer.Option("--area", help="区划代码 · area code")],
    year: Year = None,
) -> None:
    """进度表 xlsx · The same as a workbook for printing."""
    plan, of_year, rows = _progress(area, year)
    kinds = {key: kind.zh for key, kind in plan.publicity.activities.kinds.items()}
    lines = [Line(row.name, row.where.area_code, row.planned, row.held, row.pictured, row.by_kind) for row in rows]
    said = library().labels["activities_sheet"]
    file.write_bytes(workbook([activities_sheet(said["title"].format(year=of_year, next=of_year + 1), said, kinds, lines)]))
    typer.echo(f"已写入 {file}")
    typer.echo(f"Written to {file}")
