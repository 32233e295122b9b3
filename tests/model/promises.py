"""What must hold of every call to a provider, and once everything is quiet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.base import Outgoing
from bot.outbox.policy import DeliveryPolicy
from bot.outbox.quiet import quiet_end
from cases.responsible import usable
from storage.database import Database
from storage.tables import (
    Absence,
    Consent,
    Contact,
    DeliveryStatus,
    Event,
    Guardianship,
    Intent,
    Message,
    PersonContact,
    Sender,
    Task,
    is_in_doubt,
)  # fmt: skip
from tests.model.carrier import Book, Taken

PRICE = Decimal("0.05")
HOURS = (time(8), time(12))
"""In which a sender takes messages, where it has hours."""
IN_VAIN = {"unaddressable", "expired"}


async def recorded(database: Database) -> set[str]:
    """The provider's ids that we have written down."""
    async with database.session() as session:
        return set(await session.scalars(select(Message.provider_id).where(Message.provider_id.is_not(None))))


async def objections(database: Database, book: Book, policy: DeliveryPolicy, call: Outgoing, line: str) -> list[str]:
    """Why this call should not be made now."""
    async with database.session() as session:
        message = await session.get_one(Message, call.message_id)
        sender = await session.get_one(Sender, message.sender_id)
        found = await _of_reader(session, book, policy, message) | await _of_words(session, message)
        urgent = set(await session.scalars(select(Message.id).where(Message.urgency == "safety")))
        written = set(await session.scalars(select(Message.provider_id).where(Message.provider_id.is_not(None))))
    local, may_wait = book.now.astimezone(policy.zone), message.urgency != "safety"
    found |= {
        "its time is over": message.expires_at <= book.now,
        "in quiet hours": may_wait and quiet_end(policy, book.now) is not None,
        "its sender is shut": sender.state not in ("open", "draining"),
        "over the sender's cap": sender.daily_cap is not None and _today(book, policy.zone, call.sender, line) >= sender.daily_cap,
        "outside the sender's hours": sender.hours_from is not None and not HOURS[0] <= local.time() < HOURS[1],
        "too much for its recipient": may_wait and _is_too_much(book, policy, call.to, written, urgent),
    }
    return [f"{local}: {name}: {call}" for name, holds in found.items() if holds]


async def _of_reader(session: AsyncSession, book: Book, policy: DeliveryPolicy, message: Message) -> dict[str, bool]:
    contact = await session.get_one(Contact, message.contact_id)
    today = book.now.astimezone(policy.zone).date()
    tie = exists().where(PersonContact.person_id == message.person_id, PersonContact.contact_id == Contact.id, *usable(today))
    refused = exists().where(Consent.person_id == message.person_id, Consent.given.is_(False))
    return {
        "a contact that is spoilt": contact.state != "usable",
        "somebody else's contact": not await session.scalar(select(tie).where(Contact.id == contact.id).select_from(Contact)),
        "publicity that was refused": message.urgency == "bulk" and bool(await session.scalar(select(refused))),
    }


async def _of_words(session: AsyncSession, message: Message) -> dict[str, bool]:
    inside = (await session.scalars(select(Intent).where(Intent.message_id == message.id, Intent.state == "queued"))).all()
    barred = exists().where(
        Guardianship.no_contact, Guardianship.person_id == func.any([one.person_id for one in inside]),
        Guardianship.student_id == func.any([one.student_id for one in inside]),
    )  # fmt: skip
    is_back = bool(await session.scalar(select(exists().where(Absence.state != "absent"))))
    return {
        "no longer true": is_back and any(one.still == "absence_open" for one in inside),
        "to somebody who is barred": bool(await session.scalar(select(barred))),
    }


def _today(book: Book, zone: ZoneInfo, address: str, line: str) -> int:
    mine = [one for one in book.taken if (one.line, one.message.sender) == (line, address)]
    return sum(one.at.astimezone(zone).date() == book.now.astimezone(zone).date() for one in mine)


def _is_too_much(book: Book, policy: DeliveryPolicy, to: str, written: Collection[str], urgent: Collection[int]) -> bool:
    """Of what we know to have arrived there; what we cannot know does not count."""
    theirs = [one for one in book.taken if one.message.to == to and one.provider_id in written and one.message.message_id not in urgent]
    got = [one.at for one in theirs if one.state != "failed" and one.at <= book.now]
    return any(sum(at > book.now - window.within for at in got) >= window.most for window in policy.windows)


