"""How fast, how many at once, and when again."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from datetime import timedelta
from heapq import heappop, heappush

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 900.0
GRAIN = 0.005  # seconds below which sleeping costs more than it holds back
NAP = 1.0
"""Seconds after which whoever waits looks whether the rate has been changed."""

Waiting = tuple[int, int, float, asyncio.Future[None]]
"""Rank, order of arrival, units, and what is set when it is its turn."""


class Pace:
    """Spaces calls so that no more than `per_second` units begin in any second, and no more are under way than there are `places`.

    Of those who wait, the lowest rank goes first. `wait`: seconds before the first call (another holder may just have called).
    Turns are spaced, and so are the calls themselves: whatever holds calls up after their turns (a database that is away) must not
    let them out in a bundle.
    """

    def __init__(self, per_second: float, places: asyncio.Semaphore, wait: float = 0.0) -> None:
        self._per_second = per_second
        self._places = places
        self._next = time.monotonic() + wait
        self._calls_from = self._next
        self._calling = asyncio.Lock()
        self._bunched = 0.0
        self._waiting: list[Waiting] = []
        self._order = itertools.count()
        self._gate: asyncio.Task[None] | None = None

    async def turn(self, rank: int = 0, units: float = 1) -> None:
        """Waits until a call of so many units may begin. Whoever had a turn gives the place back by `leave`."""
        if not self._waiting and not self._places.locked() and self._next - time.monotonic() <= GRAIN:
            await self._places.acquire()
            self._take(units)
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (rank, next(self._order), units, mine))
        if self._gate is None or self._gate.done():
            self._gate = asyncio.create_task(self._let_in())
        await mine

    async def spaced(self, units: float = 1) -> None:
        """Waits, after the turn and right before the call, until the call before it is long enough ago.

        Here nobody goes before another. So as long as calls wait here no further turns are given: what is urgent waits where it may
        overtake.
        """
        self._bunched += units
        try:
            async with self._calling:
                exact = units / self._per_second >= GRAIN
                await _reach(lambda: self._calls_from, 0.0 if exact else GRAIN)
                now = time.monotonic()
                woken_late = now - self._calls_from <= GRAIN  # which must not add up to a lower rate
                self._calls_from = (self._calls_from if woken_late else now) + units / self._per_second
        finally:
            self._bunched -= units
        if self._bunched:
            self._next = max(self._next, self._calls_from + self._bunched / self._per_second)

    @property
    def per_second(self) -> float:
        """Units; changed, it holds at once also for those who wait."""
        return self._per_second

    @per_second.setter
    def per_second(self, rate: float) -> None:
        now, slower = time.monotonic(), self._per_second / rate
        self._next = now + max(0.0, self._next - now) * slower
        self._calls_from = now + max(0.0, self._calls_from - now) * slower
        self._per_second = rate

    @property
    def waiting(self) -> int:
        """How many calls have not had their turn yet."""
        return len(self._waiting)

    def waiting_until(self, rank: int) -> int:
        """How many of these are of this rank or go before it."""
        return sum(of <= rank for of, _, _, _ in self._waiting)

    def leave(self) -> None:
        """The call has ended."""
        self._places.release()

    def _take(self, units: float) -> None:
        self._next = max(self._next, time.monotonic()) + units / self._per_second

    async def _let_in(self) -> None:
        while self._waiting:
            await self._places.acquire()
            await _reach(lambda: self._next, GRAIN)
            _, _, units, turn = heappop(self._waiting)
            if turn.done():  # whoever waited was cancelled
                self._places.release()
                continue
            self._take(units)
            turn.set_result(None)


async def _reach(moment: Callable[[], float], grain: float) -> None:
    while (ahead := moment() - time.monotonic()) > grain:  # noqa: ASYNC110 - the moment moves when the rate is changed
        await asyncio.sleep(min(ahead, NAP))


def pause(tries: int, asked: float | None, jitter: float) -> timedelta:
    """How long to wait after the `tries`-th refusal (1 is the first): doubling, and never less than the provider asked.

    `jitter` between 0 and 1 spreads what failed together.
    """
    doubled = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
    return timedelta(seconds=max(doubled * (0.5 + jitter), asked or 0.0))
