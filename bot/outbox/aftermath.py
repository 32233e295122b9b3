"""What becomes of a message and of those who wait for it, once its fate is known."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import exists, func, or_, select

from bot.channels.base import Result
from bot.outbox.contacts import resting_key
from bot.outbox.pace import pause
from bot.outbox.policy import DeliveryPolicy
from bot.outbox.progress import advance
from bot.outbox.still import not_missed
from bot.outbox.trials import plan_trials
from cases import delivery_trouble
from storage.tables import Attempt, Contact, Intent, Message, Question, Sender
from storage.work import Work

log = structlog.get_logger("outbox")
SPOILT = {Result.BAD_CONTACT: "bad", Result.BLOCKED: "blocked"}
"""The contact's state after a result that says something of the contact itself."""
UNBLAMED = frozenset({Result.NO_ROUTE, Result.UNSAYABLE})
"""Results that say nothing of the contact."""
UNSAYABLE = "unsayable"
"""Why an intent waits or ends: no sender may say these words to its reader."""


async def expire(work: Work, message_ids: Sequence[int], policy: DeliveryPolicy) -> None:
    """Too late to be said: an event, and for all but publicity a person's task, as long as it would still be said.

    A message lives as long as the first of what is in it: what has time left is said anew, unless it may have been read already.
    """
    unread = await _surely_unread(work, message_ids)
    ended = await _end(work, message_ids, "expired")
    needless = await not_missed(work.session, ended, policy)
    for intent in ended:
        if intent.message_id in unread and intent.expires_at > work.now:
            _again(intent, work.now, "others_expired")
            continue
        if intent.id in needless:
            intent.state, intent.reason = "dropped", "no_longer_true"
            continue
        intent.state = "expired"
        if intent.urgency != "bulk":
            await delivery_trouble.expired(work, intent)


async def _surely_unread(work: Work, message_ids: Sequence[int]) -> set[int]:
    """Those whose time is over before any provider can have taken them; the others are given up for good."""
    if not message_ids:
        return set()
    taken = exists().where(Attempt.message_id == Message.id, or_(Attempt.outcome.is_(None), Attempt.outcome.in_(("unknown", "lost"))))
    over = select(Message.id).where(Message.id == func.any(list(message_ids)), Message.expires_at <= work.now, ~taken)
    return set(await work.session.scalars(over))


async def drop(work: Work, message_ids: Sequence[int], reason: str) -> None:
    """No longer true, so nobody misses it."""
    for intent in await _end(work, message_ids, reason):
        intent.state, intent.reason = "dropped", reason


async def say_anew(work: Work, message_ids: Sequence[int], reason: str) -> None:
    """What was in these messages is checked, addressed and put into words again."""
    for intent in await _end(work, message_ids, reason):
        _again(intent, work.now, reason)


async def try_elsewhere(work: Work, message: Message, result: Result, code: str | None, policy: DeliveryPolicy) -> None:
    """This contact did not work on this channel: the next way is tried.

    What spoils the contact rules it out; what only failed rests for a while, and fails for good the second time. Where no way leads
    there from this channel, or not with these words, it is left alone on it for as long as the intent lives, and nothing is held
    against it.
    """
    contact = await work.session.get_one(Contact, message.contact_id, with_for_update=True)
    spoilt = SPOILT.get(result)
    contact.failures += result not in UNBLAMED
    for intent in await _end(work, [message.id], code or result.value):
        _again(intent, work.now, UNSAYABLE if result is Result.UNSAYABLE else "failed")
        if result in UNBLAMED:
            _rest(intent, message, intent.expires_at)
        elif spoilt is not None or not _first_rest(intent, message, work.now + policy.rest):
            intent.tried = [*(intent.tried or []), contact.id]
    if spoilt is not None and contact.state == "usable":
        contact.state = spoilt
        await delivery_trouble.contact_failed(work, contact_id=contact.id, message_id=message.id, result=result.value)


