"""School days of one school: its own exceptions and those of the areas it lies in."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import CalendarDay


async def calendar_for(session: AsyncSession, plan: Plan, school_id: int | None, area_code: str) -> Calendar:
    """The calendar of a school (or of an area, with no school); the school's own days win over the area's.

    It is read once in a session: a unit of work asks for it at every step.
    """
    key = ("school days", school_id, area_code)
    if key not in session.info:
        session.info[key] = await _exceptions(session, school_id, area_code)
    return Calendar(plan, session.info[key])


async def _exceptions(session: AsyncSession, school_id: int | None, area_code: str) -> dict[date, bool]:
    covers = func.starts_with(area_code, CalendarDay.area_code)
    found = await session.execute(
        select(CalendarDay.on, CalendarDay.is_school_day)
        .where(or_(CalendarDay.school_id == school_id, covers))
        .order_by(CalendarDay.school_id.is_not(None), func.length(CalendarDay.area_code))
    )
    return dict(found.all())
