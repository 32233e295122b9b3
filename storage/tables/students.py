"""Students, their guardians, categories and enrolment."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight, Within


class Student(Numbered, Base):
    """A child in the enrolment register.

    `register_index` is the blind index of the national (or provincial) student number: the child's identity.
    `area_code` is where the family is sought: home township or village where known, else the school's area.
    `school_area_code` is the home area for a child that was never enrolled.
    `status`: enrolled, suspended, resumed, transferring (has left, not yet arrived), transferred, graduated, deceased, moved_abroad,
    unenrolled (of school age, never on a roll).
    """

    __tablename__ = "student"
    __table_args__ = (
        Index("ix_student_class_seat", "class_id", "seat_number"),
        Index("ix_student_name", "name", postgresql_ops={"name": "text_pattern_ops"}),
        Index("ix_student_pinyin", "name_pinyin", postgresql_ops={"name_pinyin": "text_pattern_ops"}),
        Index("ix_student_rolls", "school_id", "class_id", postgresql_include=["status", "birth_date"]),
    )
    sight = Sight.PLACE
    within = Within.OWN
    register_index: Mapped[bytes] = mapped_column(unique=True)
    register_number_encrypted: Mapped[bytes]
    id_number_encrypted: Mapped[bytes | None]
    id_number_index: Mapped[bytes | None] = mapped_column(index=True)
    name: Mapped[str]
    name_pinyin: Mapped[str] = mapped_column(index=True)
    sex: Mapped[str | None]  # male, female
    birth_date: Mapped[date | None]
    ethnicity: Mapped[str | None]
    seat_number: Mapped[int | None]
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"), index=True)  # the present or last one; none: never enrolled
    class_id: Mapped[int | None] = mapped_column(ForeignKey("school_class.id"))  # none: in no class at present
    address_encrypted: Mapped[bytes | None]
    boarder: Mapped[bool | None]
    aided: Mapped[bool | None]  # receives the boarder's living allowance
    status: Mapped[str] = mapped_column(server_default="enrolled")
    area_code: Mapped[str] = mapped_column(AREA_CODE, ForeignKey("area.code"), index=True)
    school_area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    row_digest: Mapped[bytes | None]  # of the last imported row: tells changed from unchanged
    anonymised_at: Mapped[datetime | None]


class StudentCategory(Numbered, Base):
    """A special group that a child belongs to, with its history: left_behind, migrant, disabled, orphan, single_parent, poor."""

    __tablename__ = "student_category"
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), index=True)
    category: Mapped[str]
    detail: Mapped[str | None]
    since: Mapped[date]
    until: Mapped[date | None]


class Guardianship(Base):
    """A person is family to a child; `rank` 1 is asked first; `no_contact` bars messages about this child."""

    __tablename__ = "guardianship"
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    relation: Mapped[str]  # father, mother, grandfather, grandmother, agent_parent, other …
    is_guardian: Mapped[bool] = mapped_column(server_default=text("true"))
    rank: Mapped[int] = mapped_column(server_default=text("1"))
    no_contact: Mapped[bool] = mapped_column(server_default=text("false"))


class EnrolmentEvent(Numbered, Base):
    """Something that changed a child's enrolment, with its evidence."""

    __tablename__ = "enrolment_event"
    __table_args__ = (Index("ix_enrolment_event_at", "at"),)
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), index=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    facts: Mapped[Facts]


class EnrolmentCheck(Numbered, Base):
    """A child whose enrolment somebody must look into. `reason`: missing_from_roster, said_transferred, said_migrated."""

    __tablename__ = "enrolment_check"
    __table_args__ = (Index("uq_enrolment_check_open", "student_id", "reason", unique=True, postgresql_where=text("closed_at is null")),)
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"))
    reason: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    place: Mapped[str | None]  # where the family says the child has gone, a key of the plan's follow_ups.where
    said: Mapped[str | None]  # the school or place in the family's words
