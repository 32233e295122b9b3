"""From the queues to the providers, and what they answered back into the rows."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import Outcome, Result
from bot.channels.registry import Line
from bot.outbox.beginning import Beginning, put_back
from bot.outbox.conclude import NOT_CALLED, Answered, Conclusion, accept, is_plain
from bot.outbox.concluding import Concluding
from bot.outbox.doubt import Doubts
from bot.outbox.expiry import expire_waiting
from bot.outbox.lease import Held, hold, release
from bot.outbox.pace import Pace
from bot.outbox.pickup import PickUp, Ready
from bot.outbox.recall import Recall
from bot.outbox.senders import URGENCIES
from bot.outbox.settings import OutboxSettings
from storage.database import Database
from storage.kept import Kept
from storage.work import working

log = structlog.get_logger("courier")
SECONDS_PER_BATCH = 1.0
"""A batch is no more than its sender may send in this time, so that a safety message soon has its turn."""
LOOK_SECONDS = 0.25
"""How long the loop waits for calls to end before it looks for what is urgent."""
STOP_SECONDS = 20.0


class Courier:
    """One worker's sending. `holder` is unique to the process."""

    def __init__(self, database: Database, settings: OutboxSettings, holder: str) -> None:
        self._database = database
        self._settings = settings
        self._holder = holder
        self._places: dict[Line, asyncio.Semaphore] = {}
        self._paces: dict[tuple[int, int], Pace] = {}
        self._concluding: dict[int, Concluding] = {}
        self._held: dict[int, Held] = {}
        self._running: dict[int, set[asyncio.Task[int]]] = defaultdict(set)
        self._picking: set[int] = set()
        self._wake = asyncio.Event()
        self._under_way: defaultdict[int, set[int]] = defaultdict(set)
        self._pick_up = PickUp(database, settings, holder)
        self._beginning = Beginning(database)
        self._kept = Kept(database)
        self._recall = Recall(database, settings)
        self._doubts = Doubts(database, settings, self._under_way)

    async def deliver(self, now: datetime) -> int:
        """Everything once, with one batch for every sender that is ours; gives how much was dealt with. Raises the first error."""
        await self.renew(now)
        done = await self.keep_house(now)
        done += await self._doubts.finish()
        self._start(now)
        if tasks := self._tasks():
            await asyncio.wait(tasks)
        sent, errors = self._collect()
        if errors:
            raise errors[0]
        return done + sent

    async def keep_delivering(self, now: datetime) -> int:
        """Batches for a loop, in which senders do not wait for each other: one slow provider must not hold up the rest."""
        self._wake.clear()
        self._start(now)
        if tasks := self._tasks():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
        sent, errors = self._collect()
        for error in errors:
            log.error("sender failed", action="deliver_failed", error=type(error).__name__)
        return sent + len(tasks)

    async def renew(self, _now: datetime) -> int:
        """Takes and renews leases, by itself: whatever else takes its time, what is ours stays ours."""
        mine = await hold(self._database, self._holder, self._settings.channels, self._settings.lease)
        self._held = {held.sender_id: held for held in mine}
        return 0

    async def keep_house(self, now: datetime) -> int:
        """Ends what is too late, takes back what is stranded, and looks into what is in doubt (in the background)."""
        if not self.lines():  # after an outage what is in doubt is looked into before it ends, and what is ours is no shut sender's
            await self.renew(now)
        done = await expire_waiting(self._database, now, self._settings)
        done += await self._recall.run(now)
        for held in self._held.values():
            done += await put_back(self._database, now, held, self._settings)
            self._doubts.begin(held, now)
        return done

    def lines(self) -> set[Line]:
        """The accounts for which this process sends at present."""
        return {held.line for held in self._held.values() if not held.is_over()}

    async def stop(self) -> None:
        """Finishes what is under way and gives up the leases. What the database does not take in time stays in doubt."""
        await self._doubts.stop()
        if tasks := self._tasks():
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
        if self._held:
            await release(self._database, self._holder)
            self._held.clear()
        await self._beginning.close()
        await self._kept.close()

    def _tasks(self) -> list[asyncio.Task[int]]:
        return [task for tasks in self._running.values() for task in tasks]

    def _start(self, now: datetime) -> None:
        """The next batch for every sender that is about to run dry; while its calls wait, only what goes before them comes off the queue.

        What stays there can be paused, and go by another sender.
        """
        for held in self._held.values():
            lanes = self._lanes(held)
            if lanes and not held.is_over() and held.sender_id not in self._picking:
                self._picking.add(held.sender_id)
                self._running[held.sender_id].add(asyncio.create_task(self._deliver_for(held, now, lanes)))

    def _lanes(self, held: Held) -> list[str]:
        """The urgencies of which too little waits to be called, counting what goes before them."""
        pace, enough = self._pace(held), self._quantity(held) // 2
        return [urgency for rank, urgency in enumerate(URGENCIES) if pace.waiting_until(rank) <= enough]

    def _quantity(self, held: Held) -> int:
        return max(1, min(self._settings.batch, int(held.rate_per_second * SECONDS_PER_BATCH)))

    def _collect(self) -> tuple[int, list[BaseException]]:
        """What the batches that have ended dealt with, and what went wrong in them."""
        ended = [(tasks, task) for tasks in self._running.values() for task in list(tasks) if task.done()]
        for tasks, task in ended:
            tasks.discard(task)
        known = [task for _, task in ended if not task.cancelled()]
        errors = [error for task in known if (error := task.exception())]
        return sum(task.result() for task in known if not task.exception()), errors

    def _is_ours(self, held: Held) -> bool:
        """The lease goes on being renewed while a batch is under way."""
        latest = self._held.get(held.sender_id)
        return latest is not None and latest.epoch == held.epoch and not latest.is_over()

    async def _deliver_for(self, held: Held, now: datetime, lanes: Sequence[str]) -> int:
        taken, ready = await self._picked_up(held, now, lanes)
        under_way, attempts = self._under_way[held.sender_id], {item.attempt_id for item in ready}
        under_way |= attempts
        try:
            await asyncio.gather(*(self._send(held, item, now) for item in ready))
        finally:
            under_way -= attempts
        return taken

    async def _picked_up(self, held: Held, now: datetime, lanes: Sequence[str]) -> tuple[int, list[Ready]]:
        try:
            return await self._pick_up.take(held, now, self._quantity(held), lanes)
        finally:
            self._picking.discard(held.sender_id)

    async def _send(self, held: Held, item: Ready, now: datetime) -> None:
        concluding = self._concluding_of(held)
        answered = item, await self._call(held, item, concluding)
        await concluding.conclude(answered, now)

    async def _call(self, held: Held, item: Ready, concluding: Concluding) -> Outcome:
        pace = self._pace(held)
        await pace.turn(item.rank, item.units)
        try:
            await concluding.room()
            if not (await self._is_begun(item) and await self._has_place(pace, held, item)):
                return NOT_CALLED
            return await self._settings.channels[held.line].send(item.outgoing)
        except Exception as error:  # noqa: BLE001 - a fault of ours after the call may have begun: in doubt
            log.error("channel failed", action="channel_failed", message_id=item.message_id, error=type(error).__name__)
            return Outcome(Result.UNKNOWN, code="channel_failed")
        finally:
            pace.leave()
            if pace.waiting in (0, self._quantity(held) // 2):
                self._wake.set()

    async def _has_place(self, pace: Pace, held: Held, item: Ready) -> bool:
        """Behind the call before it; whether the sender is still ours then."""
        await pace.spaced(item.units)
        return self._is_ours(held)

    async def _is_begun(self, item: Ready) -> bool:
        """Whether the call is written down, and nobody else has taken the sender or shut it."""
        try:
            return await self._beginning.may_call(item.attempt_id, is_trial=item.is_trial)
        except SQLAlchemyError as error:  # not written down, so not called
            log.warning("call not begun", action="call_not_begun", message_id=item.message_id, error=type(error).__name__)
            return False

    def _pace(self, held: Held) -> Pace:
        """One for each time that we hold the sender; after another holder it begins a call's length later."""
        key = (held.sender_id, held.epoch)
        if key not in self._paces:
            taken_over = any(sender_id == held.sender_id for sender_id, _ in self._paces) or held.epoch > 1
            self._paces = {other: pace for other, pace in self._paces.items() if other[0] != held.sender_id}
            self._paces[key] = Pace(held.rate_per_second, self._places_of(held), 1 / held.rate_per_second if taken_over else 0.0)
        self._paces[key].per_second = held.rate_per_second
        return self._paces[key]

    def _places_of(self, held: Held) -> asyncio.Semaphore:
        """Of the account: its senders share what the provider allows it."""
        if held.line not in self._places:
            self._places[held.line] = asyncio.Semaphore(self._settings.channels[held.line].capabilities.at_once)
        return self._places[held.line]

    def _concluding_of(self, held: Held) -> Concluding:
        if held.sender_id not in self._concluding:
            self._concluding[held.sender_id] = Concluding(partial(self._conclude, held.sender_id, held.line[0]))
        return self._concluding[held.sender_id]

    async def _conclude(self, sender_id: int, channel: str, answered: Sequence[Answered], now: datetime) -> None:
        if all(map(is_plain, answered)):
            await self._kept.run(partial(accept, accepted=answered, now=now))
            return
        async with working(self._database, now) as work:
            await Conclusion(work, sender_id, channel, self._settings).write(answered)
