"""How many activities each school and township has held in a school year, against the number that it planned itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select

from cases.activities import Where
from cases.imports.classes import SCHOOL_YEAR_BEGINS
from cases.responsible import CODE_LENGTH
from storage.tables import Activity, ActivityPlan, Area, Photo, School
from storage.work import Work

TAKEN = ("stored", "removed")


@dataclass
class Progress:
    """One school, or one office of an area: planned (None: nobody has said), held, by kind, and how many have a photograph."""

    name: str
    where: Where
    planned: int | None = None
    held: int = 0
    pictured: int = 0
    by_kind: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def missing(self) -> int:
        return max(0, (self.planned or 0) - self.held)


async def progress(work: Work, area_code: str, year: int) -> list[Progress]:
    """Every township and school of an area, and whoever else has planned or held something there, in the order of the tree."""
    rows = await _rows(work, area_code)
    for planned in await _planned(work, area_code, year):
        row = _row(rows, Where(planned.area_code, planned.school_id))
        row.planned = (row.planned or 0) + planned.number
    for activity, pictures in await held_in(work, area_code, year):
        row = _row(rows, _office(activity))
        row.held += 1
        row.by_kind[activity.kind] += 1
        row.pictured += bool(pictures)
    return sorted(rows.values(), key=lambda row: (row.where.area_code, row.where.school_id or 0))


async def progress_of(work: Work, where: Where, year: int) -> Progress:
    """Of one school or office alone."""
    found = await progress(work, where.area_code, year)
    own = next((row for row in found if row.where == where), None)
    return own or Progress("", where)


def _row(rows: dict[Where, Progress], where: Where) -> Progress:
    return rows.setdefault(where, Progress(where.area_code, where))


def _office(activity: Activity) -> Where:
    """A village's activity counts for its township."""
    if activity.school_id is not None:
        return Where(activity.area_code, activity.school_id)
    return Where(activity.area_code[: CODE_LENGTH["township"]])


async def _rows(work: Work, area_code: str) -> dict[Where, Progress]:
    areas = await work.session.scalars(
        select(Area).where(Area.code.startswith(area_code), Area.level.in_(("county", "township"))).order_by(Area.code)
    )
    schools = await work.session.scalars(select(School).where(School.area_code.startswith(area_code)).order_by(School.id))
    found = [Progress(area.name, Where(area.code)) for area in areas if area.level == "township"]
    found += [Progress(school.name, Where(school.area_code, school.id)) for school in schools]
    return {row.where: row for row in found}


async def _planned(work: Work, area_code: str, year: int) -> list[ActivityPlan]:
    """Where a number is set for any kind, it is the whole; else those of the kinds together are."""
    query = select(ActivityPlan).where(ActivityPlan.area_code.startswith(area_code), ActivityPlan.year == year)
    found = list(await work.session.scalars(query))
    whole = {(row.area_code, row.school_id) for row in found if not row.kind}
    return [row for row in found if not row.kind or (row.area_code, row.school_id) not in whole]


async def held_in(work: Work, area_code: str, year: int) -> list[tuple[Activity, int]]:
    """Each activity of an area in a school year with the number of its photographs, by day; those that were taken back are left out.

    A photograph that was removed when its time was over still counts: the activity had it.
    """
    pictures = (
        select(func.count()).select_from(Photo).where(Photo.activity_id == Activity.id, Photo.state.in_(TAKEN)).scalar_subquery()
    )  # fmt: skip
    query = select(Activity, pictures).where(
        Activity.area_code.startswith(area_code), Activity.withdrawn_at.is_(None),
        Activity.held_on >= date(year, SCHOOL_YEAR_BEGINS, 1), Activity.held_on < date(year + 1, SCHOOL_YEAR_BEGINS, 1),
    )  # fmt: skip
    return [(activity, count) for activity, count in await work.session.execute(query.order_by(Activity.held_on, Activity.id))]
