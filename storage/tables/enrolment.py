"""Children between two enrolments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base, Numbered, Sight


class EnrolmentGap(Numbered, Base):
    """A child that has left one place and must appear at another by `due_at`; else it becomes a case.

    `kind`: transfer, leaver (of primary school), suspension, unenrolled (of school age and nowhere on a roll).
    `outcome`: arrived (also back from a suspension), left_the_rolls (deceased, abroad …).
    """

    __tablename__ = "enrolment_gap"
    __table_args__ = (
        Index("uq_enrolment_gap_open", "student_id", unique=True, postgresql_where=text("closed_at is null")),
        Index("ix_enrolment_gap_due", "due_at", postgresql_where=text("closed_at is null and case_id is null")),
    )
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), index=True)
    kind: Mapped[str]
    grade: Mapped[int | None]  # that the child belongs in now, where it is known
    from_school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    from_class_id: Mapped[int | None] = mapped_column(ForeignKey("school_class.id"))
    to_school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    to_name: Mapped[str | None]  # the other school as it was said
    opened_at: Mapped[datetime]
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    due_at: Mapped[datetime]
    released_at: Mapped[datetime | None]  # the school that the child left says so
    released_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    received_at: Mapped[datetime | None]  # the school to which it came says so
    received_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
