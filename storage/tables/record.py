"""The append-only record of what was done, and its seals."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight, Within

COURSE = "'case_opened', 'case_relapsed', 'case_closed', 'back_at_school', 'return_disputed', 'return_taken_back'"
"""Actions by which a child was away or back: few of the many that a case has."""


class Event(Base):
    """The append-only record: actor, action, subject, facts, time. Holds ids, never names or numbers."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_actor_id", "actor", "id"),
        Index("ix_event_action_id", "action", "id"),
        Index("ix_event_case_course", "case_id", "at", postgresql_where=text(f"action in ({COURSE})")),
    )
    sight = Sight.AREA
    within = Within.CASE_AND_TASK
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]  # "system", "person:12", "guardian:7", "operator"
    action: Mapped[str]
    subject: Mapped[str]  # "case:5", "sheet:9" …
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    facts: Mapped[Facts]


class EventSeal(Numbered, Base):
    """A batch of events, chained by hash to the batch before it."""

    __tablename__ = "event_seal"
    sight = Sight.PUBLIC
    first_event_id: Mapped[int] = mapped_column(BigInteger)
    last_event_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    digest: Mapped[str]
    at: Mapped[datetime]
