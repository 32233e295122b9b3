"""The worker: its loops in production, and one pass over everything for tests and the demo."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import exists, select

from bot.inbox.handle import Route, handle
from bot.inbox.listening import Listeners
from bot.inbox.photos import fetch_photos
from bot.inbox.unheard import ask_unheard
from bot.outbox.buttons import clear_buttons
from bot.outbox.claim import is_due
from bot.outbox.courier import Courier
from bot.outbox.dispatch import dispatch
from bot.outbox.settings import OutboxSettings
from bot.outbox.statuses import apply_statuses
from storage.clock import Clock
from storage.database import Database
from storage.tables import DeliveryStatus, Inbound, Intent, Message, Photo, is_waiting

log = structlog.get_logger("worker")
Step = Callable[[datetime], Awaitable[int]]
IDLE_SECONDS = 0.5
BUTTONS_SECONDS = 5.0
"""Between two looks for buttons that nobody should press any more."""
UNHEARD_SECONDS = 60.0
"""Between two looks for messages of which nobody has said a word."""
GATHER_SECONDS = 0.05
"""After a small batch the next one may grow for so long: a transaction for each handful would cost more than it gains."""
DISPATCHERS = 2
"""While one batch waits for the database, the next is put into words."""
READERS = 2
"""What came in is acted on one text after the other, and most of that is waiting: with two, replies keep up beside a campaign."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 15.0


@dataclass(frozen=True)
class Waiting:
    """Which steps have something to do."""

    statuses: bool
    inbox: bool
    photos: bool
    dispatch: bool
    deliver: bool


class Worker:
    """Sends what is due and handles what came in. Several may run; each has a name of its own."""

    def __init__(self, database: Database, clock: Clock, settings: OutboxSettings, route: Route) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._route = route
        self._listeners = Listeners(database, settings.cipher, clock, settings.channels, has_hooks=bool(settings.public_url))
        self._courier = Courier(database, settings, f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}")

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then what is under way is finished and the senders are given up."""
        few = self._settings.batch // 4
        loops = [self._loop("statuses", self._statuses, 30, stop, gather=few)]
        loops += [self._loop("inbox", self._inbox, 60, stop) for _ in range(READERS)]
        loops.append(self._loop("photos", self._photos, 120, stop))
        loops.append(self._loop("buttons", self._buttons_slowly, 60, stop, idle=BUTTONS_SECONDS))
        loops.append(self._loop("unheard", self._unheard, 60, stop, idle=UNHEARD_SECONDS))
        loops += [self._loop("dispatch", self._dispatch, 60, stop, gather=few) for _ in range(DISPATCHERS)]
        loops += [self._loop("deliver", self._deliver, 60, stop)]
        loops += [self._loop("leases", self._courier.renew, 5, stop), self._loop("house", self._courier.keep_house, 60, stop)]
        await asyncio.gather(*loops)
        await self._listeners.stop()
        await self._courier.stop()

    async def drain(self, now: datetime) -> int:
        """Does everything that is due at `now`, and all that follows from it; gives how many things were done."""
        total = 0
        while done := await self._pass(now, await self.waiting(now)):
            total += done
        await self._courier.stop()
        return total

    async def waiting(self, now: datetime) -> Waiting:
        """Looks into all queues with one query."""
        query = select(
            exists().where(DeliveryStatus.applied_at.is_(None)),
            exists().where(Inbound.handled_at.is_(None)),
            exists().where(Photo.state == "waiting", Photo.next_at <= now),
            exists(select(Intent.id).where(is_due(now))),
            exists(select(Message.id).where(is_waiting())),
        )
        async with self._database.session() as session:
            return Waiting(*(await session.execute(query)).one())

    async def _pass(self, now: datetime, waiting: Waiting) -> int:
        done = await self._statuses(now) if waiting.statuses else 0
        done += await self._inbox(now) if waiting.inbox else 0
        done += await self._photos(now) if waiting.photos else 0
        done += await self._dispatch(now) if waiting.dispatch else 0
        done += await self._courier.deliver(now) if waiting.deliver else 0
        return done + await self._buttons(now) + await self._unheard(now)

    async def _statuses(self, now: datetime) -> int:
        return await apply_statuses(self._database, now, self._settings)

    async def _inbox(self, now: datetime) -> int:
        return await handle(self._database, now, self._route)

    async def _photos(self, now: datetime) -> int:
        return await fetch_photos(self._database, now, self._settings.channels, self._settings.cipher)

    async def _dispatch(self, now: datetime) -> int:
        return await dispatch(self._database, now, self._settings)

    async def _buttons(self, now: datetime) -> int:
        return await clear_buttons(self._database, now, self._settings)

    async def _buttons_slowly(self, now: datetime) -> int:
        """However many there are, the loop rests afterwards: messages need the provider's rate more."""
        await self._buttons(now)
        return 0

    async def _unheard(self, now: datetime) -> int:
        return await ask_unheard(self._database, now, self._settings)

    async def _deliver(self, now: datetime) -> int:
        """Sends, and listens on the accounts for which this process sends."""
        done = await self._courier.keep_delivering(now)
        self._listeners.follow(self._courier.lines())
        return done

    async def _loop(self, name: str, step: Step, seconds: float, stop: asyncio.Event, gather: int = 0, idle: float = IDLE_SECONDS) -> None:
        """Runs one step again and again. An error is logged and waited out (the database may be gone); the other loops go on."""
        failures = 0
        while not stop.is_set():
            try:
                async with asyncio.timeout(seconds):
                    done = await step(await self._clock.now())
                failures = 0
            except Exception as error:  # noqa: BLE001 - a loop never ends but by `stop`
                failures += 1
                done = 0
                log.error("step failed", action="step_failed", step=name, failures=failures, error=type(error).__name__)
            if not done:
                await _rest(stop, failures, idle)
            elif done < gather:
                await asyncio.sleep(GATHER_SECONDS)


async def _rest(stop: asyncio.Event, failures: int, idle: float) -> None:
    seconds = min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE) if failures else idle
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
