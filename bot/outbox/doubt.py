"""Calls of which we do not know what came: the process died before it could write it down, or the provider did not answer.

The provider is asked before anything is sent again. Where it cannot be asked, a duty message goes again, once at the most, and publicity
never.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, DateTime, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.channels.base import Channel
from bot.outbox.address import price_of
from bot.outbox.aftermath import drop, expire, try_again
from bot.outbox.lease import Held, give_back
from bot.outbox.pickup import outgoing
from bot.outbox.progress import advance
from bot.outbox.settings import OutboxSettings
from storage.database import Database
from storage.tables import Attempt, Contact, Message
from storage.work import Work, working

log = structlog.get_logger("courier")
CLOCKS_DIFFER = timedelta(minutes=5)
"""The provider's clock and the database's may differ by this much."""
ASK_AGAIN = 15.0
"""Seconds before a provider that could not be asked is asked again."""
MOST_LOST = 1
"""How often a duty message goes again after calls that nobody can tell the fate of."""
GIVEN_UP = timedelta(hours=1)
"""How long after its time a message in doubt waits for a provider that cannot be asked: then a person hears of it."""
AT_ONCE = 5
"""Recipients that are looked into at the same time, of one sender."""
NOT_ACCEPTED = "not_accepted"
"""Outcome of an attempt that the provider knows nothing of."""
LOST = "lost"
"""Outcome of an attempt whose fate will never be known."""


@dataclass(frozen=True)
class Doubt:
    """An attempt without a known outcome, its message and its address.

    `started_at`: at the latest now, also where the clock was put back since. `called_at`: empty where the call was never made.
    """

    attempt_id: int
    started_at: datetime
    called_at: datetime | None
    message: Message
    to: str


@dataclass
class Look:
    """One look at what is in doubt with a sender. `unanswered`: how often the provider was asked in vain; after a few it is left alone."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    unanswered: int = 0


def _by_recipient(doubts: Sequence[Doubt]) -> list[list[Doubt]]:
    groups: defaultdict[str, list[Doubt]] = defaultdict(list)
    for doubt in doubts:
        groups[doubt.to].append(doubt)
    return list(groups.values())


async def database_time(session: AsyncSession) -> datetime:
    """The real time, which leases and attempts are measured in."""
    return (await session.scalars(select(func.clock_timestamp(type_=DateTime(timezone=True))))).one()


