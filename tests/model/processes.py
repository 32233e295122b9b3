"""A worker process that a test can kill between any two statements, commits or calls: nothing it meant to do afterwards happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import event, text

from bot.channels.base import Channel
from bot.channels.registry import Line
from bot.inbox.handle import Route
from bot.outbox.settings import OutboxSettings
from bot.worker import Worker
from scheduler.ticks import tick
from storage.clock import SteppedClock
from storage.database import Database
from tests.bot.world import Killed

FORGOTTEN = text("update sender set lease_until = clock_timestamp() - interval '1 second' where lease_until > clock_timestamp()")
READ_AGAIN = text("update pgmq.q_inbound set vt = clock_timestamp()")
OWN: ContextVar[set[asyncio.Task[Any]] | None] = ContextVar("own", default=None)
"""The tasks of the process in which this runs."""
LONGEST = 60.0
"""Seconds of real time for one process's work: more means that it goes round in circles."""


class Process:
    """One worker with connections of its own. `dies_at`: the number of the statement, commit or call before which it is killed."""

    def __init__(self, url: str, settings: OutboxSettings, route: Route, dies_at: int | None) -> None:
        self._left = dies_at
        self._dead = asyncio.Event()
        self._database = Database(url)
        for name in ("before_cursor_execute", "commit"):
            event.listen(self._database.engine.sync_engine, name, self._moment)
        wires: dict[Line, Channel] = {line: _Wire(channel, self.moment) for line, channel in settings.channels.items()}
        self._worker = Worker(self._database, SteppedClock(self._database), replace(settings, channels=wires), route)

    def _moment(self, *_: Any) -> None:
        self.moment()

    def moment(self) -> None:
        """Dies here, where its time has come."""
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._dead.set()
        if self._dead.is_set():
            raise Killed

    async def drain(self, now: datetime, *, ticks: bool = False) -> bool:
        """Does what is due, with `ticks` the scheduler's work too; False where it was killed on the way."""
        asyncio.get_running_loop().set_task_factory(_owned)
        own: set[asyncio.Task[Any]] = set()
        token = OWN.set(own)
        work = asyncio.create_task(self._everything(now) if ticks else self._worker.drain(now))
        OWN.reset(token)
        death = asyncio.create_task(self._dead.wait())
        async with asyncio.timeout(LONGEST):
            await asyncio.wait({work, death}, return_when=asyncio.FIRST_COMPLETED)
        death.cancel()
        died = self._dead.is_set()
        if died:
            for task in own:
                task.cancel()
            await asyncio.gather(*own, return_exceptions=True)
        await self._database.close()
        if not died:
            work.result()
        return not died

    async def _everything(self, now: datetime) -> int:
        """Until nothing is due."""
        total = 0
        while done := await self._worker.drain(now) + await tick(self._database, now):
            total += done
        return total


def _owned(loop: asyncio.AbstractEventLoop, made: Coroutine[Any, Any, Any], **how: Any) -> asyncio.Task[Any]:
    task = asyncio.Task(made, loop=loop, **how)
    if (own := OWN.get()) is not None:
        own.add(task)
    return task


class _Wire:
    """A channel as one process calls it: it may die just before the call, or before it hears the answer."""

    def __init__(self, channel: Channel, moment: Callable[[], None]) -> None:
        self._channel = channel
        self._moment = moment

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    async def send(self, message: Any) -> Any:
        self._moment()
        outcome = await self._channel.send(message)
        self._moment()
        return outcome


async def time_passes(database: Database) -> None:
    """The seconds of real time after which leases of the dead are free and texts are read again."""
    async with database.session() as session, session.begin():
        await session.execute(FORGOTTEN)
        await session.execute(READ_AGAIN)
