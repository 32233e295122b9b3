"""The one place where time is read.

`SystemClock` in production. `SteppedClock` in tests and the demo moves only when told, and every process reads the same
hour from the database. Both give UTC; what a time means locally is decided with the plan's time zone.
Leases, queue visibility and network time-outs stay in real time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from storage.database import Database
from storage.tables import ClockSetting


class Clock(Protocol):
    """Tells the product's time (UTC)."""

    async def now(self) -> datetime: ...


class SystemClock:
    """The machine's own time."""

    async def now(self) -> datetime:
        return datetime.now(UTC)


class SteppedClock:
    """A time kept in the database; starts where it was left, or at `start`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now(self) -> datetime:
        async with self._database.session() as session:
            found = await session.scalar(select(ClockSetting.now).where(ClockSetting.id == 1))
        if found is None:
            raise LookupError("the stepped clock has not been set")
        return found.astimezone(UTC)

    async def set(self, now: datetime) -> None:
        """Moves to `now`; going back is refused, as the record would contradict itself."""
        async with self._database.session() as session, session.begin():
            found = await session.scalar(select(ClockSetting.now).where(ClockSetting.id == 1))
            if found is not None and now < found:
                raise ValueError("a stepped clock only moves forward")
            values = {"id": 1, "now": now}
            await session.execute(insert(ClockSetting).values(values).on_conflict_do_update(index_elements=["id"], set_={"now": now}))
