"""Which intents are to be said now, and what becomes of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Select, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.rows import update_rows
from storage.tables import Intent, Question


@dataclass(slots=True)
class Due:
    """An intent in our hands: locked, and written back by `save`."""

    id: int
    dedupe_key: str
    person_id: int | None
    template: str
    urgency: str
    facts: dict[str, Any]
    still: str | None
    question: str | None
    area_code: str
    case_id: int | None
    student_id: int | None
    sheet_id: int | None
    task_id: int | None
    notice_id: int | None
    contact_id: int | None
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    state: str
    reason: str | None
    message_id: int | None
    waits_for: int | None
    tried: list[int] | None
    resting: dict[str, str] | None
    calls: int

    def later(self, at: datetime, reason: str) -> None:
        """It stays pending until then, at the longest until its time is over: then a person hears of it, not when it might have left."""
        self.due_at, self.reason = min(at, self.expires_at), reason

    def end(self, state: str, reason: str | None = None) -> None:
        """It is not going to be said."""
        self.state, self.reason = state, reason


COLUMNS = [Intent.__table__.c[name] for name in Due.__slots__]
CHANGED = ("id", "state", "reason", "due_at", "expires_at", "message_id", "waits_for", "tried", "resting")
ORDER = (Intent.urgency.desc(), Intent.due_at, Intent.id)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Pending and due, and the question it waits for has ended; or half of its time has passed while it waited."""
    return and_(Intent.state == "pending", Intent.due_at <= now, _is_free(now))


def _is_free(now: datetime) -> ColumnElement[bool]:
    waits = (
        select(Question.id)
        .where(Question.id == Intent.waits_for, Question.state == "open", Question.expires_at > now)
        .correlate(Intent)
        .exists()
    )
    has_waited = Intent.expires_at - now <= literal(now, DateTime(timezone=True)) - Intent.due_at
    return or_(Intent.waits_for.is_(None), ~waits, has_waited)


async def _locked(session: AsyncSession, query: Select[Any]) -> list[Due]:
    rows = await session.execute(query.with_for_update(skip_locked=True, of=Intent))
    return [Due(*row) for row in rows]


async def claim(session: AsyncSession, now: datetime, limit: int) -> list[Due]:
    """Locks the most urgent due intents; those that another worker has are passed over."""
    return await _locked(session, select(*COLUMNS).where(is_due(now)).order_by(*ORDER).limit(limit))


async def companions(session: AsyncSession, now: datetime, ahead: timedelta, due: Sequence[Due], merging: Collection[str]) -> list[Due]:
    """Locks what is due soon to the same persons in templates of these names, and may join what leaves now."""
    people = {intent.person_id for intent in due if intent.template in merging and intent.person_id is not None}
    if not people:
        return []
    soon = and_(
        Intent.state == "pending", Intent.person_id == func.any(list(people)), Intent.template == func.any(list(merging)),
        Intent.urgency != "safety", Intent.contact_id.is_(None), Intent.due_at <= now + ahead, Intent.expires_at > now, _is_free(now),
        Intent.id != func.all([intent.id for intent in due]),
    )  # fmt: skip
    return await _locked(session, select(*COLUMNS).where(soon).order_by(*ORDER))


async def due_ids(session: AsyncSession, now: datetime, limit: int) -> Sequence[int]:
    """The most urgent due intents, without a lock."""
    return (await session.scalars(select(Intent.id).where(is_due(now)).order_by(*ORDER).limit(limit))).all()


async def claim_one(session: AsyncSession, now: datetime, intent_id: int) -> list[Due]:
    """Locks one intent, unless it has gone meanwhile."""
    return await _locked(session, select(*COLUMNS).where(Intent.id == intent_id, is_due(now)))


async def save(session: AsyncSession, intents: Sequence[Due]) -> None:
    """Writes back what can have changed."""
    await update_rows(session, Intent.__tablename__, [{name: getattr(intent, name) for name in CHANGED} for intent in intents])