async def try_again(work: Work, message: Message, code: str | None, policy: DeliveryPolicy, asked: float | None = None) -> None:
    """On the same contact and channel after a pause that grows, of `asked` seconds at least; another way is tried once half of its time
    has gone, if there is time for that.
    """
    message.tries += 1
    again = work.now + pause(message.tries, asked, random.random())
    halfway = message.queued_at + (message.expires_at - message.queued_at) / 2
    if again > halfway and work.now + policy.rest < message.expires_at:
        await let_rest(work, message, code, policy)
    else:
        message.retry_at = min(again, message.expires_at)


async def let_rest(work: Work, message: Message, code: str | None, policy: DeliveryPolicy) -> None:
    """Half of its time has gone in trying here: another channel or contact is tried, and this one later again."""
    for intent in await _end(work, [message.id], code or "retry"):
        _again(intent, work.now, "resting")
        _rest(intent, message, work.now + policy.rest)


async def call_again(work: Work, message: Message, code: str | None, policy: DeliveryPolicy) -> None:
    """Nobody took the call: again at the plan's times, then in another way."""
    for intent in await _end(work, [message.id], code or Result.NOT_REACHED.value):
        intent.calls += 1
        again = intent.calls <= len(policy.call_again)
        _again(intent, work.now + policy.call_again[intent.calls - 1] if again else work.now, "not_reached")
        if not again:
            _rest(intent, message, intent.expires_at)


async def stop_sender(work: Work, sender_id: int, code: str | None, policy: DeliveryPolicy) -> None:
    """Nothing leaves from it until a person has looked, or a trial shows that it works again; told once."""
    sender = (await work.session.scalars(select(Sender).where(Sender.id == sender_id).with_for_update())).one()
    if sender.state in {"open", "draining"}:
        plan_trials(sender, work.now, policy)
        sender.state, sender.stopped_reason = "stopped", code or Result.OUR_FAULT.value
        log.error("sender stopped", action="sender_stopped", sender_id=sender_id, channel=sender.channel, code=sender.stopped_reason)
        await delivery_trouble.sender_stopped(work, sender_id=sender_id)


def _again(intent: Intent, due_at: datetime, reason: str) -> None:
    """Pending again, to be looked at when its time is over at the latest."""
    intent.state, intent.due_at, intent.reason = "pending", min(due_at, intent.expires_at), reason


def _first_rest(intent: Intent, message: Message, until: datetime) -> bool:
    known = resting_key(message.contact_id, message.channel) in (intent.resting or {})
    _rest(intent, message, until)
    return not known


def _rest(intent: Intent, message: Message, until: datetime) -> None:
    intent.resting = {**(intent.resting or {}), resting_key(message.contact_id, message.channel): until.isoformat()}


async def _end(work: Work, message_ids: Iterable[int], failure: str) -> Sequence[Intent]:
    """Fails the messages, withdraws their questions, and gives the intents that were in them.

    What the night had lengthened for a message holds for what was in it, too: another way is open until then. What a provider had taken
    is remembered with them: it may arrive after all.
    """
    ids = list(message_ids)
    if not ids:
        return []
    lives: dict[int | None, datetime] = {}
    accepted: set[int] = set()
    for message in await work.session.scalars(select(Message).where(Message.id == func.any(ids)).order_by(Message.id).with_for_update()):
        lives[message.id] = message.expires_at
        if message.sent_at is not None:
            accepted.add(message.id)
        if advance(message, "failed", work.now):
            message.failure, message.retry_at = failure, None
    for question in await work.session.scalars(select(Question).where(Question.message_id == func.any(ids), Question.state == "open")):
        question.state, question.ended_at = "withdrawn", work.now
    inside = (await work.session.scalars(select(Intent).where(Intent.message_id == func.any(ids), Intent.state == "queued"))).all()
    for intent in inside:
        intent.expires_at = max(intent.expires_at, lives[intent.message_id])
        if intent.message_id is not None and intent.message_id in accepted:
            intent.failed_in = [*(intent.failed_in or []), intent.message_id]
    return inside
