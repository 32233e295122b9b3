"""Return notices and what proves their delivery; written documents as they were made; what is said on a receipt's page."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight


class NoticeCounter(Base):
    """The last number given in a township in a year; the row's lock makes numbers gapless."""

    __tablename__ = "notice_counter"
    sight = Sight.AREA
    area_code: Mapped[str] = mapped_column(AREA_CODE, primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class Notice(Numbered, Base):
    """A numbered written return notice with a deadline (返校通知书). `kind`: first, second. `area_code`: the township."""

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("case_id", "episode", "kind"), UniqueConstraint("area_code", "year", "sequence"))
    sight = Sight.GUARDED
    parent = ("case_id", "case_file.id")  # also for the village that delivers it: the number is its township's
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    episode: Mapped[int]
    kind: Mapped[str]
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"))
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    year: Mapped[int | None]
    sequence: Mapped[int | None]
    number: Mapped[str | None] = mapped_column(index=True)  # given when it is issued; two counties may have townships of one name
    drafted_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    declined_at: Mapped[datetime | None]  # its officer did not issue it; it may be issued after all
    declined_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    delivered_at: Mapped[datetime | None]
    deadline_on: Mapped[date | None]  # last day to return; runs from delivery
    withdrawn_at: Mapped[datetime | None]


class Receipt(Numbered, Base):
    """Proof that a notice reached the guardian. `way`: message_answered, in_person, left_with_village, posted.

    `facts`: the proof, and `on`, the local day of delivery that was told (missing in the oldest, where it is the day of `at`).
    """

    __tablename__ = "receipt"
    sight = Sight.GUARDED
    parent = ("notice_id", "notice.id")
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    way: Mapped[str]
    at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    facts: Mapped[Facts]


class Document(Numbered, Base):
    """A written document with all that it says. A changed fact makes another version; the earlier ones stay."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("subject", "kind", "version"),)
    sight = Sight.AREA
    kind: Mapped[str]  # which document, a key of templates/documents/words.yaml
    subject: Mapped[str]  # what it was made for: notice:5, case:4, referral:3, aid_request:2
    version: Mapped[int]
    number: Mapped[str | None]  # the document's own number
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    student_id: Mapped[int | None] = mapped_column(ForeignKey("student.id"))
    facts: Mapped[Facts]  # what it was set from, with names
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class ReceiptLink(Numbered, Base):
    """The address printed on a notice's receipt. Whoever opens it must know the code that is printed beside it."""

    __tablename__ = "receipt_link"
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), unique=True)
    token_index: Mapped[bytes] = mapped_column(unique=True)
    token_encrypted: Mapped[bytes]
    made_at: Mapped[datetime]
    misses: Mapped[int] = mapped_column(server_default=text("0"))  # wrong codes in a row
    paused_until: Mapped[datetime | None]  # no code is taken before that


class ReceiptClaim(Numbered, Base):
    """Somebody with the right code said on the receipt page how a notice was delivered."""

    __tablename__ = "receipt_claim"
    __table_args__ = (Index("ix_receipt_claim_due", "next_at", postgresql_where=text("next_at is not null")),)
    sight = Sight.GUARDED
    parent = ("notice_id", "notice.id")
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    way: Mapped[str]
    delivered_on: Mapped[date]
    proof: Mapped[Facts]  # deliverer, and who signed, the witness or the posting number
    claimed_at: Mapped[datetime]
    next_at: Mapped[datetime | None]  # when it is carried out; empty once it is
    outcome: Mapped[str | None]  # delivered, known (there was a receipt already), refused
