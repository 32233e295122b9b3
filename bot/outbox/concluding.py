"""Answers of a provider are written down as they come, those of the same moment together, and never given up while we live."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from bot.channels.base import Result
from bot.outbox.conclude import Answered

log = structlog.get_logger("courier")
Write = Callable[[Sequence[Answered], datetime], Awaitable[None]]
Waiting = tuple[Answered, datetime, "asyncio.Future[None]"]
FEW = 50
GATHER_SECONDS = 0.02
"""After a small group the next one may grow for so long."""
AGAIN_SECONDS = 1.0
MOST_UNWRITTEN = 100
"""Answers that may wait to be written before no further call begins: whoever is killed now leaves no more than these in doubt, and its
calls."""


class Concluding:
    """Of one sender. `write` stores one group in one transaction."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._unwritten = 0
        self._room = asyncio.Event()
        self._room.set()

    async def room(self) -> None:
        """Returns once so few answers wait to be written that another call may begin."""
        await self._room.wait()

    def _count(self, more: int) -> None:
        self._unwritten += more
        if self._unwritten < MOST_UNWRITTEN:
            self._room.set()
        else:
            self._room.clear()

    async def conclude(self, answered: Answered, now: datetime) -> None:
        """Returns once it is committed, or once it is clear that it never will be: then it stays in doubt."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((answered, now, done))
        self._count(1)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._empty())
        await done

    async def _empty(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                await self._store(group)
            except BaseException as error:  # the process ends: nobody may go on waiting
                for _, _, done in group:
                    done.set_exception(error)
                raise
            self._count(-len(group))
            for _, _, done in group:
                if not done.done():
                    done.set_result(None)
            if len(group) < FEW:
                await asyncio.sleep(GATHER_SECONDS)

    async def _store(self, group: Sequence[Waiting]) -> None:
        """Acceptances first and by themselves: whatever is wrong with the rest, these are not sent again."""
        now = max(at for _, at, _ in group)
        answers = [answered for answered, _, _ in group]
        await self._written([one for one in answers if one[1].result is Result.ACCEPTED], now)
        await self._written([one for one in answers if one[1].result is not Result.ACCEPTED], now)

    async def _written(self, answers: Sequence[Answered], now: datetime) -> None:
        if not answers:
            return
        while True:
            try:
                await self._write(answers, now)
                return
            except OperationalError as error:  # the database is away, and the answers are still known here
                log.warning("answers wait for the database", action="conclude_waits", answers=len(answers), error=type(error).__name__)
                await asyncio.sleep(AGAIN_SECONDS)
            except Exception as error:  # noqa: BLE001 - one that cannot be written must not spoil the others
                if len(answers) == 1:
                    log.error(
                        "answer not written", action="conclude_failed", message_id=answers[0][0].message_id, error=type(error).__name__
                    )
                    return
                break
        for one in answers:
            await self._written([one], now)
