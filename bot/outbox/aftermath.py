"""What becomes of a message and of those who wait for it, once its fate is known."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import select

from bot.channels.base import Result
from bot.outbox.progress import advance
from cases import delivery_trouble
from storage.tables import Contact, Intent, Message, Question, Sender
from storage.work import Work

log = structlog.get_logger("outbox")
SPOILT = {Result.BAD_CONTACT: "bad", Result.BLOCKED: "blocked"}
"""The contact's state after a result that says something of the contact itself."""


async def expire(work: Work, messages: Sequence[Message]) -> None:
    """Too late to be said: an event, and for all but publicity a person's task."""
    for intent in await _end(work, messages, "expired"):
        intent.state = "expired"
        if intent.urgency != "bulk":
            await delivery_trouble.expired(work, intent)


async def drop(work: Work, messages: Sequence[Message], reason: str) -> None:
    """No longer true, so nobody misses it."""
    for intent in await _end(work, messages, reason):
        intent.state, intent.reason = "dropped", reason


async def try_elsewhere(work: Work, message: Message, result: Result, code: str | None) -> None:
    """This contact did not work: the next one is tried, and none is ever tried twice for the same intent."""
    contact = await work.session.get_one(Contact, message.contact_id)
    spoilt = SPOILT.get(result)
    for intent in await _end(work, [message], code or result.value):
        intent.state, intent.message_id, intent.due_at = "pending", None, work.now
        intent.tried = [*(intent.tried or []), contact.id]
    if spoilt is not None and contact.state == "usable":
        contact.state = spoilt
        await delivery_trouble.contact_failed(work, contact_id=contact.id, message_id=message.id, result=result.value)


async def stop_sender(work: Work, sender_id: int, code: str | None) -> None:
    """Nothing leaves from it until a person has looked; told once."""
    sender = (await work.session.scalars(select(Sender).where(Sender.id == sender_id).with_for_update())).one()
    if sender.state in {"open", "draining"}:
        sender.state, sender.stopped_reason = "stopped", code or Result.OUR_FAULT.value
        log.error("sender stopped", action="sender_stopped", sender_id=sender_id, channel=sender.channel, code=sender.stopped_reason)
        await delivery_trouble.sender_stopped(work, sender_id=sender_id)


async def _end(work: Work, messages: Sequence[Message], failure: str) -> Sequence[Intent]:
    """Fails the messages, withdraws their questions, and gives the intents that were in them."""
    if not messages:
        return []
    for message in messages:
        if advance(message, "failed", work.now):
            message.failure, message.retry_at = failure, None
    ids = [message.id for message in messages]
    for question in await work.session.scalars(select(Question).where(Question.message_id.in_(ids), Question.state == "open")):
        question.state, question.ended_at = "withdrawn", work.now
    return (await work.session.scalars(select(Intent).where(Intent.message_id.in_(ids), Intent.state == "queued"))).all()
