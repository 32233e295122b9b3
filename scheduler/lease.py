"""Who leads: one process at a time, by a row with a holder, an epoch and an expiry in the database's own time."""

from __future__ import annotations

import time
from datetime import timedelta

from sqlalchemy import text

from storage.database import Database

LENGTH = timedelta(seconds=10)
MARGIN = 1.0
"""Seconds before the lease's end at which its holder stops leading."""

TAKE = text("""
insert into lease (name, holder, epoch, until) values (:name, :holder, 1, clock_timestamp() + cast(:length as interval))
on conflict (name) do update set
    epoch = lease.epoch + case when lease.holder = excluded.holder and lease.until > clock_timestamp() then 0 else 1 end,
    holder = excluded.holder,
    until = clock_timestamp() + cast(:length as interval)
where lease.holder = excluded.holder or lease.until <= clock_timestamp()
    -- nobody takes that long a lease: the clock was put back, and a living holder has renewed its own since
    or lease.until > clock_timestamp() + 2 * cast(:length as interval)
returning epoch
""")
RELEASE = text("update lease set until = clock_timestamp() where name = :name and holder = :holder and until > clock_timestamp()")


class Lease:
    """One process's claim to lead in `name`. `holder` must be its own alone."""

    def __init__(self, database: Database, name: str, holder: str, length: timedelta = LENGTH) -> None:
        self._database = database
        self._name = name
        self._holder = holder
        self._length = length
        self._deadline = 0.0
        self.epoch = 0
        """Grows by one at every change of leader."""

    async def take(self) -> bool:
        """Takes or renews the lease; False while another process holds it."""
        asked = time.monotonic()
        values = {"name": self._name, "holder": self._holder, "length": self._length}
        async with self._database.session() as session, session.begin():
            epoch = await session.scalar(TAKE, values)
        if epoch is None:
            self._deadline = 0.0
            return False
        self.epoch = epoch
        self._deadline = asked + self._length.total_seconds() - MARGIN
        return True

    def is_held(self) -> bool:
        """Also right after this process was paused: its monotonic clock went on."""
        return time.monotonic() < self._deadline

    async def release(self) -> None:
        """Lets another process lead at once."""
        self._deadline = 0.0
        async with self._database.session() as session, session.begin():
            await session.execute(RELEASE, {"name": self._name, "holder": self._holder})
