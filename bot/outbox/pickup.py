"""Off the queue, checked once more, and an attempt written: all before the provider is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.base import Outgoing
from bot.outbox.aftermath import drop, expire
from bot.outbox.drafts import enqueue
from bot.outbox.lease import Held, is_held
from bot.outbox.progress import advance
from bot.outbox.quiet import delayed, quiet_end
from bot.outbox.senders import URGENCIES, queue_name
from bot.outbox.settings import OutboxSettings
from bot.outbox.still import still_true
from storage import queue
from storage.database import Database
from storage.tables import Attempt, Contact, Intent, Message
from storage.work import Work, working

HIDDEN_SECONDS = 30  # only until this transaction ends: entries are deleted in it
WAITING = ("queued", "sending")


@dataclass(frozen=True)
class Ready:
    """One call that is about to be made."""

    message_id: int
    attempt_id: int
    outgoing: Outgoing


async def pick_up(
    database: Database, now: datetime, settings: OutboxSettings, held: Held, holder: str, quantity: int
) -> tuple[int, list[Ready]]:
    """How many messages were taken off the queues, and those of them that are to be sent now."""
    async with working(database, now) as work:
        if not await is_held(work.session, held, holder):
            return 0, []
        await _requeue(work, held.sender_id)
        messages = await _pop(work.session, held.sender_id, quantity)
        sendable = await _sendable(work, settings, messages)
        return len(messages), await _attempts(work.session, settings, held, sendable)


async def expire_waiting(database: Database, now: datetime, settings: OutboxSettings) -> int:
    """Ends messages whose time is over while they waited: for a retry, or for a sender that is stopped."""
    async with working(database, now) as work:
        in_doubt = exists().where(Attempt.message_id == Message.id, or_(Attempt.outcome.is_(None), Attempt.outcome == "unknown"))
        late = select(Message).where(Message.state.in_(WAITING), Message.expires_at <= now, ~in_doubt)
        messages = (await work.session.scalars(late.limit(settings.batch).with_for_update(skip_locked=True))).all()
        await expire(work, messages)
        return len(messages)


async def _requeue(work: Work, sender_id: int) -> None:
    """Puts back what was to be tried again by now."""
    due = select(Message).where(Message.sender_id == sender_id, Message.state.in_(WAITING), Message.retry_at <= work.now)
    messages = (await work.session.scalars(due.with_for_update())).all()
    for message in messages:
        message.retry_at = None
    await enqueue(work, list(messages))


async def _pop(session: AsyncSession, sender_id: int, quantity: int) -> Sequence[Message]:
    ids: list[int] = []
    for urgency in URGENCIES:
        if len(ids) < quantity:
            name = queue_name(sender_id, urgency)
            entries = await queue.read(session, name, visibility=HIDDEN_SECONDS, quantity=quantity - len(ids))
            await queue.delete(session, name, [entry.id for entry in entries])
            ids += [entry.payload["message_id"] for entry in entries]
    if not ids:
        return []
    waiting = select(Message).where(Message.id.in_(ids), Message.state.in_(WAITING)).with_for_update()
    found = {message.id: message for message in await session.scalars(waiting)}
    return [found[message_id] for message_id in ids if message_id in found]


async def _sendable(work: Work, settings: OutboxSettings, messages: Sequence[Message]) -> list[Message]:
    await expire(work, [message for message in messages if message.expires_at <= work.now])
    alive = [message for message in messages if message.expires_at > work.now]
    by_day = [message for message in alive if not _is_delayed(message, settings, work.now)]
    true = await _still(work.session, settings, by_day)
    await drop(work, [message for message in by_day if message.id not in true], "no_longer_true")
    return [message for message in by_day if message.id in true]


def _is_delayed(message: Message, settings: OutboxSettings, now: datetime) -> bool:
    if quiet_end(settings.policy, message.queued_at) is not None:
        return False  # made at night on purpose: an answer to somebody who has just written
    times = delayed(settings.policy, message.urgency, now, message.expires_at)
    if times is not None:
        message.retry_at, message.expires_at = times
    return times is not None


async def _still(session: AsyncSession, settings: OutboxSettings, messages: Sequence[Message]) -> set[int]:
    if not messages:
        return set()
    ids = [message.id for message in messages]
    inside = await session.execute(select(Intent.id, Message.id).join(Message).where(Message.id.in_(ids), Intent.state == "queued"))
    by_intent = dict(inside.all())
    return {by_intent[intent_id] for intent_id in await still_true(session, by_intent, settings.policy.zone)}


async def _attempts(session: AsyncSession, settings: OutboxSettings, held: Held, messages: Sequence[Message]) -> list[Ready]:
    if not messages:
        return []
    started = [{"message_id": message.id, "epoch": held.epoch, "started_at": func.clock_timestamp()} for message in messages]
    rows = await session.execute(insert(Attempt).values(started).returning(Attempt.message_id, Attempt.id))
    attempts = dict(rows.all())
    for message in messages:
        advance(message, "sending", message.queued_at)
    contacts = await session.scalars(select(Contact).where(Contact.id.in_([message.contact_id for message in messages])))
    to = {contact.id: settings.cipher.decrypt(contact.address_encrypted) for contact in contacts}
    return [Ready(row.id, attempts[row.id], outgoing(row, to[row.contact_id], held, settings)) for row in messages]


def outgoing(message: Message, to: str, held: Held, settings: OutboxSettings) -> Outgoing:
    """The message as a channel takes it."""
    return Outgoing(message.id, to, held.address, message.body, hooks=settings.hooks(held.line))