class Doubts:
    """Settles attempts in doubt; those to one recipient one after the other, so that two messages of the same words are told apart.

    One task for each sender: a provider that does not answer holds up nobody else's. `under_way`: attempts, by sender, of which this
    process still awaits the answer or has it; they are in no doubt, however long they take.
    """

    def __init__(self, database: Database, settings: OutboxSettings, under_way: Mapping[int, Collection[int]]) -> None:
        self._database = database
        self._settings = settings
        self._under_way = under_way
        self._not_before: dict[int, float] = {}
        self._held_since: dict[int, tuple[int, float]] = {}
        self._tasks: dict[int, asyncio.Task[int]] = {}

    def begin(self, held: Held, now: datetime) -> None:
        """Looks into this sender's, unless it is being done."""
        if self._held_since.get(held.sender_id, (0, 0.0))[0] != held.epoch:
            self._held_since[held.sender_id] = held.epoch, time.monotonic()
        if held.sender_id not in self._tasks:
            task = self._tasks[held.sender_id] = asyncio.create_task(self._settle(held, now))
            task.add_done_callback(lambda ended: self._forget(held.sender_id, ended))

    async def finish(self) -> int:
        """Waits for what has begun; gives how many were settled."""
        ended = await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        return sum(settled for settled in ended if isinstance(settled, int))

    async def stop(self) -> None:
        """What is not settled by now is looked into by the next holder."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, sender_id: int, task: asyncio.Task[int]) -> None:
        self._tasks.pop(sender_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("doubt not settled", action="doubt_failed", error=type(error).__name__)

    async def _settle(self, held: Held, now: datetime) -> int:
        if time.monotonic() < self._not_before.get(held.sender_id, 0.0):
            return 0
        settled, look = 0, Look()
        while (found := await self._find(held)) and not held.is_over():
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._settle_some(doubts, held, now, look)) for doubts in _by_recipient(found)]
            settled += (count := sum(task.result() for task in tasks))
            if look.unanswered:
                self._not_before[held.sender_id] = time.monotonic() + ASK_AGAIN
            if look.unanswered or not count:
                break
        return settled

    async def _settle_some(self, doubts: Sequence[Doubt], held: Held, now: datetime, look: Look) -> int:
        """Of one recipient; how many were settled before the lease was over, or before one could not be asked about."""
        channel = self._settings.channels[held.line]
        async with look.places:
            for number, doubt in enumerate(doubts):
                if held.is_over() or look.unanswered >= AT_ONCE:
                    return number
                try:
                    found = await self._ask(channel, doubt, held, now)
                except Exception as error:  # noqa: BLE001 - the provider is away, or it is this one message: the others are none of it
                    look.unanswered += 1
                    log.warning("not asked", action="doubt_not_asked", message_id=doubt.message.id, error=type(error).__name__)
                    return number
                await self._settle_one(doubt, held, found, now)
        return len(doubts)

    async def _find(self, held: Held) -> list[Doubt]:
        """What is old enough that its call has surely ended: a holder before us may have called until the end of its lease."""
        unanswered = and_(
            Attempt.outcome.is_(None),
            self._is_old(Attempt.started_at),
            Attempt.id != func.all(list(self._under_way.get(held.sender_id, ()))),
        )
        if time.monotonic() - self._held_since[held.sender_id][1] < self._settings.doubt_after.total_seconds():
            unanswered = and_(unanswered, Attempt.epoch == held.epoch)
        unknown = and_(Attempt.outcome == "unknown", self._is_old(func.coalesce(Attempt.finished_at, Attempt.started_at)))
        async with self._database.session() as session:
            rows = await session.execute(
                select(Attempt, Message, Contact, func.least(Attempt.started_at, func.clock_timestamp()))
                .join(Message, Message.id == Attempt.message_id)
                .join(Contact, Contact.id == Message.contact_id)
                .where(or_(unanswered, unknown), Message.sender_id == held.sender_id)
                .order_by(Attempt.id)
                .limit(self._settings.batch)
            )
            decrypt = self._settings.cipher.decrypt
            return [
                Doubt(attempt.id, started_at, attempt.called_at, message, decrypt(contact.address_encrypted))
                for attempt, message, contact, started_at in rows
            ]

    def _is_old(self, at: ColumnElement[datetime] | InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
        """Also what is still to come: it was before the clock was put back."""
        return or_(at <= func.clock_timestamp() - self._settings.doubt_after, at > func.clock_timestamp())

    async def _ask(self, channel: Channel, doubt: Doubt, held: Held, now: datetime) -> Sequence[str] | None:
        """Provider ids that it may have, the newest first; None where there is nobody to ask."""
        if doubt.called_at is None:
            return []
        if not channel.capabilities.can_be_asked:
            return None
        try:
            return await channel.find(outgoing(doubt.message, doubt.to, held, self._settings), doubt.started_at - CLOCKS_DIFFER)
        except Exception:
            if now < doubt.message.expires_at + GIVEN_UP:
                raise
            return None

    async def _settle_one(self, doubt: Doubt, held: Held, found: Sequence[str] | None, now: datetime) -> None:
        async with working(self._database, now) as work:
            attempt = await work.session.get_one(Attempt, doubt.attempt_id, with_for_update=True)
            if attempt.outcome not in (None, "unknown") or attempt.called_at != doubt.called_at:  # somebody knew it after all, or calls now
                return
            message = await work.session.get_one(Message, doubt.message.id, with_for_update=True)
            attempt.finished_at = await database_time(work.session)
            if found is None:
                attempt.outcome = LOST
                await self._once_more(work, message)
            else:
                attempt.outcome = await self._known(work, message, found, held)
                if attempt.outcome == NOT_ACCEPTED:
                    await self._not_accepted(work, message, attempt)
                    # No part of its day: else every such call takes one from the cap for nothing.
                    await give_back(work.session, held.sender_id, self._units(message, held), attempt.counted_on)
            log.warning("doubt settled", action="doubt_settled", message_id=message.id, outcome=attempt.outcome)

    async def _known(self, work: Work, message: Message, found: Sequence[str], held: Held) -> str:
        """Ids that belong to other messages of ours do not count, even when they read the same."""
        taken = set(
            await work.session.scalars(
                select(Message.provider_id).where(Message.provider_id.in_(found), Message.channel == message.channel)
            )
        )
        free = [provider_id for provider_id in found if provider_id not in taken]
        if not free:
            return NOT_ACCEPTED
        message.provider_id, message.cost = free[-1], price_of(held.price, self._units(message, held))
        advance(message, "sent", work.now)
        return "accepted"

    async def _not_accepted(self, work: Work, message: Message, attempt: Attempt) -> None:
        """What was never called may go at once. A call that did not get there may fail each time (an error of ours, say): as a refusal."""
        if attempt.called_at is None:
            message.retry_at = work.now
        else:
            await try_again(work, message, attempt.detail or NOT_ACCEPTED, self._settings.policy)

    def _units(self, message: Message, held: Held) -> int:
        return self._settings.channels[held.line].capabilities.units(message.parts)

    async def _once_more(self, work: Work, message: Message) -> None:
        await work.session.flush()
        lost = await work.session.scalar(select(func.count()).where(Attempt.message_id == message.id, Attempt.outcome == LOST))
        if message.urgency == "bulk":
            await drop(work, [message.id], "in_doubt")
        elif (lost or 0) > MOST_LOST:
            await expire(work, [message.id], self._settings.policy)
        else:
            message.retry_at = work.now
