"""How many activities each school and township has held in a school year, against the number that it planned itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, Subquery, and_, case, exists, func, literal_column, select, tuple_, union

from cases.activities import Where
from cases.imports.classes import SCHOOL_YEAR_BEGINS
from cases.responsible import CODE_LENGTH
from storage.tables import Activity, ActivityPlan, Area, Photo, School
from storage.work import Work

TAKEN = ("stored", "removed")
"""States of a photograph that an activity has, or had until its time was over."""
Line = tuple[str, int, str, int | None, int, int]
Lines = Select[str, int, str, int | None, int, int]
NO_SCHOOL: ColumnElement[int] = literal_column("0", Integer)
TOWNSHIP: ColumnElement[int] = literal_column(str(CODE_LENGTH["township"]), Integer)
HOLDER: tuple[ColumnElement[str], ColumnElement[int]] = (
    case((Activity.school_id.is_(None), func.left(Activity.area_code, TOWNSHIP)), else_=Activity.area_code),
    func.coalesce(Activity.school_id, NO_SCHOOL),
)
"""Whose an activity is, as a line is named: a village's counts for its township."""


@dataclass(frozen=True)
class Progress:
    """One school, or one office of an area: planned (None: nobody has said), held, by kind, and how many have a photograph."""

    name: str
    where: Where
    planned: int | None = None
    held: int = 0
    pictured: int = 0
    by_kind: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        return max(0, (self.planned or 0) - self.held)


@dataclass(frozen=True)
class Sums:
    """Of all places of an area together; what one holds beyond its plan makes up for nobody else."""

    planned: int
    held: int
    pictured: int
    missing: int


def progress_lines(area_code: str, year: int) -> Lines:
    """(area, school or 0, name, planned, held, with photographs) of every township and school of an area, and of whoever else has planned
    or held something there. The first two name a line and are its place in the order of the tree.
    """
    planned, held = _planned(area_code, year), _held(area_code, year)
    places = _places(area_code, planned, held)
    name = func.coalesce(School.name, Area.name, places.c.area_code)
    query: Lines = select(
        places.c.area_code, places.c.school_id, name, planned.c.number,
        func.coalesce(held.c.held, 0).label("held"), func.coalesce(held.c.pictured, 0).label("pictured"),
    )  # fmt: skip
    return (
        query.select_from(places)
        .outerjoin(School, School.id == places.c.school_id)
        .outerjoin(Area, and_(Area.code == places.c.area_code, places.c.school_id == NO_SCHOOL))
        .outerjoin(planned, _same(planned, places))
        .outerjoin(held, _same(held, places))
    )


async def progress(work: Work, area_code: str, year: int) -> list[Progress]:
    """All lines of an area, in the order of the tree."""
    found = await work.session.execute(progress_lines(area_code, year).order_by("area_code", "school_id"))
    return await with_kinds(work, found.all(), year)


async def progress_of(work: Work, where: Where, year: int) -> Progress:
    """Of one school or office alone."""
    lines = progress_lines(where.area_code, year)
    own = lines.selected_columns
    query = lines.where(own.area_code == where.area_code, own.school_id == (where.school_id or 0))
    found = await with_kinds(work, (await work.session.execute(query)).all(), year)
    return found[0] if found else Progress("", where)


async def sums_of(work: Work, lines: Lines) -> Sums:
    """Of what `progress_lines` lists."""
    all_ = lines.subquery()
    missing = func.greatest(func.coalesce(all_.c.number, 0) - all_.c.held, 0)
    sums = (func.coalesce(func.sum(column), 0) for column in (all_.c.number, all_.c.held, all_.c.pictured, missing))
    return Sums(*(int(number) for number in (await work.session.execute(select(*sums))).one()))


async def with_kinds(work: Work, lines: Sequence[Row[*Line] | Line], year: int) -> list[Progress]:
    """These lines with what each place has held of which kind."""
    kinds: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    query = select(*HOLDER, Activity.kind, func.count()).where(*_counted(year), tuple_(*HOLDER).in_([(line[0], line[1]) for line in lines]))
    query = query.group_by(*HOLDER, Activity.kind).order_by(func.min(Activity.id))
    for area_code, school_id, kind, number in await work.session.execute(query):
        kinds[area_code, school_id][kind] = number
    return [
        Progress(name, Where(area_code, school_id or None), planned, held, pictured, kinds[area_code, school_id])
        for area_code, school_id, name, planned, held, pictured in lines
    ]


def _places(area_code: str, planned: Subquery, held: Subquery) -> Subquery:
    return union(
        select(Area.code.label("area_code"), NO_SCHOOL.label("school_id")).where(Area.code.startswith(area_code), Area.level == "township"),
        select(School.area_code, School.id).where(School.area_code.startswith(area_code)),
        select(planned.c.area_code, planned.c.school_id),
        select(held.c.area_code, held.c.school_id),
    ).subquery("place")


def _planned(area_code: str, year: int) -> Subquery:
    """Where a number is set for any kind, it is the whole; else those of the kinds together are."""
    of_any, school = func.sum(ActivityPlan.number).filter(ActivityPlan.kind == ""), func.coalesce(ActivityPlan.school_id, NO_SCHOOL)
    query = select(ActivityPlan.area_code, school.label("school_id"), func.coalesce(of_any, func.sum(ActivityPlan.number)).label("number"))
    query = query.where(ActivityPlan.area_code.startswith(area_code), ActivityPlan.year == year)
    return query.group_by(ActivityPlan.area_code, school).subquery("planned")


def _held(area_code: str, year: int) -> Subquery:
    of_area, school = HOLDER
    pictured = func.count().filter(exists().where(Photo.activity_id == Activity.id, Photo.state.in_(TAKEN)))
    query = select(of_area.label("area_code"), school.label("school_id"), func.count().label("held"), pictured.label("pictured"))
    query = query.where(Activity.area_code.startswith(area_code), *_counted(year))
    return query.group_by(of_area, school).subquery("held")


def _same(numbers: Subquery, places: Subquery) -> ColumnElement[bool]:
    return and_(numbers.c.area_code == places.c.area_code, numbers.c.school_id == places.c.school_id)


def _counted(year: int) -> tuple[Any, ...]:
    """Not taken back, and held in this school year."""
    begins, ends = date(year, SCHOOL_YEAR_BEGINS, 1), date(year + 1, SCHOOL_YEAR_BEGINS, 1)
    return Activity.withdrawn_at.is_(None), Activity.held_on >= begins, Activity.held_on < ends


async def held_in(work: Work, area_code: str, year: int) -> list[tuple[Activity, int]]:
    """Each activity of an area in a school year with the number of its photographs, by day; those that were taken back are left out.

    A photograph that was removed when its time was over still counts: the activity had it.
    """
    pictures = select(func.count()).select_from(Photo).where(Photo.activity_id == Activity.id, Photo.state.in_(TAKEN)).scalar_subquery()
    query = select(Activity, pictures).where(Activity.area_code.startswith(area_code), *_counted(year))
    return [(activity, count) for activity, count in await work.session.execute(query.order_by(Activity.held_on, Activity.id))]
