"""Calls that are about to be made are written down first, those of the same moment in one statement.

Whoever dies leaves a whole batch of attempts behind, of which few were ever called. These few alone are in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.gathering import Gathering, Then
from bot.outbox.lease import Held, give_back
from bot.outbox.settings import OutboxSettings
from storage.database import Database, is_away
from storage.kept import Kept
from storage.tables import WAITING_SQL
from storage.work import working

log = structlog.get_logger("courier")
Call = tuple[int, bool]
"""An attempt, and whether it tries a sender that is stopped."""

# The epoch, too: where the database's clock jumped, or this machine slept, another may hold the sender without our clock telling us.
# And the state: what was taken off the queue before a sender was paused or stopped does not leave any more; only a trial does.
BEGIN = text("""
update attempt set called_at = clock_timestamp()
from message join sender on sender.id = message.sender_id
where attempt.id = any(:ids) and attempt.outcome is null and message.id = attempt.message_id and sender.lease_epoch = attempt.epoch
    and (sender.state in ('open', 'draining') or sender.state = 'stopped' and attempt.id = any(cast(:trials as bigint[])))
returning attempt.id
""")

# Once it says so, whoever still means to make that call is not let through: no need to wait for the end of its lease.
GIVE_UP = text(f"""
with never as (
    update attempt set outcome = 'not_called', finished_at = clock_timestamp()
    from message where message.id = attempt.message_id and message.sender_id = :sender and attempt.epoch < :epoch
        and attempt.outcome is null and attempt.called_at is null
    returning attempt.message_id, attempt.counted_on
)
update message set retry_at = :now from never where message.id = never.message_id and message.state in {WAITING_SQL}
returning never.counted_on, message.parts
""")


async def put_back(database: Database, now: datetime, held: Held, settings: OutboxSettings) -> int:
    """What earlier holders had taken and never called may go, and no longer counts against the day; gives how many messages."""
    async with working(database, now) as work:
        given_up = (await work.session.execute(GIVE_UP, {"sender": held.sender_id, "epoch": held.epoch, "now": now})).all()
        units: Counter[date | None] = Counter()
        for day, parts in given_up:
            units[day] += settings.channels[held.line].capabilities.units(parts)
        for day, count in units.items():
            await give_back(work.session, held.sender_id, count, day)
        if given_up:
            log.warning("never called", action="put_back", sender_id=held.sender_id, messages=len(given_up))
    return len(given_up)


class Beginning:
    """One for each process. Keeps nothing but what waits to be written."""

    def __init__(self, database: Database) -> None:
        self._kept = Kept(database)
        self._gathering: Gathering[Call, set[int]] = Gathering(self._write, after=_after)

    async def close(self) -> None:
        """Gives its connection back."""
        await self._kept.close()

    async def may_call(self, attempt_id: int, *, is_trial: bool = False) -> bool:
        """Whether this call may be made now: it is written down, and nobody else has taken the sender or shut it.

        `is_trial`: also from a sender that is stopped. Raises what the database said.

        While the database is away it waits: nothing was called, so nothing has failed.
        """
        return attempt_id in await self._gathering.give((attempt_id, is_trial))

    async def _write(self, calls: Sequence[Call]) -> set[int]:
        return await self._kept.run(partial(_begin, calls=calls))


def _after(error: Exception, calls: int) -> Then:
    if not is_away(error):
        return Then.TELL
    log.warning("calls wait for the database", action="begin_waits", calls=calls, error=type(error).__name__)
    return Then.AGAIN


async def _begin(connection: AsyncConnection, calls: Sequence[Call]) -> set[int]:
    told = {"ids": [attempt_id for attempt_id, _ in calls], "trials": [attempt_id for attempt_id, is_trial in calls if is_trial]}
    return set(await connection.scalars(BEGIN, told))
