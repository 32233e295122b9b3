"""What counts against the limit of one recipient, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.channels.base import Outcome, Result
from bot.outbox.policy import Window
from bot.outbox.recall import Recall
from tests.bot.test_courier import Scripted
from tests.bot.test_meanwhile import _known_at_first
from tests.bot.test_ways import OTHER, PARENT, first, second
from tests.bot.world import NOW, UNLIMITED, World

__all__ = ["first", "second"]
Trouble = list[tuple[str, Any]]
ONE_AN_HOUR = replace(UNLIMITED, windows=(Window(1, timedelta(hours=1)),))


async def test_what_failed_takes_nothing_from_the_other_way(world: World, first: Scripted, trouble: Trouble) -> None:
    first.answers = [Outcome(Result.BAD_CONTACT, code="bad")]
    await world.say(await world.person(PARENT, OTHER))
    await world.worker(policy=ONE_AN_HOUR).drain(NOW)
    assert [message.to for message in first.sent] == [PARENT, OTHER]


@pytest.mark.parametrize("is_answer", [True, False])
async def test_neither_safety_nor_an_answer_keeps_a_duty_message_back(world: World, first: Scripted, is_answer: bool) -> None:
    person = await world.person(PARENT)
    how = {"contact_id": (await world.contact(PARENT)).id} if is_answer else {"urgency": "safety"}
    worker = world.worker(policy=ONE_AN_HOUR)
    await world.say(person, facts={"say": "before"}, **how)  # type: ignore[arg-type]
    await worker.drain(NOW)
    await world.say(person, facts={"say": "duty"})
    await worker.drain(NOW)
    assert [message.body.split()[-1] for message in first.sent] == ["before", "duty"]


async def test_what_left_long_ago_counts_no_more_and_what_left_just_now_does(world: World, first: Scripted) -> None:
    """Whenever it was put on its queue: it may have stood there for a day."""
    person = await world.person(PARENT)
    worker = world.worker(policy=ONE_AN_HOUR)
    await world.say(person, facts={"say": "first"}, expires_at=NOW + timedelta(days=3))
    await worker._dispatch(NOW)
    late = NOW + timedelta(days=1)
    await world.say(person, facts={"say": "second"}, due_at=late, expires_at=late + timedelta(hours=9))
    await worker.drain(late)
    assert [message.body.split()[-1] for message in first.sent] == ["first"]
    await worker.drain(late + timedelta(hours=1))
    assert [message.body.split()[-1] for message in first.sent] == ["first", "second"]


@pytest.mark.parametrize(("seconds", "taken"), [(60, 0), (150, 1)])
async def test_a_sender_that_passes_from_one_worker_to_another_is_not_given_up(
    world: World, first: Scripted, second: Scripted, seconds: int, taken: int
) -> None:
    person = await world.person(PARENT)
    await _known_at_first(world, PARENT)
    await world.say(person)
    await world.worker()._dispatch(NOW)
    async with world.database.session() as session, session.begin():
        await session.execute(text(f"update sender set lease_until = clock_timestamp() - interval '{seconds} seconds'"))
    assert await Recall(world.database, world.settings()).run(NOW) == taken
