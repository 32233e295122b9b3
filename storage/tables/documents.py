"""Written documents as they were made, and what was said on the page to which a notice's receipt leads."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight


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
