"""A connection that stays open for statements that come again and again, each a transaction of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database

Result = TypeVar("Result")


class Kept:
    """Opening, checking and resetting a connection would cost more than such a statement. Who comes while it is in use gets another."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._free: list[AsyncConnection] = []

    async def run(self, use: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        """What `use` gives back. After an error the connection may be broken: the next one gets a new one."""
        connection = self._free.pop() if self._free else await self._database.autocommit()
        try:
            result = await use(connection)
        except BaseException:
            await _drop(connection)
            raise
        self._free.append(connection)
        return result

    async def close(self) -> None:
        """Gives back what is kept; the next use opens a new one."""
        while self._free:
            await self._free.pop().close()


async def _drop(connection: AsyncConnection) -> None:
    with suppress(SQLAlchemyError, OSError):
        await connection.invalidate()
        await connection.close()
