"""The scheduler in production: whoever leads ticks. Nothing is kept here, so another process may take over at any time.

The pauses are of the monotonic clock: one that is put back an hour must not make a county wait an hour for what is due.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from scheduler.lease import Lease
from scheduler.ticks import run_periodic, tick
from storage.clock import Clock
from storage.database import Database

log = structlog.get_logger("scheduler")
LEASE_NAME = "scheduler"
RENEW_SECONDS = 3.0  # a third of the lease: two renewals may fail before another process leads
TICK_SECONDS = 5.0
LONGEST_TICK = 300.0
LAST_SECONDS = 5.0  # for a tick under way when we are told to stop; whatever it has not begun is found due by the next leader


class Beats(Protocol):
    """What is told that an audit has run."""

    async def beat(self) -> bool: ...


class SchedulerService:
    """Ticks while it leads; several may run, in as many processes."""

    def __init__(self, database: Database, clock: Clock, *, heartbeat: Beats | None = None, lease: Lease | None = None) -> None:
        self._database = database
        self._clock = clock
        self._heartbeat = heartbeat
        self._ticking = asyncio.Lock()
        self.lease = lease or Lease(database, LEASE_NAME, f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}")

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then the tick under way is finished, or cut short between two rows, and the lead is given up."""
        await self.renew()
        loops = [asyncio.create_task(_again(self.renew, RENEW_SECONDS)), asyncio.create_task(_again(self._tick_alone, TICK_SECONDS))]
        try:
            await stop.wait()
        finally:
            await self._end(loops)

    async def _end(self, loops: Sequence[asyncio.Task[None]]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS), self._ticking:
                pass
        for loop in loops:  # what is cut short is rolled back, and the next leader takes it
            loop.cancel()
        await asyncio.wait(loops)
        await _safely("lease_release", self.lease.release)

    async def renew(self) -> None:
        """Takes the lead or keeps it."""
        led = self.lease.is_held()
        await _safely("lease_renew", self.lease.take)
        if self.lease.is_held() != led:
            log.info("lead changed", action="lead_taken" if not led else "lead_lost", epoch=self.lease.epoch)

    async def tick(self) -> bool:
        """One tick, if this process leads; says whether it did."""
        if not self.lease.is_held():
            return False
        now = await self._clock.now()
        await tick(self._database, now)
        if await run_periodic(self._database, now) is not None and self._heartbeat is not None:
            await self._heartbeat.beat()
        return True

    async def _tick_alone(self) -> None:
        async with self._ticking:
            await _safely("tick", self._timed_tick)

    async def _timed_tick(self) -> None:
        async with asyncio.timeout(LONGEST_TICK):
            await self.tick()


async def _again(step: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await step()


async def _safely(action: str, step: Callable[[], Awaitable[object]]) -> None:
    """The database may be gone for a while: said in the log, and tried again at the next firing."""
    try:
        await step()
    except Exception as error:  # noqa: BLE001 - the scheduler never ends but by `stop`
        log.error("step failed", action=f"{action}_failed", error=type(error).__name__)
