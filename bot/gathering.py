"""Many who wait, few writes: what comes while the last group is being written is written together next.

What becomes of a group that cannot be written is said by whoever gathers: every caller is told, or each item is tried by itself, or the
same is tried until it is written. A caller that has gone is not told; an item once given is written all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from enum import Enum, auto
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Write = Callable[[Sequence[Item]], Awaitable[Result]]
Waiting = tuple[Item, asyncio.Future[Result]]
"""An item, and what its caller waits for."""
AGAIN_SECONDS = 1.0


class Then(Enum):
    """What follows when a group could not be written."""

    TELL = auto()
    """Every caller gets the error."""
    ALONE = auto()
    """Each item is written by itself, and only the caller of one that fails again gets its error."""
    AGAIN = auto()
    """The same group after a second: nobody is told before it is written, or fails in another way."""


def tell(_error: Exception, _items: int) -> Then:
    return Then.TELL


def _in_one(_item: object) -> int:
    return 0


class Gathering(Generic[Item, Result]):
    """`write` writes one group, in the order in which its items were given; what it gives back is given to every caller of that group."""

    def __init__(
        self,
        write: Write[Item, Result],
        *,
        after: Callable[[Exception, int], Then] = tell,
        rank: Callable[[Item], int] = _in_one,
        most: int | None = None,
        few: int = 0,
        pause: float = 0.0,
    ) -> None:
        """`after` is asked with the error and the number of items. Items of a lower `rank` are written first, in groups of their own.

        A group has `most` items at the most. Where fewer than `few` came, the next may gather for `pause` seconds.
        """
        self._write = write
        self._after = after
        self._rank = rank
        self._most = most
        self._few = few
        self._pause = pause
        self._waiting: list[Waiting[Item, Result]] = []
        self._writing: asyncio.Task[None] | None = None

    async def give(self, item: Item) -> Result:
        """Returns once it is written. Raises what `write` said, where the failure is one that is told."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._empty())
        return await done

    async def _empty(self) -> None:
        taken: list[Waiting[Item, Result]] = []
        try:
            while self._waiting:
                taken, self._waiting = self._waiting, []
                for group in self._groups(taken):
                    await self._put(group)
                if len(taken) < self._few:
                    await asyncio.sleep(self._pause)
        except BaseException as error:  # the process ends: nobody may go on waiting
            left, self._waiting = [*taken, *self._waiting], []
            _refuse(left, error)
            raise

    def _groups(self, taken: Sequence[Waiting[Item, Result]]) -> Iterator[Sequence[Waiting[Item, Result]]]:
        for rank in sorted({self._rank(item) for item, _ in taken}):
            alike = [one for one in taken if self._rank(one[0]) == rank]
            most = self._most or len(alike)
            yield from (alike[start : start + most] for start in range(0, len(alike), most))

    async def _put(self, group: Sequence[Waiting[Item, Result]]) -> None:
        while (error := await self._failed(group)) is not None:
            then = self._after(error, len(group))
            if then is Then.AGAIN:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if then is Then.ALONE and len(group) > 1:
                for one in group:
                    await self._put([one])
            else:
                _refuse(group, error)
            return

    async def _failed(self, group: Sequence[Waiting[Item, Result]]) -> Exception | None:
        """What went wrong; where nothing did, the callers know."""
        try:
            result = await self._write([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - it is told, or tried again
            return error
        for _, done in group:
            if not done.done():
                done.set_result(result)
        return None


def _refuse(group: Sequence[Waiting[Item, Result]], error: BaseException) -> None:
    for _, done in group:
        if not done.done():
            done.set_exception(error)
