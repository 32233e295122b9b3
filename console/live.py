"""News for open pages: the database tells every web process where something happened, and each tells its own readers.

Only area codes travel. What happened is read anew by the page itself, under its reader's own policies.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from storage.database import Database

log = structlog.get_logger("web")
CHANNEL = "fanxiao_news"
TOGETHER = 1.0
"""Seconds for which news is gathered before a page is told: a morning's thousands of answers are one refresh a second."""
ALIVE = 20.0
"""Seconds after which a silent connection says that it lives; proxies close others."""
AGAIN = 3.0
"""Seconds until the database is asked again after it went away."""


class Reader:
    """One open page. `area`: that of its reader; what happened above, in or below it concerns them."""

    def __init__(self, area: str) -> None:
        self.area = area
        self.touched = asyncio.Event()

    def hear(self, area: str) -> None:
        if area.startswith(self.area) or self.area.startswith(area):
            self.touched.set()


class News:
    """The readers of this process."""

    def __init__(self) -> None:
        self._readers: set[Reader] = set()
        self._ended = asyncio.Event()

    def tell(self, area: str) -> None:
        """Something happened there."""
        for reader in self._readers:
            reader.hear(area)

    async def stream(self, area: str) -> AsyncIterator[str]:
        """Server-sent events for one page, until it goes away or we end."""
        reader = Reader(area)
        self._readers.add(reader)
        try:
            yield "retry: 3000\n\n"
            while not self._ended.is_set():
                yield await self._next(reader)
        finally:
            self._readers.discard(reader)

    async def _next(self, reader: Reader) -> str:
        waiting = {asyncio.create_task(reader.touched.wait()), asyncio.create_task(self._ended.wait())}
        try:
            await asyncio.wait(waiting, timeout=ALIVE, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        if not reader.touched.is_set() or self._ended.is_set():
            return ": alive\n\n"
        await asyncio.sleep(TOGETHER)
        reader.touched.clear()
        return "event: changed\ndata: 1\n\n"

    @asynccontextmanager
    async def listening(self, web: Database) -> AsyncIterator[None]:
        """Inside, the database's news reaches the readers; at the end all streams close, so that the process can."""
        listener = asyncio.create_task(self._listen(web))
        try:
            yield
        finally:
            self._ended.set()
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    async def _listen(self, web: Database) -> None:
        while True:
            try:
                await self._hear(web)
            except (SQLAlchemyError, OSError) as error:
                log.warning("news interrupted", action="news_interrupted", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - the driver's own faults; pages fall behind until it is there again
                log.warning("news interrupted", action="news_interrupted", error=type(error).__name__)
            await asyncio.sleep(AGAIN)
            self.tell("")  # what was missed meanwhile may concern anybody

    async def _hear(self, web: Database) -> None:
        connection = await web.autocommit()
        try:
            await connection.execute(text(f"listen {CHANNEL}"))
            raw: Any = (await connection.get_raw_connection()).driver_connection
            async for told in raw.notifies():
                self.tell(told.payload)
        finally:
            with suppress(SQLAlchemyError, OSError):
                await connection.close()
