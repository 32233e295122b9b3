"""Plays the product's time forward, for tests and the demo: from one due moment to the next, with the queues run empty at each."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, exists, or_, select

from scheduler.ticks import next_time, run_periodic, tick
from storage.clock import SteppedClock
from storage.database import Database
from storage.tables import DeliveryStatus, Inbound, Message, is_waiting

LONGEST_WAIT = 60
"""Seconds of real time for what cannot be done now; after that its own retries go on by themselves."""


class Draining(Protocol):
    """What the stage needs of a worker: do everything that is due, and all that follows from it."""

    async def drain(self, now: datetime) -> int: ...


class Stage:
    """One stepped clock and one worker. Nothing moves but through here."""

    def __init__(self, database: Database, clock: SteppedClock, worker: Draining) -> None:
        self._database = database
        self.clock = clock
        self._worker = worker
        self._patience = LONGEST_WAIT

    async def now(self) -> datetime:
        return await self.clock.now()

    async def settle(self) -> None:
        """Does everything that is due now, until nothing is."""
        now = await self.clock.now()
        while True:
            done = await self._worker.drain(now)
            done += await tick(self._database, now)
            if not done and not await self._held_back(now):
                break
        await run_periodic(self._database, now)

    async def _held_back(self, now: datetime) -> bool:
        """What a killed worker held is free again only after some seconds of real time: the clock must not step past it."""
        async with self._database.session() as session:
            held = await session.scalar(select(or_(*_unfinished(now))))
        if not held:
            self._patience = LONGEST_WAIT
            return False
        self._patience -= 1
        await asyncio.sleep(1)
        return self._patience > 0

    async def next_due(self) -> datetime:
        """When something happens next by itself."""
        async with self._database.session() as session:
            return await next_time(session, await self.clock.now())

    async def next_event(self) -> datetime:
        """Goes to the next moment at which something is due, and does it; returns that moment."""
        await self.settle()
        due = await self.next_due()
        await self.clock.set(due)
        await self.settle()
        return due

    async def advance_to(self, target: datetime) -> None:
        """Stops at every due moment on the way, so that each step is taken at its own time."""
        await self.settle()
        while (due := await self.next_due()) < target:
            await self.clock.set(due)
            await self.settle()
        await self.clock.set(target)
        await self.settle()

    async def advance(self, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Moves on by so much."""
        await self.advance_to(await self.clock.now() + timedelta(days=days, hours=hours, minutes=minutes))

    async def sleep_to(self, target: datetime) -> None:
        """An outage: time passes and nothing is done until the end."""
        await self.clock.set(target)
        await self.settle()


def _unfinished(now: datetime) -> list[ColumnElement[bool]]:
    """Texts in that are not handled, and messages out that might leave now."""
    may_leave = or_(Message.retry_at.is_(None), Message.retry_at <= now)
    return [
        exists().where(Inbound.handled_at.is_(None)),
        exists().where(DeliveryStatus.applied_at.is_(None)),
        exists().where(is_waiting(), may_leave),
    ]
