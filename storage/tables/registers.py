"""What the registers of the special groups hold besides the groups themselves."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base, Numbered, Sight


class CareCard(Base):
    """The card of a left-behind child (一人一档一卡): what is known of its studies and of how it lives, in somebody's words."""

    __tablename__ = "care_card"
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), primary_key=True)
    studies: Mapped[str | None]
    living: Mapped[str | None]
    updated_at: Mapped[datetime]
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Pairing(Numbered, Base):
    """A person looks after a child (结对帮扶) and is asked every month for the contact they had."""

    __tablename__ = "pairing"
    __table_args__ = (Index("uq_pairing_open", "student_id", unique=True, postgresql_where=text("until is null")),)
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    since: Mapped[date]
    until: Mapped[date | None]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    evidence: Mapped[str | None]  # the words by which it was said, or the paper it rests on


class PairContact(Numbered, Base):
    """One month's contact of a paired person with the child."""

    __tablename__ = "pair_contact"
    __table_args__ = (UniqueConstraint("pairing_id", "month"),)
    sight = Sight.GUARDED
    parent = ("pairing_id", "pairing.id")
    pairing_id: Mapped[int] = mapped_column(ForeignKey("pairing.id"))
    month: Mapped[date]  # its first day
    recorded_on: Mapped[date]  # local day on which it was said
    said: Mapped[str]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))


class Arrangement(Numbered, Base):
    """How a disabled child is taught, with its history: unable, mainstream, special_school, at_home."""

    __tablename__ = "arrangement"
    __table_args__ = (Index("uq_arrangement_open", "student_id", unique=True, postgresql_where=text("until is null")),)
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), index=True)
    kind: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    evidence: Mapped[str]


class HomeLesson(Numbered, Base):
    """A visit of teaching at home (送教上门). `state`: planned, asked, done, not_held, cancelled.

    `came`: what the family says of it, where it was asked and has answered.
    """

    __tablename__ = "home_lesson"
    __table_args__ = (
        UniqueConstraint("student_id", "planned_on"),
        Index("ix_home_lesson_due", "planned_on", postgresql_where=text("state = 'planned'")),
        Index("ix_home_lesson_unasked", "planned_on", postgresql_where=text("family_asked_at is null and state in ('asked', 'done')")),
    )
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    planned_on: Mapped[date]
    state: Mapped[str] = mapped_column(server_default="planned")
    planned_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    evidence: Mapped[str | None]  # the words by which it was planned, or the paper it rests on
    said: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))
    family_asked_at: Mapped[datetime | None]
    came: Mapped[bool | None]  # the family's word: whether the teacher came
    family_said_at: Mapped[datetime | None]
    family_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
