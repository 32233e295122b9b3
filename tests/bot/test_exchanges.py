"""Who is answered however much they write, and for whom it counts that much came in and went out of late."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.worker import Worker
from storage.tables import Inbound, PersonContact, Responsibility, StandIn
from tests.bot.world import AREA, NOW, World

PARENT = "+8613893010001"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TODAY = NOW.date()
MOST = 5
Trouble = list[tuple[str, Any]]


class Talk:
    """One phone and the bot."""

    def __init__(self, world: World, worker: Worker, person: int, contact: int) -> None:
        self.world, self.worker, self.person, self.contact = world, worker, person, contact

    async def writes(self, text: str, **how: Any) -> None:
        await self.world.wrote(self.contact, text, **how)

    async def is_answered(self, words: str = "") -> bool:
        """Whether an answer leaves, whose words are like no other where none are given."""
        before = len(await self.world.messages())
        await self.answer(words or f"answer {before} {next(self.world.numbers)}")
        await self.worker.drain(self.world.clock.time)
        return len(await self.world.messages()) > before

    async def answer(self, words: str) -> None:
        await self.world.say(self.person, contact_id=self.contact, facts={"say": words})

    async def answered(self, texts: int, **how: Any) -> int:
        """How many of so many texts, no two alike, are answered."""
        found = 0
        for number in range(texts):
            await self.writes(f"这是一条比较长的消息，第{number}条", **how)
            found += await self.is_answered()
        return found


@pytest.fixture
async def talk(world: World, trouble: Trouble) -> Talk:
    await world.sender()
    person = await world.person(PARENT)
    return Talk(world, world.worker(), person, (await world.contact(PARENT)).id)


async def _post(talk: Talk, person: int, **more: Any) -> None:
    async with talk.world.database.session() as session, session.begin():
        row = {"person_id": person, "role": "class_teacher", "area_code": AREA, "valid_from": TODAY - DAY} | more
        session.add(Responsibility(**row))


async def _own(talk: Talk) -> None:
    await _post(talk, talk.person)


async def _over(talk: Talk) -> None:
    await _post(talk, talk.person, valid_until=TODAY - DAY)


async def _substitute(talk: Talk) -> None:
    await _post(talk, await talk.world.person(), substitute_person_id=talk.person)


async def _standing(talk: Talk, starts: timedelta = -DAY, ends: timedelta = DAY) -> None:
    away = await talk.world.person()
    async with talk.world.database.session() as session, session.begin():
        session.add(StandIn(person_id=away, substitute_person_id=talk.person, starts_on=TODAY + starts, ends_on=TODAY + ends))


async def _stood(talk: Talk) -> None:
    await _standing(talk, ends=-DAY)


async def _former_number(talk: Talk) -> None:
    await _own(talk)
    async with talk.world.database.session() as session, session.begin():
        await session.execute(update(PersonContact).values(retired_reason="wrong_number"))


@pytest.mark.parametrize(
    ("who", "is_colleague"),
    [(_own, True), (_substitute, True), (_standing, True), (_over, False), (_stood, False), (_former_number, False)],
)
async def test_only_who_answers_for_something_today_is_never_silenced(
    talk: Talk, who: Callable[[Talk], Awaitable[None]], is_colleague: bool
) -> None:
    await who(talk)
    assert await talk.answered(MOST + 2) == (MOST + 2 if is_colleague else MOST)


async def test_what_answers_us_is_answered_and_what_follows_it_is_not(talk: Talk) -> None:
    """By its button; the newest text decides, also where silence has begun."""
    assert await talk.answered(MOST + 2) == MOST
    await talk.writes("1", reply_to="p1")
    assert await talk.is_answered()
    await talk.writes("还有一件事想说一下")
    assert not await talk.is_answered()


async def test_silence_ends_after_its_hour(talk: Talk) -> None:
    assert await talk.answered(MOST + 2) == MOST
    for minutes, is_answered in ((59, False), (61, True)):
        talk.world.clock.time = NOW + minutes * MINUTE
        await talk.writes(f"过了{minutes}分钟")
        assert await talk.is_answered() is is_answered


async def test_who_writes_much_but_slowly_is_answered(talk: Talk) -> None:
    for number in range(MOST + 3):
        talk.world.clock.time = NOW + 2 * number * MINUTE
        await talk.writes(f"第{number}个问题，请问怎么办")
        assert await talk.is_answered(), number


async def test_what_cases_say_is_no_answer(talk: Talk) -> None:
    for number in range(MOST + 1):
        await talk.writes(f"第{number}条")
        await talk.world.say(talk.person, facts={"say": f"case {number}"})
    await talk.worker.drain(NOW)
    assert await talk.is_answered()


async def test_answers_of_one_batch_count_too(talk: Talk) -> None:
    for number in range(MOST + 3):
        await talk.writes(f"第{number}条")
        await talk.answer(f"answer {number}")
    await talk.worker.drain(NOW)
    assert len(await talk.world.messages()) == MOST


async def test_few_texts_with_many_answers_are_no_machine(talk: Talk) -> None:
    """One text about several children is answered about each."""
    await talk.writes("两个娃都病了")
    assert [await talk.is_answered() for _ in range(MOST + 2)] == [True] * (MOST + 2)


async def test_texts_of_earlier_do_not_make_a_machine_of_an_hour_s_talk(talk: Talk) -> None:
    assert await talk.answered(MOST) == MOST
    talk.world.clock.time = NOW + 6 * MINUTE
    assert await talk.answered(MOST) == MOST
    assert len(await talk.world.all(Inbound.__table__.select())) == 2 * MOST
