"""What comes off a sender's queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.outbox.astray import is_astray
from bot.outbox.drafts import enqueue
from bot.outbox.senders import queue_name
from storage import queue
from storage.tables import Contact, Message, is_waiting
from storage.work import Work


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that came off its queue, with its encrypted address.

    `astray`: since it was queued, the contact has ceased to be its reader's, or the reader has refused publicity.
    """

    id: int
    contact_id: int
    person_id: int | None
    urgency: str
    is_answer: bool
    template: str
    body: str
    parts: int
    options: list[list[str]] | None
    values: dict[str, Any] | None
    recording_id: int | None
    queued_at: datetime
    expires_at: datetime
    address_encrypted: bytes
    astray: bool


COLUMNS = [Message.__table__.c[name] for name in Taken.__slots__[:-2]] + [Contact.address_encrypted]


async def requeue(work: Work, sender_id: int) -> None:
    """Puts back what was to be tried again by now."""
    due = update(Message).where(Message.sender_id == sender_id, is_waiting(), Message.retry_at <= work.now)
    rows = await work.session.execute(due.values(retry_at=None).returning(Message.urgency, Message.id))
    await enqueue(work, sorted((sender_id, urgency, message_id) for urgency, message_id in rows))


async def pop(session: AsyncSession, sender_id: int, quantity: int, lanes: Sequence[str], today: date) -> list[Taken]:
    """The first of these lanes that still wait there, in their order. They are locked."""
    ids: list[int] = []
    for urgency in lanes:
        if len(ids) < quantity:
            entries = await queue.pop(session, queue_name(sender_id, urgency), quantity - len(ids))
            ids += [entry.payload["message_id"] for entry in entries]
    if not ids:
        return []
    waiting = (
        select(*[*COLUMNS, is_astray(today)])
        .join(Contact, Contact.id == Message.contact_id)
        .where(Message.id == func.any(ids), is_waiting(), Message.sender_id == sender_id, Message.retry_at.is_(None))
        .with_for_update(of=Message)
    )
    found = {row.id: Taken(*row) for row in await session.execute(waiting)}
    return [found[message_id] for message_id in dict.fromkeys(ids) if message_id in found]
