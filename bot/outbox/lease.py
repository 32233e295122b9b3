"""Which worker sends for which sender. All times are the database's own, never the stepped clock's."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.registry import Line
from bot.outbox.hours import Limits
from storage.database import Database

MARGIN = 1.0
"""Seconds before the lease's end at which its holder stops calling."""

TAKE = text("""
update sender set
    lease_epoch = lease_epoch + case when lease_holder = :holder and lease_until > clock_timestamp() then 0 else 1 end,
    lease_holder = :holder,
    lease_until = clock_timestamp() + cast(:length as interval)
where (channel, account) in (select * from unnest(cast(:channels as text[]), cast(:accounts as text[])))
    and (
        lease_holder is null or lease_holder = :holder or lease_until is null or lease_until <= clock_timestamp()
        -- nobody takes that long a lease: the clock was put back, and a living holder has renewed its own since
        or lease_until > clock_timestamp() + 2 * cast(:length as interval)
    )
returning id, channel, account, address, rate_per_second, price, lease_epoch
""")

CHECK = text("""
select daily_cap, hours_from, hours_until, used_on, used, state = 'stopped' as is_trial,
    case when asks_until > clock_timestamp() then asks_since end as asks_since
from sender
where id = :id and lease_holder = :holder and lease_epoch = :epoch and lease_until > clock_timestamp()
    and (state in ('open', 'draining') or state = 'stopped' and try_at <= :now)
""")

USE = text("update sender set used = case when used_on = :today then used else 0 end + :units, used_on = :today where id = :id")

GIVE_BACK = text("update sender set used = greatest(0, used - :units) where id = :id and used_on = :day")

RELEASE = text("update sender set lease_until = clock_timestamp() where lease_holder = :holder and lease_until > clock_timestamp()")


@dataclass(frozen=True)
class Held:
    """A sender that is ours until `deadline` (of this process's monotonic clock)."""

    sender_id: int
    line: Line
    address: str
    rate_per_second: float
    price: Decimal | None
    epoch: int
    deadline: float

    def is_over(self) -> bool:
        """Also after the process was paused: its monotonic clock went on."""
        return time.monotonic() >= self.deadline


async def hold(database: Database, holder: str, lines: Collection[Line], length: timedelta) -> list[Held]:
    """Takes or renews the lease of every sender of these accounts that nobody else holds.

    Of those that are shut too: their doubts are settled, and what they can fetch is fetched.
    """
    deadline = time.monotonic() + length.total_seconds() - MARGIN
    async with database.session() as session, session.begin():
        rows = await session.execute(TAKE, _taking(holder, lines, length))
        return [
            Held(row.id, (row.channel, row.account), row.address, row.rate_per_second, row.price, row.lease_epoch, deadline) for row in rows
        ]


def _taking(holder: str, lines: Collection[Line], length: timedelta) -> dict[str, object]:
    channels, accounts = [line[0] for line in lines], [line[1] for line in lines]
    return {"holder": holder, "channels": channels, "accounts": accounts, "length": length}


@dataclass(frozen=True)
class Standing:
    """A held sender as it stands. `is_trial`: it is stopped, and only to be tried. `asks_since`: after a restore its provider is first
    asked what it has got since then.
    """

    limits: Limits
    is_trial: bool
    asks_since: datetime | None


async def standing_if_held(session: AsyncSession, held: Held, holder: str, now: datetime) -> Standing | None:
    """None when nothing may leave from here."""
    asked = {"id": held.sender_id, "holder": holder, "epoch": held.epoch, "now": now}
    found = (await session.execute(CHECK, asked)).one_or_none()
    return Standing(Limits(*found[:-2]), found.is_trial, found.asks_since) if found is not None else None


async def use(session: AsyncSession, sender_id: int, units: int, today: date) -> None:
    """Counts what leaves today."""
    await session.execute(USE, {"id": sender_id, "units": units, "today": today})


async def give_back(session: AsyncSession, sender_id: int, units: int, day: date | None) -> None:
    """What the provider did not take no longer counts against the day on which it was counted; a day that is over is nobody's concern."""
    await session.execute(GIVE_BACK, {"id": sender_id, "units": units, "day": day})


async def release(database: Database, holder: str) -> None:
    """Lets another worker take over at once."""
    async with database.session() as session, session.begin():
        await session.execute(RELEASE, {"holder": holder})