@dataclass(frozen=True)
class Told:
    """Who heard of what was not said. `states`: of every intent, by its key; `looking`, `passing`: children of whom somebody has a task."""

    events: Collection[tuple[str, str]]
    states: Mapping[str, str]
    looking: Collection[int | None]
    passing: Collection[int | None]
    written: Collection[str]


async def nothing_lost(database: Database, book: Book) -> None:
    """Every intent was said, or somebody heard why not."""
    written = await recorded(database)
    async with database.session() as session:
        messages = {message.id: message for message in await session.scalars(select(Message))}
        intents = (await session.scalars(select(Intent))).all()
        events = {(one.action, one.subject) for one in await session.scalars(select(Event))}
        doubts = await session.scalar(select(func.count()).select_from(Message).where(is_in_doubt()))
        unread = await session.scalar(select(func.count()).select_from(DeliveryStatus).where(DeliveryStatus.applied_at.is_(None)))
        looking, passing = [set(await session.scalars(_children_of(kind))) for kind in ("find_contact", "resend_expired")]
    assert (doubts, unread) == (0, 0)
    told = Told(events, {intent.dedupe_key: intent.state for intent in intents}, looking, passing, written)
    for intent in intents:
        words = str(intent.facts.get("say", "")).strip("《》")
        taken = book.of(words) if words else []
        if intent.state == "queued":
            _is_said(intent, messages[intent.message_id or 0], words, taken)
        else:
            _is_known(intent, taken, told)


def _children_of(kind: str) -> Select[int | None]:
    return select(Task.student_id).where(Task.kind == kind)


def _is_said(intent: Intent, message: Message, words: str, taken: list[Taken]) -> None:
    assert message.state in ("sent", "delivered"), f"lost: {intent.dedupe_key} {message.state} {message.failure}"
    assert not words or any(one.state != "failed" for one in taken), f"the provider has nothing of it: {intent.dedupe_key} {taken}"


def _is_known(intent: Intent, taken: list[Taken], told: Told) -> None:
    """It was not said, and somebody heard of that; where one guardian of a child cannot be reached, the next one is told the same."""
    about = f"{intent.dedupe_key} {intent.state} {intent.reason}: {taken}"
    stem = intent.dedupe_key.rsplit(":", 1)[0]
    others = {state for key, state in told.states.items() if key.startswith(f"{stem}:") and key != intent.dedupe_key}
    surely = [one for one in taken if one.provider_id in told.written and "failed" not in one.reports]
    is_child_s = intent.student_id is not None and intent.task_id is None
    assert intent.state in {"dropped", *IN_VAIN}, about
    assert others or not surely, f"said, and called unsaid: {about}"
    if intent.state == "expired" and intent.urgency != "bulk":
        assert ("intent_expired", f"intent:{intent.id}") in told.events, f"nobody heard of it: {about}"
        assert not is_child_s or intent.student_id in told.passing, f"nobody passes it on: {about}"
    if intent.state == "unaddressable":
        assert ("unreachable", f"person:{intent.person_id}") in told.events, f"nobody heard of it: {about}"
        assert not is_child_s or others - IN_VAIN or intent.student_id in told.looking, f"nobody looks for a number: {about} {others}"


async def figures(database: Database, book: Book, zone: ZoneInfo) -> None:
    """What it cost is what the provider would say, and no less of a day is used up than it took."""
    async with database.session() as session:
        rows = await session.execute(select(Message.provider_id, Message.cost).where(Message.provider_id.is_not(None)))
        costs = {row.provider_id: row.cost for row in rows}
        senders = (await session.scalars(select(Sender).where(Sender.price == PRICE))).all()
    assert costs.keys() <= {one.provider_id for one in book.taken}
    assert set(costs.values()) <= {PRICE}, costs
    lost = [one.provider_id for one in book.taken if one.can_be_asked and one.provider_id not in costs]
    assert not lost, f"taken and never written down: {lost}"
    assert max(Counter(one.message.message_id for one in book.taken).values(), default=1) <= 2
    for sender in senders:
        mine = [one for one in book.taken if (one.line, one.message.sender) == (sender.channel, sender.address)]
        today = sum(one.at.astimezone(zone).date() == sender.used_on for one in mine)
        assert sender.used >= today, f"{sender.address} counts {sender.used}, the provider {today}"
