"""What is given at one moment is written together; nobody waits in vain, and nothing is lost or written twice, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot import gathering
from bot.gathering import Gathering, Then


class Book:
    """Remembers the groups that were written. `refused` items cannot be; while `away`, nothing can."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.tries = 0
        self.refused: set[int] = set()
        self.away = 0
        self.held = asyncio.Event()
        self.held.set()

    async def write(self, items: Sequence[int]) -> int:
        self.tries += 1
        await self.held.wait()
        if self.away:
            self.away -= 1
            raise ConnectionError
        if self.refused & set(items):
            raise ValueError(min(self.refused & set(items)))
        self.groups.append(list(items))
        return len(self.groups)


def _after(error: Exception, _items: int) -> Then:
    return Then.AGAIN if isinstance(error, ConnectionError) else Then.ALONE


async def _all(gathered: Gathering[int, int], items: Sequence[int]) -> list[int | BaseException]:
    return await asyncio.gather(*(gathered.give(item) for item in items), return_exceptions=True)


async def test_what_comes_while_one_group_is_written_is_written_together() -> None:
    book = Book()
    book.held.clear()
    gathered = Gathering(book.write)
    first = asyncio.create_task(gathered.give(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = asyncio.create_task(_all(gathered, range(1, 6)))
    await asyncio.sleep(0.01)
    book.held.set()
    assert (await first, await rest) == (1, [2] * 5)  # each caller is told what its own group gave
    assert book.groups == [[0], [1, 2, 3, 4, 5]]


async def test_groups_are_no_larger_than_they_may_be_and_the_first_rank_goes_first() -> None:
    book = Book()
    await _all(Gathering(book.write, most=2, rank=lambda item: item % 2), range(7))
    assert book.groups == [[0, 2], [4, 6], [1, 3], [5]]


async def test_after_a_few_the_next_may_gather() -> None:
    book = Book()
    gathered = Gathering(book.write, few=5, pause=0.3)
    await gathered.give(0)
    late = [asyncio.create_task(gathered.give(number)) for number in (1, 2)]
    await asyncio.sleep(0.01)
    late.append(asyncio.create_task(gathered.give(3)))
    await asyncio.gather(*late)
    assert book.groups == [[0], [1, 2, 3]]


async def test_where_failures_are_told_every_caller_of_that_group_is_told_and_no_other() -> None:
    book = Book()
    book.refused = {2}
    gathered = Gathering(book.write, most=3)
    said = await _all(gathered, range(5))
    assert [type(one) for one in said] == [ValueError] * 3 + [int] * 2
    assert book.groups == [[3, 4]]
    assert await gathered.give(7) == 2


async def test_one_that_cannot_be_written_is_set_aside_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "AGAIN_SECONDS", 0.001)
    book = Book()
    book.refused, book.away = {1, 3}, 3
    said = await _all(Gathering(book.write, after=_after), range(5))
    assert [isinstance(one, ValueError) for one in said] == [False, True, False, True, False]
    assert book.groups == [[0], [2], [4]]
    assert book.tries == 3 + 1 + 5  # away; together; each alone


async def test_while_it_is_away_nobody_is_told_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "AGAIN_SECONDS", 0.001)
    book = Book()
    book.away = 2_000  # far more than what may call itself
    assert await _all(Gathering(book.write, after=_after), range(3)) == [1] * 3
    assert book.groups == [[0, 1, 2]]


async def test_a_caller_that_has_gone_holds_up_nobody_and_its_item_is_written() -> None:
    book = Book()
    book.held.clear()
    gathered = Gathering(book.write)
    calls = [asyncio.create_task(gathered.give(item)) for item in range(3)]
    await asyncio.sleep(0.01)
    calls[1].cancel()
    book.held.set()
    said = await asyncio.gather(*calls, return_exceptions=True)
    assert [said[0], type(said[1]), said[2]] == [1, asyncio.CancelledError, 1]
    assert book.groups == [[0, 1, 2]]


async def test_when_the_process_ends_nobody_goes_on_waiting() -> None:
    book = Book()
    book.held.clear()
    gathered = Gathering(book.write, most=1)
    calls = [asyncio.create_task(gathered.give(item)) for item in range(2)]
    await asyncio.sleep(0.01)
    calls.append(asyncio.create_task(gathered.give(2)))
    calls[0].cancel()  # one that has gone as well
    await asyncio.sleep(0.01)
    assert gathered._writing is not None
    gathered._writing.cancel()
    async with asyncio.timeout(1):
        said = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in said] == [asyncio.CancelledError] * 3
    book.held.set()
    assert await gathered.give(3) == 1
