"""From the prefecture down to a class: rates against the targets, their course, causes, and how fast people answer. Charts with tables."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from fastapi import APIRouter
from sqlalchemy import ColumnElement, func, select
from starlette.responses import Response

from cases.away_counts import counted_days, past_sundays
from cases.history.away import Away, absent_days, children_away
from cases.history.moment import as_of
from cases.names import area_names
from cases.rates import Count, StageRate, Unit, UnitRates, count, stage_of, units_of
from cases.responsible import CODE_LENGTH
from cases.rolls import ON_ROLLS
from cases.supervising.times import Span, Times, times_of_units
from console.visit import Visit, Visiting, gone
from plan.targets import STAGES, list_of
from storage.tables import CaseFile, School, SchoolClass, Student
from storage.work import Work

router = APIRouter(prefix="/areas")
TIMES_OVER = timedelta(days=30)
BENEATH: dict[int, Unit] = {4: "county", 6: "township"}
"""What an area is divided into, by the digits of its code; below that, schools."""
UNITS: dict[int, Unit] = {length: unit for unit, length in CODE_LENGTH.items() if unit != "village"}  # type: ignore[misc]


@dataclass(frozen=True)
class Looked:
    """Where somebody looks: an area, a school, or a class."""

    area: str
    name: str
    school_id: int | None = None
    class_id: int | None = None


@dataclass(frozen=True)
class Line:
    """One unit beneath. `href`: where it is opened; `times`: None where it owed nothing, and of classes."""

    name: str
    href: str
    stages: Sequence[StageRate]
    is_focus: bool = False
    times: Times | None = None


@dataclass(frozen=True)
class Point:
    """How many children were on the two lists at the end of a day."""

    on: date
    suspected: int
    dropouts: int


@router.get("")
async def own(visit: Visiting) -> Response:
    """The post's own place."""
    return await _page(visit, await _own(visit))


async def _own(visit: Visit) -> Looked:
    post = visit.me.post
    if post.class_id is not None:
        room = await visit.session.get_one(SchoolClass, post.class_id)
        school = await visit.session.get_one(School, room.school_id)
        return Looked(school.area_code, school.name + room.name, school.id, room.id)
    if post.school_id is not None:
        school = await visit.session.get_one(School, post.school_id)
        return Looked(school.area_code, school.name, school.id)
    return Looked(post.area_code, (await area_names(visit.session, [post.area_code])).get(post.area_code, post.area_code))


@router.get("/schools/{school_id}")
async def school(visit: Visiting, school_id: int) -> Response:
    """404 for a school outside the post's area, or another one than its own."""
    found, own = await visit.session.get(School, school_id), visit.me.scope.area
    if found is None or not ((own and found.area_code.startswith(own)) or visit.me.scope.school == str(school_id)):
        raise gone()
    return await _page(visit, Looked(found.area_code, found.name, found.id))


@router.get("/{code}")
async def area(visit: Visiting, code: str) -> Response:
    """404 for an area that is not the post's own or beneath it."""
    own = visit.me.scope.area
    name = (await area_names(visit.session, [code])).get(code) if own and code.startswith(own) else None
    if name is None:
        raise gone()
    return await _page(visit, Looked(code, name))


@asynccontextmanager
async def _counting(visit: Visit) -> AsyncIterator[Work]:
    """For a post of an area, whose place has been checked: the worker's log-in, which is not asked anew for each of 350,000 rows.

    A school's and a class's people count what they see themselves.
    """
    if visit.me.scope.area:
        async with visit.acting() as work:
            yield work
    else:
        yield Work(visit.session, visit.now)


async def _page(visit: Visit, looked: Looked) -> Response:
    """Who is away and who answers in time are read at once where each has a connection of its own."""
    if visit.me.scope.area:
        (now, course), times = await asyncio.gather(_counted(visit, looked), _timed(visit, looked))
    else:
        (now, course), times = await _counted(visit, looked), await _timed(visit, looked)
    return await visit.show(
        "areas", looked=looked, stages=now.stages(visit.plan, looked.area, looked.school_id), names=list(STAGES), lists=visit.plan.lists,
        lines=await _beneath(visit, looked, now, times), course=course, causes=await _causes(visit, looked), times=times.own,
        times_days=TIMES_OVER.days, crumbs=await visit.crumbs(looked.area), targets=visit.plan.targets.dropout_rate_below,
    )  # fmt: skip


async def _counted(visit: Visit, looked: Looked) -> tuple[Count, list[Point]]:
    async with _counting(visit) as work:
        now = await count(work, visit.plan, looked.area, ages=False)
        return now, await _course(visit, work, looked, now)


@dataclass(frozen=True)
class _Timed:
    """How fast the place itself answers, and each unit beneath it, by its kind and key."""

    own: Times | None
    beneath: Mapping[Unit, Mapping[str, Times]]


async def _timed(visit: Visit, looked: Looked) -> _Timed:
    async with _counting(visit) as work:
        units = _units_beneath(looked)
        return _Timed(await _own_times(visit, work, looked), {unit: await _times(visit, work, looked.area, unit) for unit in units})


def _units_beneath(looked: Looked) -> Sequence[Unit]:
    """A county's own schools stand behind its townships."""
    if looked.school_id is not None:
        return ()
    unit = BENEATH.get(len(looked.area))
    return ("school",) if unit is None else (unit, "school") if unit == "township" else (unit,)


