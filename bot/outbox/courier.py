"""From the queues to the providers, and what they answered back into the rows."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import structlog

from bot.channels.base import Outcome, Result
from bot.channels.registry import Line
from bot.outbox.conclude import Answered, Conclusion
from bot.outbox.doubt import Doubts
from bot.outbox.lease import Held, hold, release
from bot.outbox.pace import Pace
from bot.outbox.pickup import Ready, expire_waiting, pick_up
from bot.outbox.recall import recall_stranded
from bot.outbox.settings import OutboxSettings
from storage.database import Database
from storage.work import working

log = structlog.get_logger("courier")
BATCHES = 2
"""Batches of one sender under way together: while one is being sent, the next comes off the queue."""
SECONDS_PER_BATCH = 1.0
"""A batch is no more than its sender may send in this time, so that a safety message soon has its turn."""
RENEW_SECONDS = 1.0
"""How often leases are renewed, and what lies about is looked for."""


class Courier:
    """One worker's sending. `holder` is unique to the process."""

    def __init__(self, database: Database, settings: OutboxSettings, holder: str) -> None:
        self._database = database
        self._settings = settings
        self._holder = holder
        self._paces: dict[tuple[int, int], Pace] = {}
        self._held: dict[int, Held] = {}
        self._running: dict[int, set[asyncio.Task[int]]] = defaultdict(set)
        self._doubts = Doubts(database, settings)
        self._renewed = 0.0

    async def deliver(self, now: datetime) -> int:
        """One batch for every sender that is ours; gives how many messages were dealt with. Raises the first error."""
        done = await self._keep_house(now)
        done += await self._settle_doubts(now)
        self._start(now, 1)
        if tasks := self._tasks():
            await asyncio.wait(tasks)
        sent, errors = self._collect()
        if errors:
            raise errors[0]
        return done + sent

    async def keep_delivering(self, now: datetime) -> int:
        """The same for a loop, in which senders do not wait for each other: one slow provider must not hold up the rest."""
        done = 0
        if time.monotonic() - self._renewed >= RENEW_SECONDS:
            done = await self._keep_house(now)
            done += await self._settle_doubts(now)
        self._start(now, BATCHES)
        if tasks := self._tasks():
            await asyncio.wait(tasks, timeout=RENEW_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        sent, errors = self._collect()
        for error in errors:
            log.error("sender failed", action="deliver_failed", error=type(error).__name__)
        return done + sent

    def lines(self) -> set[Line]:
        """The accounts for which this process sends at present."""
        return {held.line for held in self._held.values() if not held.is_over()}

    async def stop(self) -> None:
        """Finishes what is under way and gives up the leases."""
        if tasks := self._tasks():
            await asyncio.wait(tasks)
        if self._held:
            await release(self._database, self._holder)
            self._held.clear()
        self._renewed = 0.0

    def _tasks(self) -> list[asyncio.Task[int]]:
        return [task for tasks in self._running.values() for task in tasks]

    async def _keep_house(self, now: datetime) -> int:
        """Ends what is too late, takes back what is stranded, and renews the leases."""
        self._renewed = time.monotonic()
        done = await expire_waiting(self._database, now, self._settings)
        done += await recall_stranded(self._database, now, self._settings)
        mine = await hold(self._database, self._holder, self._settings.channels, self._settings.lease)
        self._held = {held.sender_id: held for held in mine}
        return done

    async def _settle_doubts(self, now: datetime) -> int:
        """A provider that cannot be asked now holds up nobody else's."""
        asked = await asyncio.gather(*(self._doubts.settle(held, now) for held in self._held.values()), return_exceptions=True)
        for error in asked:
            if isinstance(error, Exception):
                log.warning("doubt not settled", action="doubt_failed", error=type(error).__name__)
            elif isinstance(error, BaseException):
                raise error
        return sum(settled for settled in asked if isinstance(settled, int))

    def _start(self, now: datetime, batches: int) -> None:
        for held in self._held.values():
            if not held.is_over() and len(self._running[held.sender_id]) < batches:
                self._running[held.sender_id].add(asyncio.create_task(self._deliver_for(held, now)))

    def _collect(self) -> tuple[int, list[BaseException]]:
        """What the batches that have ended dealt with, and what went wrong in them."""
        ended = [(tasks, task) for tasks in self._running.values() for task in list(tasks) if task.done()]
        for tasks, task in ended:
            tasks.discard(task)
        errors = [error for _, task in ended if (error := task.exception())]
        return sum(task.result() for _, task in ended if not task.exception()), errors

    def _is_ours(self, held: Held) -> bool:
        """The lease goes on being renewed while a batch is under way."""
        latest = self._held.get(held.sender_id)
        return latest is not None and latest.epoch == held.epoch and not latest.is_over()

    async def _deliver_for(self, held: Held, now: datetime) -> int:
        quantity = max(1, min(self._settings.batch, int(held.rate_per_second * SECONDS_PER_BATCH)))
        taken, ready = await pick_up(self._database, now, self._settings, held, self._holder, quantity)
        if ready:
            await self._conclude(held, await self._call(held, ready), now)
        return taken

    async def _call(self, held: Held, ready: Sequence[Ready]) -> list[Answered]:
        channel = self._settings.channels[held.line]
        pace = self._pace(held)
        places = asyncio.Semaphore(channel.capabilities.at_once)

        async def call(item: Ready) -> Answered:
            async with places:
                await pace.turn(item.rank, item.units)
                if not self._is_ours(held):  # somebody else may be sending by now
                    return item, Outcome(Result.RETRY, code="lease_over", retry_after=0)
                try:
                    return item, await channel.send(item.outgoing)
                except Exception as error:  # noqa: BLE001 - a fault of ours after the call may have begun: in doubt
                    log.error("channel failed", action="channel_failed", message_id=item.message_id, error=type(error).__name__)
                    return item, Outcome(Result.UNKNOWN, code="channel_failed")

        return list(await asyncio.gather(*(call(item) for item in ready)))

    def _pace(self, held: Held) -> Pace:
        """One for each time that we hold the sender; after another holder it begins a call's length later."""
        key = (held.sender_id, held.epoch)
        if key not in self._paces:
            taken_over = any(sender_id == held.sender_id for sender_id, _ in self._paces) or held.epoch > 1
            self._paces = {other: pace for other, pace in self._paces.items() if other[0] != held.sender_id}
            self._paces[key] = Pace(held.rate_per_second, 1 / held.rate_per_second if taken_over else 0.0)
        self._paces[key].per_second = held.rate_per_second
        return self._paces[key]

    async def _conclude(self, held: Held, answered: Sequence[Answered], now: datetime) -> None:
        async with working(self._database, now) as work:
            await Conclusion(work, held, self._settings).write(answered)
