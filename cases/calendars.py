"""School days of one school or class: its own exceptions and those of the areas it lies in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import CalendarDay, School, SchoolClass

KEY = "school days"


async def calendar_for(session: AsyncSession, plan: Plan, school_id: int | None, area_code: str, class_id: int | None = None) -> Calendar:
    """The calendar of a class, a school or an area; the class's own days win over the school's, and those over the area's.

    It is read once in a session: a unit of work asks for it at every step.
    """
    key = (KEY, school_id, area_code, class_id)
    if key not in session.info:
        session.info[key] = await _exceptions(session, school_id, area_code, class_id)
    return Calendar(plan, session.info[key])


async def read_calendars(session: AsyncSession, places: Iterable[tuple[int | None, str, int | None]]) -> None:
    """The same for many (school, area, class) in one statement, so that `calendar_for` finds them."""
    wanted = {place for place in places if (KEY, *place) not in session.info}
    areas = {code[:length] for _, code, _ in wanted for length in range(len(code) + 1)}
    schools, classes = ({place[at] for place in wanted if place[at] is not None} for at in (0, 2))
    rows = await session.scalars(
        select(CalendarDay).where(
            or_(
                CalendarDay.school_id == func.any(list(schools)),
                CalendarDay.class_id == func.any(list(classes)),
                CalendarDay.area_code == func.any(list(areas)),
            )
        )
    )
    exceptions = Exceptions(rows.all())
    for place in wanted:
        session.info[KEY, *place] = exceptions.at(*place)


def forget_calendars(session: AsyncSession) -> None:
    """After a change: what was read before no longer holds."""
    for key in [key for key in session.info if isinstance(key, tuple) and key[0] == KEY]:
        del session.info[key]


async def _exceptions(session: AsyncSession, school_id: int | None, area_code: str, class_id: int | None) -> dict[date, bool]:
    covers = func.starts_with(area_code, CalendarDay.area_code)
    of_school = and_(CalendarDay.school_id == school_id, CalendarDay.class_id.is_(None))
    found = await session.execute(
        select(CalendarDay.on, CalendarDay.is_school_day)
        .where(or_(of_school, CalendarDay.class_id == class_id, covers))
        .order_by(CalendarDay.class_id.is_not(None), CalendarDay.school_id.is_not(None), func.length(CalendarDay.area_code))
    )
    return dict(found.all())


async def class_exceptions(session: AsyncSession, day: date) -> dict[int, bool]:
    """Class → whether it has school that day, for those for which somebody said so; the nearest word wins."""
    of_school = and_(CalendarDay.school_id == School.id, CalendarDay.class_id.is_(None))
    covers = or_(CalendarDay.class_id == SchoolClass.id, of_school, func.starts_with(School.area_code, CalendarDay.area_code))
    found = await session.execute(
        select(SchoolClass.id, CalendarDay.is_school_day)
        .join(School, School.id == SchoolClass.school_id)
        .join(CalendarDay, covers)
        .where(CalendarDay.on == day)
        .order_by(CalendarDay.class_id.is_not(None), CalendarDay.school_id.is_not(None), func.length(CalendarDay.area_code))
    )
    return dict(found.all())


class Exceptions:
    """Every exception between two days, read once for many places."""

    def __init__(self, rows: Sequence[CalendarDay]) -> None:
        self._of: defaultdict[tuple[str, object], dict[date, bool]] = defaultdict(dict)
        for row in rows:
            kind, key = ("class", row.class_id) if row.class_id else ("school", row.school_id) if row.school_id else ("area", row.area_code)
            self._of[kind, key][row.on] = row.is_school_day
        self._lengths = sorted({len(row.area_code or "") for row in rows if not row.class_id and not row.school_id})

    def at(self, school_id: int | None, area_code: str, class_id: int | None) -> dict[date, bool]:
        """Day → whether school is held there; the class's own days win over the school's, and those over the area's."""
        areas = (("area", area_code[:length]) for length in self._lengths)
        found: dict[date, bool] = {}
        for key in (*areas, ("school", school_id), ("class", class_id)):
            found |= self._of.get(key, {})
        return found


async def exceptions_between(session: AsyncSession, first: date, last: date) -> Exceptions:
    """Exceptions of all classes, schools and areas from `first` to `last`."""
    rows = await session.scalars(select(CalendarDay).where(CalendarDay.on.between(first, last)))
    return Exceptions(rows.all())
