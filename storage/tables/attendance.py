"""The daily sheets, who was absent, and known leave."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Numbered, Sight, Within


class AttendanceSheet(Numbered, Base):
    """One class, one school day.

    `state`: asked, taken_over (the attendance officer answers now), held (too many absent: the principal confirms),
    answered, unanswered (the day ended; neither present nor absent), withdrawn (the school has closed that day).
    """

    __tablename__ = "attendance_sheet"
    __table_args__ = (
        UniqueConstraint("class_id", "on"),
        Index("ix_attendance_sheet_due", "next_at", postgresql_where=text("next_at is not null")),
    )
    sight = Sight.AREA
    within = Within.OWN
    class_id: Mapped[int] = mapped_column(ForeignKey("school_class.id"))
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"), index=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    on: Mapped[date] = mapped_column(index=True)
    state: Mapped[str]
    stage: Mapped[int] = mapped_column(server_default=text("0"))  # how many of the plan's reminders are behind it
    enrolled: Mapped[int]
    at_home: Mapped[int] = mapped_column(server_default=text("0"))  # further children of the roll who are taught at home
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    next_at: Mapped[datetime | None]


class Absence(Numbered, Base):
    """One student, one day. `state`: absent, excused (known leave), arrived (came after all), withdrawn (a mistake)."""

    __tablename__ = "absence"
    __table_args__ = (UniqueConstraint("student_id", "on"),)
    sight = Sight.AREA
    within = Within.STUDENT
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"))
    on: Mapped[date] = mapped_column(index=True)
    sheet_id: Mapped[int | None] = mapped_column(ForeignKey("attendance_sheet.id"), index=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    state: Mapped[str]
    reason: Mapped[str | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Leave(Numbered, Base):
    """Days on which a child is known to be away, and who said so."""

    __tablename__ = "leave"
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reason: Mapped[str]
    said_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class BoardingCheck(Numbered, Base):
    """The boarders of one class on the evening on which they come back to school. `state`: asked, answered, unanswered."""

    __tablename__ = "boarding_check"
    __table_args__ = (UniqueConstraint("class_id", "on"),)
    sight = Sight.AREA
    within = Within.OWN
    class_id: Mapped[int] = mapped_column(ForeignKey("school_class.id"))
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"), index=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    on: Mapped[date] = mapped_column(index=True)
    state: Mapped[str]
    boarders: Mapped[int]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class MissingBoarder(Numbered, Base):
    """A boarder who had not come back that evening. `state`: missing, arrived (came after all, or named by mistake)."""

    __tablename__ = "missing_boarder"
    __table_args__ = (UniqueConstraint("student_id", "check_id"),)
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    check_id: Mapped[int] = mapped_column(ForeignKey("boarding_check.id"), index=True)
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"))
    state: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
