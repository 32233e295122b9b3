"""Answers of a provider are written down as they come, those of the same moment together, and never given up while we live."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog

from bot.channels.base import Result
from bot.gathering import Gathering, Then
from bot.outbox.conclude import Answered
from storage.database import is_away

log = structlog.get_logger("courier")
Write = Callable[[Sequence[Answered], datetime], Awaitable[None]]
Known = tuple[Answered, datetime]
FEW = 50
GATHER_SECONDS = 0.02
"""After a small group the next one may grow for so long."""
MOST_UNWRITTEN = 100
"""Answers that may wait to be written before no further call begins: whoever is killed now leaves no more than these in doubt, and its
calls."""


class Concluding:
    """Of one sender. `write` stores one group in one transaction."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._gathering = Gathering(self._store, after=_after, rank=_rank, few=FEW, pause=GATHER_SECONDS)
        self._unwritten = 0
        self._room = asyncio.Event()
        self._room.set()

    async def room(self) -> None:
        """Returns once so few answers wait to be written that another call may begin."""
        await self._room.wait()

    async def conclude(self, answered: Answered, now: datetime) -> None:
        """Returns once it is committed, or once it is clear that it never will be: then it stays in doubt."""
        self._count(1)
        try:
            await self._gathering.give((answered, now))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the rest of the batch is none of its fault
            log.error("answer not written", action="conclude_failed", message_id=answered[0].message_id, error=type(error).__name__)
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        self._unwritten += more
        if self._unwritten < MOST_UNWRITTEN:
            self._room.set()
        else:
            self._room.clear()

    async def _store(self, group: Sequence[Known]) -> None:
        await self._write([answered for answered, _ in group], max(at for _, at in group))


def _rank(known: Known) -> int:
    """Acceptances first and by themselves: whatever is wrong with the rest, these are not sent again."""
    (_, outcome), _ = known
    return 0 if outcome.result is Result.ACCEPTED else 1


def _after(error: Exception, answers: int) -> Then:
    """While the database is away the answers are still known here; one that cannot be written must not spoil the others."""
    if not is_away(error):
        return Then.ALONE
    log.warning("answers wait for the database", action="conclude_waits", answers=answers, error=type(error).__name__)
    return Then.AGAIN
