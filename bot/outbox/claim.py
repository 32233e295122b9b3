"""Which intents are to be said now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Intent, Question


def is_due(now: datetime) -> ColumnElement[bool]:
    """Pending and due, and the question it waits for has ended; or expired while it waited."""
    waits = (
        select(Question.id)
        .where(Question.id == Intent.waits_for, Question.state == "open", Question.expires_at > now)
        .correlate(Intent)
        .exists()
    )
    ready = or_(Intent.waits_for.is_(None), ~waits, Intent.expires_at <= now)
    return and_(Intent.state == "pending", Intent.due_at <= now, ready)


async def claim(session: AsyncSession, now: datetime, limit: int) -> Sequence[Intent]:
    """Locks the most urgent due intents; those that another worker has are passed over."""
    query = select(Intent).where(is_due(now)).order_by(Intent.urgency.desc(), Intent.due_at, Intent.id).limit(limit)
    return (await session.scalars(query.with_for_update(skip_locked=True, of=Intent))).all()


async def due_ids(session: AsyncSession, now: datetime, limit: int) -> Sequence[int]:
    """The same without a lock."""
    query = select(Intent.id).where(is_due(now)).order_by(Intent.urgency.desc(), Intent.due_at, Intent.id).limit(limit)
    return (await session.scalars(query)).all()


async def claim_one(session: AsyncSession, now: datetime, intent_id: int) -> Sequence[Intent]:
    """Locks one intent, unless it has gone meanwhile."""
    query = select(Intent).where(Intent.id == intent_id, is_due(now))
    return (await session.scalars(query.with_for_update(skip_locked=True, of=Intent))).all()
