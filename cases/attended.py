"""Days on which a child was taught: its class's sheet was answered and did not name it, or the visit to its home was held."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from cases.rolls import ON_ROLLS, taught_at_home
from storage.tables import Absence, AttendanceSheet, HomeLesson, Student
from storage.work import Work


def attendance(student_id: InstrumentedAttribute[int] | int, since: InstrumentedAttribute[date] | date) -> Select[date]:
    """The query for every day from `since` on of which the class's sheet says that the child was there; at home no sheet asks for it."""
    absent = exists().where(Absence.student_id == Student.id, Absence.on == AttendanceSheet.on, Absence.state.in_(("absent", "excused")))
    return (
        select(AttendanceSheet.on)
        .join(Student, Student.class_id == AttendanceSheet.class_id)
        .where(Student.id == student_id, Student.status.in_(ON_ROLLS))
        .where(AttendanceSheet.on >= since, AttendanceSheet.state == "answered", ~absent, ~taught_at_home(AttendanceSheet.on))
    )


async def attended_days(work: Work, student_id: int, since: date) -> list[date]:
    """Every day from `since` on on which it was at school or taught at home, oldest first."""
    held = select(HomeLesson.planned_on).where(
        HomeLesson.student_id == student_id, HomeLesson.planned_on >= since, HomeLesson.state == "done"
    )
    return list(await work.session.scalars(attendance(student_id, since).union(held).order_by("on")))


async def absent_after(work: Work, student_id: int, on: date) -> date | None:
    """The next later day on which a sheet says that the child was absent."""
    later = select(func.min(Absence.on)).where(Absence.student_id == student_id, Absence.on > on, Absence.state == "absent")
    return await work.session.scalar(later)
