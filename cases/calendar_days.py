"""Exceptions to the calendar, as an operator enters them: no school in a snowed-in county, lessons on a Saturday."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update

from storage.tables import Area, CalendarDay, CaseFile, School, SchoolClass
from storage.work import Work


@dataclass(frozen=True)
class Where:
    """One school, or a whole area: its name, and the area in which it lies. `school_id` is empty for an area."""

    name: str
    area_code: str
    school_id: int | None = None

    @property
    def subject(self) -> str:
        """As the record names it."""
        return f"school:{self.school_id}" if self.school_id else f"area:{self.area_code}"


async def find_place(work: Work, *, school: str | None = None, area: str | None = None) -> Where | None:
    """By the school's national code, or the area's; None when there is no such code."""
    if school is not None:
        found = await work.session.scalar(select(School).where(School.code == school))
        return Where(found.name, found.area_code, found.id) if found else None
    node = await work.session.get(Area, area)
    return Where(node.name, node.code) if node else None


async def set_days(work: Work, where: Where, first: date, last: date, *, is_open: bool, reason: str) -> int:
    """School is held, or is not, on every day from `first` to `last`; gives how many days. Cases there are looked at again."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    await work.session.execute(delete(CalendarDay).where(*_mine(where), CalendarDay.on.in_(days)))
    area = None if where.school_id else where.area_code
    work.session.add_all(
        CalendarDay(school_id=where.school_id, area_code=area, on=day, is_school_day=is_open, reason=reason) for day in days
    )
    await _look_again(work, where)
    work.record(
        "calendar_set", where.subject, area_code=where.area_code, actor="operator",
        on=first.isoformat(), until=last.isoformat(), open=is_open,
    )  # fmt: skip
    return len(days)


async def clear_days(work: Work, where: Where, first: date, last: date) -> int:
    """Takes exceptions back; gives how many there were."""
    gone = delete(CalendarDay).where(*_mine(where), CalendarDay.on.between(first, last)).returning(CalendarDay.id)
    count = len((await work.session.execute(gone)).all())
    if count:
        await _look_again(work, where)
        work.record(
            "calendar_cleared", where.subject, area_code=where.area_code, actor="operator", on=first.isoformat(), until=last.isoformat()
        )
    return count


def _mine(where: Where) -> tuple[ColumnElement[bool], ...]:
    if where.school_id is not None:
        return CalendarDay.school_id == where.school_id, CalendarDay.class_id.is_(None)
    return (CalendarDay.school_id.is_(None), CalendarDay.area_code == where.area_code)


async def _look_again(work: Work, where: Where) -> None:
    """When a case moves next was worked out with the old calendar."""
    there = CaseFile.school_id == where.school_id if where.school_id else CaseFile.school_area_code.startswith(where.area_code)
    await work.session.execute(update(CaseFile).where(CaseFile.state == "open", there).values(next_at=work.now))


async def listed_days(work: Work, since: date) -> Sequence[tuple[CalendarDay, str]]:
    """(exception, class, school or area) from a day on."""
    named = (
        select(CalendarDay, School.code, School.name, Area.name, SchoolClass.name)
        .outerjoin(SchoolClass, SchoolClass.id == CalendarDay.class_id)
        .outerjoin(School, School.id == CalendarDay.school_id)
        .outerjoin(Area, Area.code == CalendarDay.area_code)
        .where(CalendarDay.on >= since, or_(School.id.is_not(None), Area.code.is_not(None)))
        .order_by(CalendarDay.on, CalendarDay.id)
    )
    rows = await work.session.execute(named)
    return [(day, f"{code or day.area_code} {school or area}{klass or ''}") for day, code, school, area, klass in rows]