async def _beneath(visit: Visit, looked: Looked, now: Count, times: _Timed) -> list[Line]:
    """Its counties, townships, schools or classes."""
    if looked.school_id is not None:
        return await _classes(visit, looked, looked.school_id, now)
    first, *further = _units_beneath(looked)
    lines = await _lines(visit, now, first, times)
    if further:
        own = Count(
            now.when, [row for row in now.rolls if row.area_code == looked.area],
            [one for one in now.children if one.away.area_code == looked.area and one.away.school_id is not None],
        )  # fmt: skip
        lines += await _lines(visit, own, "school", times) if own.rolls or own.children else []
    return lines


async def _lines(visit: Visit, now: Count, unit: Unit, times: _Timed) -> list[Line]:
    units = await units_of(Work(visit.session, visit.now), visit.plan, now, unit)
    return [_line(one, times.beneath[unit]) for one in units]


def _line(one: UnitRates, times: Mapping[str, Times]) -> Line:
    if one.school_id is not None:
        return Line(one.name, f"/areas/schools/{one.school_id}", one.stages, one.is_focus, times.get(str(one.school_id)))
    return Line(one.name, f"/areas/{one.key}", one.stages, one.is_focus, times.get(one.key))


async def _times(visit: Visit, work: Work, area_code: str, unit: Unit) -> dict[str, Times]:
    """Unit → what it owed in the last days and how fast it answered."""
    span = Span(visit.now - TIMES_OVER, visit.now)
    return {one.key: one for one in await times_of_units(work, visit.plan, area_code, span, unit)}


async def _own_times(visit: Visit, work: Work, looked: Looked) -> Times | None:
    """Of the place itself; a class owes nothing as a place."""
    if looked.school_id is not None:
        return (await _times(visit, work, looked.area, "school")).get(str(looked.school_id)) if looked.class_id is None else None
    unit = UNITS.get(len(looked.area))
    return (await _times(visit, work, looked.area, unit)).get(looked.area) if unit is not None else None


async def _classes(visit: Visit, looked: Looked, school_id: int, now: Count) -> list[Line]:
    rooms = select(SchoolClass).where(SchoolClass.school_id == school_id).order_by(SchoolClass.grade, SchoolClass.number)
    if looked.class_id is not None:
        rooms = rooms.where(SchoolClass.id == looked.class_id)
    enrolled = select(Student.class_id, func.count()).where(Student.school_id == school_id, Student.status.in_(ON_ROLLS))
    sizes = dict((await visit.session.execute(enrolled.group_by(Student.class_id))).all())
    return [_class_line(visit, room, sizes.get(room.id, 0), now) for room in await visit.session.scalars(rooms)]


def _class_line(visit: Visit, room: SchoolClass, size: int, now: Count) -> Line:
    away = [one for one in now.children if one.away.class_id == room.id and one.away.on_roll]
    stage = stage_of(room.grade)
    dropouts, suspected = (tuple(one.away.student_id for one in away if one.listed == kind) for kind in ("dropout", "suspected"))
    return Line(room.name, "", [StageRate(stage, size, dropouts, suspected, visit.plan.targets.dropout_rate_below.get(stage))])


async def _course(visit: Visit, work: Work, looked: Looked, now: Count) -> list[Point]:
    """Today, and before it the Sundays of so many weeks; the oldest first. What the night has counted is not counted again."""
    days = past_sundays(visit.today)
    known = await counted_days(work, looked.area, days, looked.school_id) if visit.me.scope.area else {}
    past = [Point(day, *known[day]) if day in known else await _point(visit, work, looked, day) for day in days]
    lists = [one.listed for one in now.children if _is_of(looked, one.away)]
    return [*past, Point(visit.today, lists.count("suspected"), lists.count("dropout"))]


async def _point(visit: Visit, work: Work, looked: Looked, day: date) -> Point:
    """Only those with a case are read: a count of the rolls for every week would take seconds for a prefecture."""
    when = as_of(work, visit.plan, day)
    mine = [one for one in await children_away(work, when, looked.area) if _is_of(looked, one)]
    lists = [list_of(days, visit.plan.lists) for days in (await absent_days(work, visit.plan, when, mine)).values()]
    return Point(day, lists.count("suspected"), lists.count("dropout"))


def _is_of(looked: Looked, one: Away) -> bool:
    return looked.school_id in {None, one.school_id} and looked.class_id in {None, one.class_id}


async def _causes(visit: Visit, looked: Looked) -> list[tuple[str, int]]:
    """(cause, open cases of children who are away), the most frequent first; empty: nobody has named one yet."""
    cause = func.coalesce(CaseFile.cause, "")
    own: list[ColumnElement[bool]] = [CaseFile.school_area_code.startswith(looked.area)]
    own += [
        column == value
        for column, value in ((CaseFile.school_id, looked.school_id), (CaseFile.class_id, looked.class_id))
        if value is not None
    ]
    query = select(cause, func.count()).where(CaseFile.state == "open", CaseFile.back_on.is_(None), *own).group_by(cause)
    return [(name, number) for name, number in (await visit.session.execute(query.order_by(func.count().desc(), cause))).all()]
