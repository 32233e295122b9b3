"""What some set of statements costs that send messages and lose none: a program that does what they ask and decides nothing.

It claims and words messages, takes them, writes down that a call is about to be made, makes it, writes down its answer, and applies what
the provider reports. Each step is one statement for many messages, and one commit. Numbers are decrypted: they are kept no other way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from bench._county import County
from bot.gathering import Gathering
from storage.roles import Role
from storage.server import keywords

BATCH, AHEAD, REST_SECONDS = 500, 2, 0.02
Post = Callable[[str], Awaitable[str]]
"""To this number; gives the provider's name of the message."""
BODY = (
    "【东乡县教育局】马小龙家长您好，锁南小学三(2)班的马小龙今天还没到校，老师很惦记。请回数字：1生病请假 2今天送来 3明天送来 4已转学搬走"
)
"""What everybody is told."""
Call = tuple[int, int, bytes]
"""Names of the attempt and of the message, the number encrypted."""


@dataclass(frozen=True)
class Statements:
    """`prepared` is done once, by the administrator, when everybody's question has been asked for."""

    prepared: str
    taken: str
    """With the facts: names of the next messages. In one transaction with `begun`."""
    begun: str
    """With these names: a call each."""
    accepted: str
    """With names of attempts, of messages, and the provider's names of them."""
    applied: str
    """Of so many reports: how many were."""
    arrived: str
    """How many messages are known to have arrived."""
    module: str
    """The process that the provider reports to."""
    worded: str | None = None
    """With the facts: how many messages have been put on the queue."""
    called: str | None = None
    """With the names of attempts whose calls are made now."""
    facts: Callable[[County], dict[str, Any]] = lambda _county: {}


class Bound:
    """One process. `at_once` calls are under way at the most."""

    def __init__(
        self,
        county: County,
        pool: AsyncConnectionPool[psycopg.AsyncConnection],
        statements: Statements,
        post: Post,
        at_once: int,
    ) -> None:
        self._county, self._pool, self._asks, self._post = county, pool, statements, post
        self._facts = statements.facts(county) | {"batch": BATCH}
        self._places, self._ahead = asyncio.Semaphore(at_once), asyncio.Semaphore(AHEAD)
        self._calling: Gathering[int, None] = Gathering(self._called)
        self._answering: Gathering[tuple[int, int, str], None] = Gathering(self._accepted)

    async def run(self, messages: int) -> None:
        """Until each has been reported."""
        async with asyncio.TaskGroup() as group:
            for part in (self._word, self._send, self._apply):
                group.create_task(part(messages))

    async def _word(self, messages: int) -> None:
        while self._asks.worded is not None and messages:
            messages -= (await self._rows(self._asks.worded, self._facts))[0][0]

    async def _send(self, messages: int) -> None:
        async with asyncio.TaskGroup() as calls:
            while messages:
                await self._ahead.acquire()
                taken = await self._taken()
                messages -= len(taken)
                if not taken:
                    await asyncio.sleep(REST_SECONDS)
                calls.create_task(self._batch(taken))

    async def _taken(self) -> Sequence[Call]:
        async with self._pool.connection() as connection, connection.transaction():
            found = await connection.execute(self._asks.taken.encode(), self._facts)
            begun = await connection.execute(self._asks.begun.encode(), [[message_id for (message_id,) in await found.fetchall()]])
            return await begun.fetchall()

    async def _batch(self, taken: Sequence[Call]) -> None:
        try:
            await asyncio.gather(*map(self._one, taken))
        finally:
            self._ahead.release()

    async def _one(self, call: Call) -> None:
        attempt_id, message_id, address = call
        number = self._county.cipher.decrypt(address)
        async with self._places:
            if self._asks.called is not None:
                await self._calling.give(attempt_id)
            name = await self._post(number)
        await self._answering.give((attempt_id, message_id, name))

    async def _called(self, ids: Sequence[int]) -> None:
        assert self._asks.called is not None
        await self._rows(self._asks.called, [list(ids)])

    async def _accepted(self, answers: Sequence[tuple[int, int, str]]) -> None:
        await self._rows(self._asks.accepted, [list(column) for column in zip(*answers, strict=True)])

    async def _apply(self, messages: int) -> None:
        while messages:
            applied = (await self._rows(self._asks.applied, [BATCH]))[0][0]
            messages -= applied
            if not applied:
                await asyncio.sleep(REST_SECONDS)

    async def _rows(self, statement: str, facts: Any) -> list[Any]:
        async with self._pool.connection() as connection:
            found = await connection.execute(statement.encode(), facts)
            return await found.fetchall() if found.description else []


@asynccontextmanager
async def bound(county: County, statements: Statements, post: Post, at_once: int) -> AsyncIterator[Bound]:
    """Its connections are open."""
    settings = keywords(county.server.logins[Role.WORKER]) | {"autocommit": True}
    async with AsyncConnectionPool(kwargs=settings, min_size=6, open=False) as pool:
        yield Bound(county, pool, statements, post, at_once)
