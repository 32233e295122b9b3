"""Many calls, few transactions: what comes while the last ones are being stored is stored together. Each is answered once it is safe."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.inbox.receive import Brought, write
from storage.database import Database

log = structlog.get_logger("inbox")
Waiting = tuple[Brought, "asyncio.Future[None]"]
MOST = 500
"""Calls that are stored in one transaction."""


class Intake:
    """One for each process that is called. It keeps a connection: opening, checking and resetting one would cost more than the storing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: AsyncConnection | None = None
        self._waiting: list[Waiting] = []
        self._storing: asyncio.Task[None] | None = None

    async def store(self, call: Brought) -> None:
        """Returns once it is committed. Raises what the database said, for this call alone."""
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
        if error is not None and len(batch) > 1 and not isinstance(error, OperationalError):
            for one in batch:  # what cannot be stored must not keep the others out
                await self._store([one])
            return
        log.info("calls stored", action="calls_stored", calls=0 if error else len(batch))
        for _, done in batch:
            _tell(done, error)

    async def _written(self, batch: Sequence[Waiting]) -> Exception | None:
        """What went wrong. Whoever brought it is told, and brings it again."""
        try:
            if self._connection is None:
                self._connection = await self._database.autocommit()
            await write(self._connection, [call for call, _ in batch])
        except Exception as error:  # noqa: BLE001
            await self._drop()
            return error
        return None

    async def _drop(self) -> None:
        """It may be broken: the next batch opens another."""
        connection, self._connection = self._connection, None
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
