"""A sender that its account's error has stopped: what was taken for it, and how it comes to send again by itself."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.channels.base import Outcome, Outgoing, Result
from bot.outbox.trials import plan_trials
from bot.worker import Worker
from storage.tables import Attempt, Sender
from tests.bot.test_courier import Scripted
from tests.bot.world import NOW, UNLIMITED, World

Trouble = list[tuple[str, Any]]
TRIED = replace(UNLIMITED, try_stopped=(timedelta(minutes=15), timedelta(hours=1)))
REFUSED = Outcome(Result.OUR_FAULT, code="isv.AMOUNT_NOT_ENOUGH")


class Account(Scripted):
    """Refuses everything until it works again."""

    works = True

    async def send(self, message: Outgoing) -> Outcome:
        answer = await super().send(message)
        return answer if self.works else REFUSED


@pytest.fixture
async def scripted(world: World) -> Account:
    channel = Account()
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699")
    return channel


async def _passes(worker: Worker, seconds: float) -> None:
    """What the loops do for so long."""
    courier, ends = worker._courier, time.monotonic() + seconds
    while time.monotonic() < ends:
        await courier.renew(NOW)
        await courier.keep_delivering(NOW)


async def test_one_message_tries_it_after_growing_pauses_and_the_rest_follows(world: World, scripted: Account, trouble: Trouble) -> None:
    for number in range(3):
        await world.say(await world.person(f"+861389301000{number}"), expires_at=NOW + timedelta(days=1))
    worker, calls = world.worker(policy=TRIED), []
    for minutes in (0, 14, 15, 60, 75):
        scripted.works = minutes == 75
        await worker.drain(NOW + timedelta(minutes=minutes))
        calls.append(len(scripted.sent) - (calls[0] if calls else 0))
    assert (calls[0] in (1, 2, 3), calls[1:]) == (True, [0, 1, 1, 4])  # those that began before it was known are refused, too
    assert [name for name, _ in trouble] == ["sender_stopped", "sender_works"]
    assert ((await world.the_sender()).state, {message.state for message in await world.messages()}) == ("open", {"sent"})


async def test_one_that_is_being_given_up_is_not_tried(world: World, scripted: Account, trouble: Trouble) -> None:
    """It would be on again, and take new messages."""
    await world.say(await world.person("+8613893010001"), expires_at=NOW + timedelta(days=1))
    worker, sender_id = world.worker(policy=TRIED), (await world.the_sender()).id
    await worker._dispatch(NOW)
    await world.change(Sender, sender_id, state="draining")
    scripted.answers = [REFUSED]
    for minutes in (0, 600):
        await worker.drain(NOW + timedelta(minutes=minutes))
    assert (len(scripted.sent), (await world.the_sender()).state, len(trouble)) == (1, "stopped", 1)


async def test_what_comes_while_it_is_stopped_tries_it_too(world: World, scripted: Account, trouble: Trouble) -> None:
    """All that waited has run out meanwhile: somebody has to begin."""
    sender_id = (await world.the_sender()).id
    await world.change(Sender, sender_id, state="stopped", stopped_reason="20003", tries=3, try_at=NOW + timedelta(minutes=5))
    await world.say(await world.person("+8613893010001"), expires_at=NOW + timedelta(days=1))
    worker = world.worker(policy=TRIED)
    await worker.drain(NOW)
    assert scripted.sent == []
    await worker.drain(NOW + timedelta(minutes=6))
    assert (len(scripted.sent), [name for name, _ in trouble], (await world.the_sender()).state) == (1, ["sender_works"], "open")


async def test_a_trial_that_never_ends_is_followed_by_another(world: World, scripted: Account, trouble: Trouble) -> None:
    """Nobody knows what came of it, or the process died: the next one is planned before the call."""
    sender_id = (await world.the_sender()).id
    await world.change(Sender, sender_id, state="stopped", stopped_reason="20003", tries=1, try_at=NOW)
    await world.say(await world.person("+8613893010001"), expires_at=NOW + timedelta(days=1))
    worker = world.worker(policy=TRIED, doubt_after=timedelta(minutes=5))
    scripted.answers = [Outcome(Result.UNKNOWN)]
    await worker.drain(NOW)
    sender = await world.the_sender()
    assert (sender.state, sender.try_at, len(scripted.sent), trouble) == ("stopped", NOW + timedelta(hours=1), 1, [])


async def test_one_that_was_paused_during_its_trial_stays_paused(world: World, scripted: Account, trouble: Trouble) -> None:
    sender_id = (await world.the_sender()).id
    await world.change(Sender, sender_id, state="stopped", stopped_reason="20003", tries=1, try_at=NOW)
    await world.say(await world.person("+8613893010001"), expires_at=NOW + timedelta(days=1))

    async def paused_meanwhile() -> None:
        await world.change(Sender, sender_id, state="paused")

    scripted.answers = [paused_meanwhile]
    await world.worker(policy=TRIED).drain(NOW)
    assert (len(scripted.sent), (await world.the_sender()).state, trouble) == (1, "paused", [])


@pytest.mark.parametrize(
    ("sender", "tries", "minutes"),
    [
        (Sender(state="open", try_at=None, tries=0), 1, 15),
        (Sender(state="open", try_at=NOW - timedelta(hours=1), tries=1), 2, 60),
        (Sender(state="open", try_at=NOW + timedelta(hours=1), tries=7), 8, 60),
        (Sender(state="open", try_at=NOW - timedelta(hours=23), tries=7), 8, 60),
        (Sender(state="open", try_at=NOW - timedelta(hours=25), tries=7), 1, 15),
        (Sender(state="draining", try_at=NOW, tries=1), 1, None),
    ],
)
def test_one_that_works_for_minutes_only_waits_longer_each_time(sender: Sender, tries: int, minutes: int | None) -> None:
    plan_trials(sender, NOW, TRIED)
    assert (sender.tries, sender.try_at) == (tries, None if minutes is None else NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("state", ["paused", "stopped"])
async def test_little_is_taken_off_the_queue_and_nothing_leaves_once_it_is_shut(world: World, scripted: Account, state: str) -> None:
    await world.sender("scripted", "10699", rate=40)
    for number in range(120):
        await world.say(await world.person(f"+8613893010{number:03}"))
    worker = world.worker()
    await worker._dispatch(NOW)
    await _passes(worker, 0.8)
    begun = await world.one(select(func.count()).select_from(Attempt))
    assert 0 < len(scripted.sent) <= begun <= len(scripted.sent) + 65  # of 40 a second
    async with world.database.session() as session, session.begin():
        await session.execute(update(Sender).values(state=state))
    left = len(scripted.sent)
    await _passes(worker, 0.8)
    assert len(scripted.sent) <= left + 2
    await worker._courier.stop()
    await world.change(Sender, (await world.the_sender()).id, state="open")
    await asyncio.wait_for(worker.drain(NOW + timedelta(minutes=10)), 20)
    assert len({message.to for message in scripted.sent}) == len(scripted.sent) == 120
