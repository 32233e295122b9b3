"""What is told to the county about a school, and the numbers of the county's letters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Numbered, Sight


class Complaint(Numbered, Base):
    """Something said against a school, taken up by the county: confidential, no part of any case.

    `area_code` is the county's, so that nobody below it sees the row. `state`: received, acknowledged, answered, withdrawn.
    `outcome`: substantiated, partly, unsubstantiated. The words themselves stand in the text (`inbound_id`) or in `said_encrypted`.
    """

    __tablename__ = "complaint"
    sight = Sight.NONE
    number: Mapped[str] = mapped_column(unique=True)  # told to whoever complains
    kind: Mapped[str]  # a key of the plan's complaints.kinds
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))  # that is kept out; empty: every school is
    student_id: Mapped[int | None] = mapped_column(ForeignKey("student.id"))  # empty when anonymous
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # who complains; empty when anonymous
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))  # where the answer goes, never shown
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id"))
    said_encrypted: Mapped[bytes | None]  # taken down by an officer, where it did not come as a text
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))
    state: Mapped[str]
    received_at: Mapped[datetime]
    acknowledge_by: Mapped[datetime]  # the plan's time
    answer_by: Mapped[datetime]  # the plan's time
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str | None]
    answer: Mapped[str | None]  # the words that were sent back, or why none could be
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class LetterCounter(Base):
    """The last number given to a kind of letter in a county in a year; the row's lock makes numbers gapless."""

    __tablename__ = "letter_counter"
    sight = Sight.NONE
    area_code: Mapped[str] = mapped_column(AREA_CODE, primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # referral, complaint, aid, aid_list
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
