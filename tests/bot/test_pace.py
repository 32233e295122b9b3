"""How a sender's rate is held, by a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import SimpleNamespace

import pytest

from bot.outbox.pace import GRAIN, Pace

STEP = 0.001
NEARLY = GRAIN + 2 * STEP


class Clock:
    """Sleepers wake when it has been moved so far."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        ends = self.now + seconds
        while self.now < ends - STEP / 10:  # noqa: ASYNC110 - nothing else tells it
            await asyncio.sleep(0)

    async def goes(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP)):
            self.now += STEP
            for _ in range(4):
                await asyncio.sleep(0)

    async def ends(self, doing: Awaitable[None]) -> float:
        """When it is over."""
        task = asyncio.ensure_future(doing)
        while not task.done():
            assert self.now < 60, "it never ends"
            await self.goes(STEP)
        await task
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("bot.outbox.pace.time", SimpleNamespace(monotonic=made.monotonic))
    monkeypatch.setattr("bot.outbox.pace.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": made.sleep}))
    return made


def _pace(per_second: float, places: int = 9, wait: float = 0.0) -> Pace:
    return Pace(per_second, asyncio.Semaphore(places), wait)


async def test_a_long_text_takes_the_time_of_its_parts(clock: Clock) -> None:
    pace = _pace(10)
    await pace.turn(units=5)
    assert await clock.ends(pace.turn()) == pytest.approx(0.5, abs=NEARLY)
    called = _pace(10)
    begun = clock.now
    await called.spaced(5)
    assert await clock.ends(called.spaced()) - begun == pytest.approx(0.5, abs=NEARLY)


async def test_after_another_holder_the_first_call_waits(clock: Clock) -> None:
    pace = _pace(10, wait=0.3)
    assert await clock.ends(pace.turn()) == pytest.approx(0.3, abs=NEARLY)


async def test_a_lower_rate_holds_at_once_for_the_next_turn_and_the_next_call(clock: Clock) -> None:
    turns, calls = _pace(10), _pace(10)
    await turns.turn()
    await calls.spaced()
    turns.per_second = calls.per_second = 1.0
    turn, call = asyncio.ensure_future(turns.turn()), asyncio.ensure_future(calls.spaced())
    await clock.goes(0.9)
    assert (turn.done(), call.done()) == (False, False)
    await clock.goes(0.2)
    assert (turn.done(), call.done()) == (True, True)


async def test_the_most_urgent_goes_first_and_nobody_overtakes_their_like(clock: Clock) -> None:
    """Also whoever comes at the very moment at which the one before may go."""
    pace, begun = _pace(10), list[str]()

    async def call(name: str, rank: int) -> None:
        await pace.turn(rank)
        begun.append(name)

    await pace.turn()
    calls = [asyncio.ensure_future(call(name, rank)) for name, rank in (("bulk", 2), ("duty", 1), ("safety", 0))]
    await clock.goes(0.02)
    clock.now = 0.5
    goes_on = asyncio.ensure_future(clock.goes(1))
    await call("late", 2)
    await asyncio.gather(*calls, goes_on)
    assert begun == ["safety", "duty", "bulk", "late"]


async def test_whoever_gives_up_waiting_takes_no_place_away(clock: Clock) -> None:
    pace = _pace(10, places=1)
    await pace.turn()
    gives_up, stays = asyncio.ensure_future(pace.turn()), asyncio.ensure_future(pace.turn())
    await clock.goes(0.2)
    gives_up.cancel()
    pace.leave()
    await clock.goes(0.2)
    assert stays.done()
    pace.leave()
    await asyncio.wait_for(pace.turn(), 1)


async def test_calls_that_stand_still_let_nobody_else_take_a_turn(clock: Clock) -> None:
    """Five have had their turns: the next one comes when they have called."""
    pace = _pace(10)
    for _ in range(5):
        await clock.ends(pace.turn())
    begun = clock.now
    bunched = [asyncio.ensure_future(pace.spaced()) for _ in range(5)]
    await clock.goes(0.15)
    assert await clock.ends(pace.turn()) - begun == pytest.approx(0.5, abs=0.1)
    await clock.ends(asyncio.gather(*bunched))  # type: ignore[arg-type]
