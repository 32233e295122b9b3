"""Who answers for a place, asked by somebody who answers for it or above it; and the answer to "is this still you?"."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, select

from bot.dialogs.answering import answer, answered
from bot.dialogs.order import Order
from bot.dialogs.speaker import Speaker, area_of
from bot.replies.report import asked_place, read_still
from cases.posts.checks import QUESTION, check_of, confirm_post, deny_post
from cases.posts.register import PostRow, posts_of
from cases.posts.words import post_words
from storage.tables import Area, Inbound, Responsibility, School
from storage.work import Work

TAKES_YES = ("check_return", "confirm_return")
"""Kinds of task to which 是 is an answer, too."""
SHOWN = 6


async def hear_still_you(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """是, or 不是 and who it is now; None where that was not the last that this contact was asked."""
    newest = next((question for question in speaker.questions if question.kind != "task"), None)
    reading = read_still(inbound.body)
    if newest is None or newest.kind != QUESTION or reading is None:
        return None
    still, said = reading
    if still and any(task.kind in TAKES_YES for task in speaker.tasks):
        return None
    check = await check_of(work, newest.facts["check_id"])
    if check is None or check.state in {"confirmed", "denied", "withdrawn"}:
        return None
    await (confirm_post(work, check) if still else deny_post(work, check, said))
    await answered(work, inbound, newest)
    template = "still_you_confirmed" if still else "still_you_passed"
    answer(work, inbound, speaker, template, area_code=await area_of(work, check.person_id), person_id=check.person_id)
    return template


async def hear_who(order: Order) -> str | None:
    """责任, 谁负责 锁南镇: only of one's own area, school or class, and what lies in it."""
    asked = asked_place(order.inbound.body)
    if asked is None or not order.speaker.staff:
        return None
    places = await _own_places(order.work, order.speaker.staff)
    wanted = await _named(order.work, places, asked) if asked else places[:1]
    if not wanted:
        return order.refuse("no_such_place")
    if len(wanted) > 1:
        return order.refuse("several_places", names="、".join(name for _, _, name in wanted[:SHOWN]))
    code, school_id, name = wanted[0]
    rows = [row for row in await posts_of(order.work, code) if _is_there(row, code, school_id)]
    faults = await _faults(order, code, school_id)
    return order.say("who_answers", place=name, lines=_lines(order, rows), faults=faults)


Found = tuple[str, int | None, str]
"""(area, school, name)."""


async def _own_places(work: Work, staff: Iterable[Responsibility]) -> list[Found]:
    found: list[Found] = []
    for row in staff:
        if row.school_id is not None:
            school = await work.session.get_one(School, row.school_id)
            found.append((school.area_code, school.id, school.name))
        else:
            area = await work.session.get(Area, row.area_code)
            found.append((row.area_code, None, area.name if area else row.area_code))
    return list(dict.fromkeys(found))


async def _named(work: Work, own: list[Found], asked: str) -> list[Found]:
    """Places of that name within the asker's own; the exact name goes before what only contains it."""
    found: list[Found] = [place for place in own if asked in place[2]]
    for code, school_id, _ in own:
        if school_id is None:
            found += [(area.code, None, area.name) for area in await work.session.scalars(_areas(code, asked))]
            schools = select(School).where(School.area_code.startswith(code), School.name.contains(asked, autoescape=True)).limit(20)
            found += [(school.area_code, school.id, school.name) for school in await work.session.scalars(schools)]
    every = list(dict.fromkeys(found))
    return [place for place in every if place[2] == asked] or every


def _areas(code: str, asked: str) -> Select[Area]:
    return select(Area).where(Area.code.startswith(code), Area.name.contains(asked, autoescape=True)).order_by(Area.code).limit(20)


def _is_there(row: PostRow, code: str, school_id: int | None) -> bool:
    if school_id is not None:
        return row.school_id == school_id and row.class_id is None
    return row.school_id is None and row.area_code == code


def _lines(order: Order, rows: Iterable[PostRow]) -> str:
    shown = post_words()["faults"]
    parts = []
    for row in rows:
        names = "、".join(f"{one.name}{shown['unreachable'] if not one.reachable else ''}" for one in row.people)
        parts.append(f"{order.speaker.plan.role_name(row.role)}：{names or shown[row.faults[0]]}")
    return "；".join(parts)


async def _faults(order: Order, code: str, school_id: int | None) -> str:
    """How many posts beneath have nobody."""
    rows = [row for row in await posts_of(order.work, code) if school_id is None or row.school_id == school_id]
    empty = [row for row in rows if {"hole", "expired"} & set(row.faults) and not _is_there(row, code, school_id)]
    places = list(dict.fromkeys(row.place for row in empty))
    return post_words()["faults"]["beneath"].format(count=len(empty), names="、".join(places[:3])) if empty else ""
