"""Many calls, few transactions: what comes while the last ones are being stored is stored together. Each is answered once it is safe."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.inbox.receive import Brought, write
from storage.database import Database, is_away

log = structlog.get_logger("inbox")
Waiting = tuple[Brought, "asyncio.Future[None]"]
MOST = 500
"""Calls that are stored in one transaction."""
SECONDS = 4.0
"""For storing them: a database that does not answer by then counts as away."""


class Intake:
    """One for each process that is called. It keeps a connection: opening, checking and resetting one would cost more than the storing."""

    def __init__(self, database: Database, seconds: float = SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._writing: asyncio.Task[None] | None = None
        self._connection: AsyncConnection | None = None
        self._waiting: list[Waiting] = []
        self._storing: asyncio.Task[None] | None = None

    async def store(self, call: Brought) -> None:
        """Returns once it is committed. Raises what the database said, for this call alone; TimeoutError when it said nothing."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, done))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._empty())
        await done

    async def _empty(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            await self._store(batch)

    async def _store(self, batch: Sequence[Waiting]) -> None:
        error = await self._written(batch)
        if error is not None and len(batch) > 1 and not is_away(error):
            for one in batch:  # what cannot be stored must not keep the others out
                await self._store([one])
            return
        log.info("calls stored", action="calls_stored", calls=0 if error else len(batch))
        for _, done in batch:
            _tell(done, error)

    async def _written(self, batch: Sequence[Waiting]) -> Exception | None:
        """What went wrong. Whoever brought it is told, and brings it again."""
        if self._writing is not None and not self._writing.done():
            return TimeoutError("the database still does not answer")
        self._writing = asyncio.create_task(self._write([call for call, _ in batch]))  # noqa: RUF006 - it is kept here
        await asyncio.wait({self._writing}, timeout=self._seconds)
        if not self._writing.done():  # its connection's own limits end it; should it be stored after all, the provider's ids show it
            self._writing.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            return TimeoutError("the database does not answer")
        error = self._writing.exception()
        return error if isinstance(error, Exception) else None

    async def _write(self, calls: Sequence[Brought]) -> None:
        connection, self._connection = self._connection, None
        try:
            connection = connection or await self._database.autocommit()
            await write(connection, calls)
        except Exception:
            await _drop(connection)
            raise
        self._connection = connection


async def _drop(connection: AsyncConnection | None) -> None:
    """It may be broken: the next batch opens another."""
    if connection is not None:
        with suppress(SQLAlchemyError, OSError):
            await connection.invalidate()
            await connection.close()


def _tell(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():  # the caller has gone
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
