"""Referrals to departments, aid, what is told to the county about a school, and the numbers of the county's letters."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Numbered, Sight, Within


class Referral(Numbered, Base):
    """A proposal to a department that a person approves. `state`: proposed, approved, refused, answered, withdrawn."""

    __tablename__ = "referral"
    sight = Sight.AREA
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    department: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    number: Mapped[str | None] = mapped_column(unique=True)  # of the letter, given at approval
    note: Mapped[str | None]  # the words of the decision
    due_at: Mapped[datetime | None]  # by when the department answers
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_reason: Mapped[str | None]


class AidRequest(Numbered, Base):
    """A family asked for help. `state`: requested, granted, listed (to be paid), paid, refused, withdrawn (taken back)."""

    __tablename__ = "aid_request"
    sight = Sight.AREA
    within = Within.STUDENT
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    state: Mapped[str]
    kind: Mapped[str | None]  # which help, a key of the plan's follow_ups.help
    requested_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str | None]
    number: Mapped[str | None] = mapped_column(unique=True)  # of the decision
    aid_kind: Mapped[str | None]  # what was granted, a key of the plan's aid.kinds
    amount: Mapped[Decimal | None]  # granted, CNY
    per: Mapped[str | None]  # of the amount: term, year, day, once
    due_at: Mapped[datetime | None]  # by when it is paid
    list_number: Mapped[str | None] = mapped_column(index=True)  # of the payment list
    listed_at: Mapped[datetime | None]
    listed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    paid_on: Mapped[date | None]
    paid_amount: Mapped[Decimal | None]  # CNY
    paid_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    proof: Mapped[str | None]  # the payer's own words: receipt, bank list


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
