"""When a child stands on a class's roll, and when the class's sheet asks for it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.tables import Arrangement, AttendanceSheet, Student
from storage.work import Work

ON_ROLLS = ("enrolled", "resumed")
"""States of `student.status` in which a child stands on its class's roll."""
AT_HOME = "at_home"
"""The arrangement of a child that is taught at home: it stays on the roll, and visits are followed instead of sheets (DE-17)."""


def taught_at_home(on: InstrumentedAttribute[date] | None = None) -> ColumnElement[bool]:
    """Whether the student of the query is taught at home now, or was on the day of its sheet."""
    lasts = Arrangement.until.is_(None)
    then = lasts if on is None else and_(Arrangement.since <= on, or_(lasts, Arrangement.until >= on))
    return exists().where(Arrangement.student_id == Student.id, Arrangement.kind == AT_HOME, then).correlate(Student, AttendanceSheet)


async def is_at_home(work: Work, student_id: int) -> bool:
    """Whether this child is taught at home now."""
    return await work.session.scalar(select(Student.id).where(Student.id == student_id, taught_at_home())) is not None


def in_class() -> ColumnElement[bool]:
    """Whether the class's sheet asks for the student of the query: on the roll, and not taught at home."""
    return and_(Student.status.in_(ON_ROLLS), ~taught_at_home())
