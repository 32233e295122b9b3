"""`fanxiao areas`: who answers for each area, school and class, what is wrong with it, and the hand-over of a post."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from cases.names import area_names
from cases.posts.hand_over import Handed, HandOverRefused, hand_over
from cases.posts.register import FAULTS, PostRow, names_above, posts_of
from cases.posts.words import post_words
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.once import once, refuse
from fanxiao.commands.places import in_force, known_area
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from papers.posts import PostLine, post_sheet
from papers.workbook import workbook
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Person, PersonContact
from storage.work import Work

app = typer.Typer(help="责任区域 · who answers for what", no_args_is_help=True)
ENGLISH = {
    "hole": "nobody", "expired": "time is over", "unreachable": "no usable contact", "overloaded": "too many open tasks",
    "unconfirmed": "did not say that it is still them", "denied": "said that it is somebody else",
}  # fmt: skip
REFUSED = {
    "same_person": "Both are the same person.", "nothing_held": "This person has no post and no task.",
    "too_far": "The day lies too far ahead.", "unreachable": "The successor has no usable contact.",
    "not_allowed": "A hand-over is decided by somebody who answers for that area, or by the school's principal.",
}  # fmt: skip

Area = Annotated[str, typer.Option("--area", help="区划代码，不写为全部 · area code; all without it")]
Json = Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")]
Xlsx = Annotated[Path | None, typer.Option("--xlsx", help="写成 xlsx 文件 · write this xlsx file instead", dir_okay=False)]
Role = Annotated[str | None, typer.Option("--role", help="岗位 · role, as the plan file names it")]


@app.command("list")
def show_all(area: Area = "", role: Role = None, as_json: Json = False, xlsx: Xlsx = None) -> None:
    """列出责任人 · Every post that the plan wants filled, and who fills it today."""
    _show(area, role, as_json, xlsx, FAULTS, also_sound=True)


@app.command()
def holes(
    area: Area = "",
    role: Role = None,
    fault: Annotated[list[str] | None, typer.Option("--fault", help="、".join(FAULTS))] = None,
    as_json: Json = False,
    xlsx: Xlsx = None,
) -> None:
    """列出问题 · Posts with nobody, nobody reachable, too much, a time that is over, or no answer to "is this still you?"."""
    for one in fault or ():
        if one not in FAULTS:
            refuse(f"没有“{one}”这种问题：{'、'.join(FAULTS)}", f"No such fault; give one of {', '.join(FAULTS)}")
    _show(area, role, as_json, xlsx, fault or FAULTS, also_sound=False)


@app.command()
def show(
    area: Annotated[str, typer.Argument(help="区划代码 · area code")],
    as_json: Json = False,
) -> None:
    """看一个地区 · Who answers for one area itself, with their tasks, substitutes and end dates."""

    async def use(work: Work, _: Storage) -> tuple[Plan, list[PostRow]]:
        plan = await in_force(work)
        await known_area(work, area)
        return plan, [row for row in await posts_of(work, area) if row.area_code == area and row.school_id is None]

    _out(*once(use), as_json=as_json)


def _show(area: str, role: str | None, as_json: bool, xlsx: Path | None, faults: Sequence[str], *, also_sound: bool) -> None:
    async def use(work: Work, _: Storage) -> tuple[Plan, list[PostRow], bytes | None]:
        plan = await in_force(work)
        await known_area(work, area)
        if role is not None and role not in plan.roles:
            refuse(f"没有“{role}”这个岗位：{'、'.join(plan.roles)}", f"The plan has no role {role}")
        rows = [
            row for row in await posts_of(work, area) if (role is None or row.role == role) and (also_sound or {*row.faults} & {*faults})
        ]
        return plan, rows, await _book(work, plan, area, rows, also_sound=also_sound) if xlsx is not None else None

    plan, rows, book = once(use)
    if xlsx is not None and book is not None:
        xlsx.parent.mkdir(parents=True, exist_ok=True)
        xlsx.write_bytes(book)
        typer.echo(f"已写入 {xlsx}，{len(rows)} 行 / written, rows: {len(rows)}")
    else:
        _out(plan, rows, as_json=as_json)


def _out(plan: Plan, rows: list[PostRow], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, default=str, indent=1))
        return
    headers = (
        "地区\narea",
        "责任区域、学校、班级\nplace",
        "岗位\nrole",
        "责任人\nwho",
        "待办\ntasks",
        "截止\nuntil",
        "问题\nwhat is wrong",
    )
    print_table(headers, [_row(plan, row) for row in rows])
    counts = {fault: sum(fault in row.faults for row in rows) for fault in FAULTS}
    found = " · ".join(f"{post_words()['faults'][fault].strip('()')} {ENGLISH[fault]} {count}" for fault, count in counts.items() if count)
    typer.echo(f"{len(rows)} 个岗位 posts" + (f" · {found}" if found else ""))


def _row(plan: Plan, row: PostRow) -> tuple[str, ...]:
    role = plan.roles[row.role]
    return (
        row.area_code, row.place, f"{role.zh} {role.en}", "、".join(f"{one.person_id} {one.name}" for one in row.people),
        "、".join(str(one.open_tasks) for one in row.people), "、".join(str(one.valid_until) for one in row.people if one.valid_until),
        "、".join(f"{post_words()['faults'][fault].strip('()')} {ENGLISH[fault]}" for fault in row.faults)
        + (f" ({row.ended_on})" if row.ended_on and "expired" in row.faults else ""),
    )  # fmt: skip


async def _book(work: Work, plan: Plan, area: str, rows: Sequence[PostRow], *, also_sound: bool) -> bytes:
    words, names = post_words()["sheet"], await names_above(work, rows)
    title = words["title" if also_sound else "holes_title"].format(area=(await area_names(work.session, [area])).get(area, ""))
    note = words["note"].format(as_of=f"{Calendar(plan).local(work.now):%Y-%m-%d %H:%M}", overloaded=plan.areas.overloaded)
    lines = [
        PostLine(
            names.get(row.area_code[:6], ""), names.get(row.area_code[:9], "") if len(row.area_code) > 6 else "", row.place,
            plan.role_name(row.role), "、".join(one.name for one in row.people),
            "、".join(one.substitute for one in row.people if one.substitute),
            min((one.valid_until for one in row.people if one.valid_until), default=None), sum(one.open_tasks for one in row.people),
            "、".join(post_words()["faults"][fault].strip("()") for fault in row.faults),
        )
        for row in rows
    ]  # fmt: skip
    return workbook(
        [post_sheet(words["columns"]["faults"] if not also_sound else words["columns"]["people"], title, words["columns"], lines, note)]
    )


@app.command("hand-over")
def hand_over_now(
    person: Annotated[str, typer.Argument(help="离任人编号或姓名 · who leaves: number or name")],
    to: Annotated[str, typer.Option("--to", help="接手人编号或姓名 · who takes over")],
    by: Annotated[str, typer.Option("--by", help=BY)],
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="从哪天起，不写为今天 · first day; today without it")
    ] = None,
) -> None:
    """交接 · Posts end and begin anew, and everything open goes over: tasks, sheets, reports, questions. Both are told."""

    async def use(work: Work, _: Storage) -> Handed:
        plan = await in_force(work)
        day = since.date() if since else Calendar(plan).day_of(work.now)
        left, successor = await _person(work, person), await _person(work, to)
        decided = await acting(work, by)
        try:
            return await hand_over(work, left, successor, day, decided.id)
        except HandOverRefused as refused:
            refuse(post_words()["refusals"][str(refused)], REFUSED[str(refused)])

    done = once(use)
    typer.echo(f"已交接 {len(done.posts)} 个岗位、{done.tasks} 件待办 / handed over: {len(done.posts)} posts, {done.tasks} tasks")
    if done.elsewhere:
        typer.echo(f"{done.elsewhere} 件按规定转给其他人 / {done.elsewhere} went to others who may hold them")
    if done.stays:
        typer.echo(f"{done.stays} 件没有人可接，请补责任人 / {done.stays} found nobody: fill the post", err=True)


async def _person(work: Work, who: str) -> int:
    """By number, or by a name that only one person with a contact has: somebody new has no post yet."""
    if who.isdecimal():
        found = [person for person in [await work.session.get(Person, int(who))] if person is not None]
    else:
        named = select(Person).where(Person.name == who, Person.id.in_(select(PersonContact.person_id))).order_by(Person.id).limit(6)
        found = list(await work.session.scalars(named))
    if not found:
        refuse(f"没有这个人：{who}", f"Nobody has this number or name: {who}")
    if len(found) > 1:
        listed = "、".join(f"{one.id} ({one.area_code})" for one in found)
        refuse(f"有几位同名，请用编号：{listed}", f"Several have this name; give the number: {listed}")
    return found[0].id
