"""Plays a whole month without a person and tells it: `fanxiao demo --story`.

What is printed is read from the database; the last line's numbers are counted there, and so is whether the month kept
its promises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from cases.ledger import LedgerRow, ledger
from fanxiao.cast import Actor, Cast, choose_actors
from fanxiao.demo_county import open_played_county
from fanxiao.month import load_month
from fanxiao.promises import broken_promises
from fanxiao.settings import Settings
from fanxiao.tally import Tally, count
from fanxiao.telling import Line, told_between
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from scheduler.stage import Stage
from storage.work import working

PATIENCE_SECONDS = 60
"""How long a database that was killed may take to come back before the story gives up."""

T = TypeVar("T")
Tell = Callable[[date, list[Line], Calendar], None]


@dataclass(frozen=True)
class Ending:
    """What the month left behind."""

    plan: Plan
    calendar: Calendar
    actors: list[Actor]
    ledger: list[LedgerRow]
    broken: list[str]
    tally: Tally


async def play(storage: Storage, settings: Settings, language: str, tell: Tell) -> Ending:
    """Plays from where the clock stands to the end of the month; `tell` is called with each day's lines as it ends."""
    month = load_month()
    engine, stage = await open_played_county(storage, settings, month.begins)
    calendar, actors = Calendar(engine.plan), await choose_actors(storage, month)
    cast = Cast(storage, month, actors, calendar)
    ends = month.ends.replace(tzinfo=calendar.zone).astimezone(UTC)
    told = calendar.at(month.begins.date(), month.begins.time())
    while (now := await _patiently(stage.now)) < ends:
        if calendar.day_of(now) > calendar.day_of(told):
            tell(calendar.day_of(told), await told_between(storage, engine.plan, actors, language, told, now), calendar)
            told = now
        await _patiently(lambda: _step(stage, cast, ends))
    tell(calendar.day_of(told), await told_between(storage, engine.plan, actors, language, told, ends), calendar)
    return await _ending(storage, engine.plan, calendar, actors, ends)


async def _step(stage: Stage, cast: Cast, ends: datetime) -> None:
    """To the next moment at which something is due or somebody answers. Broken off anywhere, it can be done again."""
    await stage.settle()
    await cast.read()
    due = min(filter(None, (await stage.next_due(), ends, cast.next_at)))
    now = max(due, await stage.now())
    await stage.clock.set(now)
    await cast.reply(now)
    await stage.settle()


async def _patiently(do: Callable[[], Awaitable[T]]) -> T:
    """Waits out a database that was killed and is coming back. Raises its error when it stays away."""
    for _ in range(PATIENCE_SECONDS):
        try:
            return await do()
        except (DBAPIError, OSError):
            await asyncio.sleep(1)
    return await do()


async def _ending(storage: Storage, plan: Plan, calendar: Calendar, actors: list[Actor], now: datetime) -> Ending:
    async with working(storage.worker, now) as work:
        rows = await ledger(work.session, "")
        return Ending(plan, calendar, actors, rows, await broken_promises(work.session, actors), await count(work))
