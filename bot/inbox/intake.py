"""Many calls, few transactions: what comes while the last ones are being stored is stored together. Each is answered once it is safe."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.gathering import Gathering, Then
from bot.inbox.receive import Brought, write
from storage.database import Database, is_away
from storage.kept import Kept

log = structlog.get_logger("inbox")
MOST = 500
"""Calls that are stored in one transaction."""
SECONDS = 4.0
"""For storing them: a database that does not answer by then counts as away."""


class Intake:
    """One for each process that is called."""

    def __init__(self, database: Database, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._writing: asyncio.Task[list[int]] | None = None
        self._kept = Kept(database)
        self._gathering = Gathering(self._store, after=_after, most=MOST)

    async def store(self, call: Brought) -> None:
        """Returns once it is committed. Raises what the database said, for this call alone; TimeoutError when it said nothing."""
        await self._gathering.give(call)

    async def _store(self, calls: Sequence[Brought]) -> None:
        """Whoever brought what is not stored is told, and brings it again."""
        if self._writing is not None and not self._writing.done():
            raise TimeoutError("the database still does not answer")
        self._writing = asyncio.create_task(self._kept.run(lambda connection: write(connection, calls)))
        await asyncio.wait({self._writing}, timeout=self._seconds)
        if not self._writing.done():  # its connection's own limits end it; should it be stored after all, the provider's ids show it
            self._writing.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            raise TimeoutError("the database does not answer")
        await self._writing
        log.info("calls stored", action="calls_stored", calls=len(calls))


def _after(error: Exception, _calls: int) -> Then:
    """What cannot be stored must not keep the others out."""
    return Then.TELL if is_away(error) else Then.ALONE
