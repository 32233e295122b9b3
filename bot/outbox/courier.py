"""From the queues to the providers, and what they answered back into the rows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from bot.channels.base import Outcome, Result
from bot.outbox.aftermath import stop_sender, try_elsewhere
from bot.outbox.doubt import Doubts, database_time
from bot.outbox.lease import Held, hold, release
from bot.outbox.pace import Pace, pause
from bot.outbox.pickup import Ready, expire_waiting, pick_up
from bot.outbox.progress import advance
from bot.outbox.settings import OutboxSettings
from storage.database import Database
from storage.tables import Attempt, DeliveryStatus, Message
from storage.work import Work, working

log = structlog.get_logger("courier")
AT_ONCE = 20
"""Calls to one provider that may be under way together."""
SECONDS_PER_BATCH = 2.0
"""A batch is no more than its sender may send in this time, so that a safety message soon has its turn."""
RENEW_SECONDS = 1.0
"""How long a pass of the loop waits for a batch before it renews the leases."""

Answered = tuple[Ready, Outcome]


class Courier:
    """One worker's sending. `holder` is unique to the process."""

    def __init__(self, database: Database, settings: OutboxSettings, holder: str) -> None:
        self._database = database
        self._settings = settings
        self._holder = holder
        self._paces: dict[int, Pace] = {}
        self._held: dict[int, Held] = {}
        self._running: dict[int, asyncio.Task[int]] = {}
        self._doubts = Doubts(database, settings)

    async def deliver(self, now: datetime) -> int:
        """One batch for every sender that is ours; gives how many messages were dealt with. Raises the first error."""
        expired = await self._start(now)
        if self._running:
            await asyncio.wait(self._running.values())
        done, errors = self._collect()
        if errors:
            raise errors[0]
        return expired + done

    async def keep_delivering(self, now: datetime) -> int:
        """The same for a loop, in which senders do not wait for each other: one slow provider must not hold up the rest."""
        expired = await self._start(now)
        if self._running:
            await asyncio.wait(self._running.values(), timeout=RENEW_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        done, errors = self._collect()
        for error in errors:
            log.error("sender failed", action="deliver_failed", error=type(error).__name__)
        return expired + done

    async def stop(self) -> None:
        """Finishes what is under way and gives up the leases."""
        if self._running:
            await asyncio.wait(self._running.values())
        if self._held:
            await release(self._database, self._holder)
            self._held.clear()

    async def _start(self, now: datetime) -> int:
        expired = await expire_waiting(self._database, now, self._settings)
        mine = await hold(self._database, self._holder, self._settings.channels, self._settings.lease)
        self._held = {held.sender_id: held for held in mine}
        for held in mine:
            if held.sender_id not in self._running:
                self._running[held.sender_id] = asyncio.create_task(self._deliver_for(held, now))
        return expired

    def _collect(self) -> tuple[int, list[BaseException]]:
        """What the batches that have ended dealt with, and what went wrong in them."""
        ended = {sender_id: task for sender_id, task in self._running.items() if task.done()}
        for sender_id in ended:
            del self._running[sender_id]
        errors = [error for task in ended.values() if (error := task.exception())]
        return sum(task.result() for task in ended.values() if not task.exception()), errors

    def _is_ours(self, held: Held) -> bool:
        """The lease goes on being renewed while a batch is under way."""
        latest = self._held.get(held.sender_id)
        return latest is not None and latest.epoch == held.epoch and not latest.is_over()

    async def _deliver_for(self, held: Held, now: datetime) -> int:
        settled = await self._doubts.settle(held, now)
        quantity = max(1, min(self._settings.batch, int(held.rate_per_second * SECONDS_PER_BATCH)))
        taken, ready = await pick_up(self._database, now, self._settings, held, self._holder, quantity)
        if ready:
            await self._conclude(held, await self._call(held, ready), now)
        return settled + taken

    async def _call(self, held: Held, ready: Sequence[Ready]) -> list[Answered]:
        channel = self._settings.channels[held.line]
        pace = self._pace(held)
        places = asyncio.Semaphore(AT_ONCE)

        async def call(item: Ready) -> Answered:
            async with places:
                await pace.turn()
                if not self._is_ours(held):  # somebody else may be sending by now
                    return item, Outcome(Result.RETRY, code="lease_over", retry_after=0)
                try:
                    return item, await channel.send(item.outgoing)
                except Exception as error:  # noqa: BLE001 - a fault of ours after the call may have begun: in doubt
                    log.error("channel failed", action="channel_failed", message_id=item.message_id, error=type(error).__name__)
                    return item, Outcome(Result.UNKNOWN, code="channel_failed")

        return list(await asyncio.gather(*(call(item) for item in ready)))

    def _pace(self, held: Held) -> Pace:
        pace = self._paces.setdefault(held.sender_id, Pace(held.rate_per_second))
        pace.per_second = held.rate_per_second
        return pace

    async def _conclude(self, held: Held, answered: Sequence[Answered], now: datetime) -> None:
        async with working(self._database, now) as work:
            await Conclusion(work, held).write(answered)


class Conclusion:
    """Writes what the provider answered to a batch."""

    def __init__(self, work: Work, held: Held) -> None:
        self._work = work
        self._held = held

    async def write(self, answered: Sequence[Answered]) -> None:
        """An attempt that somebody else has settled meanwhile is left alone."""
        outcomes = {item.attempt_id: outcome for item, outcome in answered}
        rows = await self._work.session.execute(
            select(Attempt, Message)
            .join(Message, Message.id == Attempt.message_id)
            .where(Attempt.id.in_(outcomes), Attempt.outcome.is_(None))
            .order_by(Message.id)
            .with_for_update()
        )
        ended = await database_time(self._work.session)
        for attempt, message in rows.all():
            outcome = outcomes[attempt.id]
            attempt.outcome, attempt.finished_at, attempt.detail = outcome.result.value, ended, outcome.code
            await self._one(message, outcome)
        await self._report([(item, outcome) for item, outcome in answered if outcome.status is not None])

    async def _one(self, message: Message, outcome: Outcome) -> None:
        if outcome.result is Result.ACCEPTED:
            message.provider_id = outcome.provider_id
            advance(message, "sent", self._work.now)
        elif outcome.result is Result.RETRY:
            self._again(message, outcome)
        elif outcome.result is Result.OUR_FAULT:
            message.retry_at = self._work.now
            await stop_sender(self._work, self._held.sender_id, outcome.code)
        elif outcome.result is not Result.UNKNOWN:
            await try_elsewhere(self._work, message, outcome.result, outcome.code)

    def _again(self, message: Message, outcome: Outcome) -> None:
        message.tries += 1
        wait = pause(message.tries, outcome.retry_after, random.random())
        message.retry_at = min(self._work.now + wait, message.expires_at)

    async def _report(self, reported: Sequence[Answered]) -> None:
        """What the provider said along with its acceptance goes the way of all status reports."""
        rows = [
            {"channel": self._held.line[0], "provider_id": outcome.provider_id, "status": outcome.status, "received_at": self._work.now}
            for _, outcome in reported
        ]
        if rows:
            await self._work.session.execute(insert(DeliveryStatus).values(rows).on_conflict_do_nothing())
