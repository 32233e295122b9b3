"""A school closes, or a class goes on a trip: those days are no school days, nobody is asked, and the chain's clock waits (art. 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update

from cases.calendars import calendar_for, forget_calendars
from cases.sheet_asking import reopen_sheet, withdraw_sheet
from plan.model import Plan
from storage.tables import AttendanceSheet, CalendarDay, CaseFile, Closure, School
from storage.work import Work


@dataclass(frozen=True)
class Closing:
    """What somebody said: no lessons from `first` to `last`, for one class or for the whole school."""

    school: School
    class_id: int | None
    first: date
    last: date
    reason: str
    said_by: int
    inbound_id: int | None = None

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


async def close_school(work: Work, plan: Plan, closing: Closing, today: date) -> Closure | None:
    """Takes the days out of the calendar and withdraws today's sheets; None where there were no lessons on any of them anyway."""
    school = closing.school
    calendar = await calendar_for(work.session, plan, school.id, school.area_code, closing.class_id)
    days = [day for day in closing.days if calendar.is_school_day(day)]
    if not days:
        return None
    mine = _place(school.id, closing.class_id)
    extra = delete(CalendarDay).where(mine, CalendarDay.on.in_(days)).returning(CalendarDay.on, CalendarDay.reason)
    replaced = {on.isoformat(): reason for on, reason in await work.session.execute(extra)}
    work.session.add_all(
        CalendarDay(school_id=school.id, class_id=closing.class_id, on=day, is_school_day=False, reason=closing.reason) for day in days
    )
    await _changed(work, school.id, closing.class_id)
    sheets = await _withdraw_sheets(work, closing, today) if today in days else []
    closure = Closure(
        school_id=school.id, class_id=closing.class_id, area_code=school.area_code, starts_on=days[0], ends_on=days[-1],
        said_by=closing.said_by, inbound_id=closing.inbound_id, recorded_at=work.now,
        effects={"days": [day.isoformat() for day in days], "replaced": replaced, "sheets": sheets},
    )  # fmt: skip
    work.session.add(closure)
    _record(work, closure, "school_closed", closing.said_by)
    return closure


async def undo_closure(work: Work, closure: Closure, by: int, today: date) -> None:
    """The days count again, and what is left of today is asked."""
    days = [date.fromisoformat(day) for day in closure.effects["days"]]
    mine = _place(closure.school_id, closure.class_id)
    await work.session.execute(delete(CalendarDay).where(mine, CalendarDay.on.in_(days), CalendarDay.is_school_day.is_(False)))
    work.session.add_all(
        CalendarDay(school_id=closure.school_id, class_id=closure.class_id, on=date.fromisoformat(on), is_school_day=True, reason=reason)
        for on, reason in closure.effects["replaced"].items()
    )
    closure.undone_at = work.now
    await _changed(work, closure.school_id, closure.class_id)
    query = select(AttendanceSheet).where(AttendanceSheet.id.in_(closure.effects["sheets"]), AttendanceSheet.on == today)
    for sheet in (await work.session.scalars(query.with_for_update())).all():
        await reopen_sheet(work, sheet)
    _record(work, closure, "closure_undone", by)


async def last_closures(work: Work, person_id: int, within: timedelta) -> list[Closure]:
    """What this person's latest message closed, if it is not long ago and still stands."""
    query = select(Closure).where(Closure.said_by == person_id, Closure.undone_at.is_(None), Closure.recorded_at >= work.now - within)
    found = list(await work.session.scalars(query.order_by(Closure.id.desc())))
    return [closure for closure in found if closure.inbound_id == found[0].inbound_id]


def _place(school_id: int, class_id: int | None) -> ColumnElement[bool]:
    of_class = CalendarDay.class_id.is_(None) if class_id is None else CalendarDay.class_id == class_id
    return and_(CalendarDay.school_id == school_id, of_class)


async def _changed(work: Work, school_id: int, class_id: int | None) -> None:
    """When a case moves next was worked out with the old calendar."""
    await work.session.flush()
    forget_calendars(work.session)
    there = CaseFile.school_id == school_id if class_id is None else CaseFile.class_id == class_id
    await work.session.execute(update(CaseFile).where(CaseFile.state == "open", there).values(next_at=work.now))


async def _withdraw_sheets(work: Work, closing: Closing, today: date) -> list[int]:
    of_school = AttendanceSheet.school_id == closing.school.id
    there = of_school if closing.class_id is None else AttendanceSheet.class_id == closing.class_id
    query = select(AttendanceSheet).where(there, AttendanceSheet.on == today, AttendanceSheet.state != "withdrawn")
    sheets = list(await work.session.scalars(query.order_by(AttendanceSheet.id).with_for_update()))
    for sheet in sheets:
        await withdraw_sheet(work, sheet)
    return [sheet.id for sheet in sheets]


def _record(work: Work, closure: Closure, action: str, by: int) -> None:
    subject = f"class:{closure.class_id}" if closure.class_id else f"school:{closure.school_id}"
    work.record(
        action, subject, area_code=closure.area_code, actor=f"person:{by}",
        on=closure.starts_on.isoformat(), until=closure.ends_on.isoformat(),
    )  # fmt: skip
