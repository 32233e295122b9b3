"""A provider that takes its time, a database that goes away, a step that fails: nobody else waits, and nothing is said twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.channels.base import Outcome, Outgoing, Result
from bot.outbox import pickup
from bot.outbox.beginning import Beginning
from bot.outbox.conclude import Answered
from bot.outbox.courier import Courier
from bot.outbox.dispatch import dispatch
from bot.outbox.pace import GRAIN, Pace
from bot.outbox.policy import Window
from bot.worker import Worker
from cases import delivery_trouble
from storage.tables import Sender
from tests.bot.test_courier import Scripted, Trouble
from tests.bot.world import NOW, UNLIMITED, World

ONE_A_MINUTE = replace(UNLIMITED, windows=(Window(1, timedelta(minutes=1)),))
PARENTS = [f"+8613893010{number:03}" for number in range(40)]


class Slow(Scripted):
    """Two calls at once, each of which takes a good while."""

    def __init__(self, *, can_be_asked: bool, seconds: float = 0.2) -> None:
        super().__init__(can_be_asked=can_be_asked)
        self.capabilities = replace(self.capabilities, at_once=2)
        self._seconds = seconds

    async def send(self, message: Outgoing) -> Outcome:
        await asyncio.sleep(self._seconds)
        return await super().send(message)


async def _deliver_for(worker: Worker, seconds: float, enough: Any = lambda: False) -> float:
    """What the loops do all the time; gives the seconds until it was enough."""
    courier, begun = worker._courier, time.monotonic()
    while time.monotonic() - begun < seconds and not enough():
        await courier.renew(NOW)
        await courier.keep_house(NOW)
        await courier.keep_delivering(NOW)
    took = time.monotonic() - begun
    await courier.stop()
    return took


@pytest.mark.parametrize("can_be_asked", [True, False])
async def test_a_call_that_waits_or_takes_long_is_in_no_doubt(world: World, can_be_asked: bool) -> None:
    channel = Slow(can_be_asked=can_be_asked)
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699", rate=100)
    for phone in PARENTS[:16]:
        await world.say(await world.person(phone))
    worker = world.worker(doubt_after=timedelta(seconds=0.4))  # the last calls begin more than a second after they are picked up
    await worker._dispatch(NOW)
    await _deliver_for(worker, 30, lambda: len(channel.sent) == 16)
    assert len(channel.sent) == 16
    assert {message.state for message in await world.messages()} == {"sent"}


async def test_one_that_cannot_be_asked_now_holds_up_nobody_else(world: World) -> None:
    mute, good = Scripted(can_be_asked=True), Scripted()
    mute.capabilities, good.capabilities = replace(mute.capabilities, name="mute"), replace(good.capabilities, name="good")
    mute.answers = [Outcome(Result.UNKNOWN, code="no_answer")]

    async def silence(_message: Outgoing, _since: datetime) -> list[str]:
        await asyncio.sleep(20)
        raise TimeoutError

    mute.find = silence  # type: ignore[method-assign]
    world.channels["mute", "main"] = mute
    sender_id = await world.sender("mute", "1", rate=100)
    await world.say(await world.person(PARENTS[0]))
    worker = world.worker()
    await worker._dispatch(NOW)
    await _deliver_for(worker, 5, lambda: mute.sent)
    world.channels["good", "main"] = good
    await world.sender("good", "2", rate=100)
    await world.change(Sender, sender_id, state="draining")
    await world.say(await world.person(PARENTS[1]))
    await worker._dispatch(NOW)
    assert await _deliver_for(worker, 15, lambda: good.sent) < 5


@pytest.mark.parametrize("error", [OperationalError("x", {}, Exception()), PoolTimeoutError(), InterfaceError("x", {}, Exception())])
async def test_an_answer_outlives_a_database_that_goes_away(world: World, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    channel = Scripted()
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699")
    for phone in PARENTS[:10]:
        await world.say(await world.person(phone))
    worker, conclude, away = world.worker(), Courier._conclude, [1, 2]

    async def sometimes(self: Courier, sender_id: int, channel: str, answered: Sequence[Answered], now: datetime) -> None:
        if away and away.pop():
            raise error
        await conclude(self, sender_id, channel, answered, now)

    monkeypatch.setattr(Courier, "_conclude", sometimes)
    monkeypatch.setattr("bot.gathering.AGAIN_SECONDS", 0.05)
    await worker.drain(NOW)
    await worker.drain(NOW)
    assert (away, len(channel.sent)) == ([], 10)
    assert {message.state for message in await world.messages()} == {"sent"}


async def test_no_call_begins_while_many_answers_wait_to_be_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed then leaves all of them in doubt."""
    channel = Scripted()
    channel.capabilities = replace(channel.capabilities, at_once=2)
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699", rate=1000)
    for phone in PARENTS:
        await world.say(await world.person(phone))
    conclude, may_write = Courier._conclude, asyncio.Event()

    async def late(self: Courier, sender_id: int, channel: str, answered: Sequence[Answered], now: datetime) -> None:
        await may_write.wait()
        await conclude(self, sender_id, channel, answered, now)

    monkeypatch.setattr(Courier, "_conclude", late)
    monkeypatch.setattr("bot.outbox.concluding.MOST_UNWRITTEN", 5)
    draining = asyncio.create_task(world.worker().drain(NOW))
    async with asyncio.timeout(30):
        while len(channel.sent) < 5:  # noqa: ASYNC110 - the channel is looked at, however slow the machine is
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    assert len(channel.sent) <= 5 + 2
    may_write.set()
    await draining
    assert sorted(message.to for message in channel.sent) == PARENTS
    assert {message.state for message in await world.messages()} == {"sent"}


async def test_an_answer_that_cannot_be_written_spoils_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = Scripted()
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699")
    for phone in PARENTS[:6]:
        await world.say(await world.person(phone))
    channel.answers = [Outcome(Result.BAD_CONTACT, code="21211")]

    async def broken(*_: Any, **__: Any) -> None:
        raise LookupError

    monkeypatch.setattr(delivery_trouble, "contact_failed", broken)
    await world.worker().drain(NOW)
    states = sorted(message.state for message in await world.messages())
    assert states.count("sent") >= 5
    sent_to = [message.to for message in channel.sent]
    assert max(sent_to.count(phone) for phone in PARENTS[1:6]) == 1


async def test_a_message_that_cannot_be_ended_stops_nobody_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = Scripted()
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699")
    await world.say(await world.person(PARENTS[0]), expires_at=NOW + timedelta(minutes=1))
    worker = world.worker()
    await worker._dispatch(NOW)

    async def broken(*_: Any) -> None:
        raise LookupError

    monkeypatch.setattr(delivery_trouble, "expired", broken)
    await world.say(await world.person(PARENTS[1]))
    later = NOW + timedelta(minutes=2)
    await worker._dispatch(later)
    await worker._courier.deliver(later)
    await worker._courier.stop()
    assert [message.to for message in channel.sent] == [PARENTS[1]]


async def test_several_workers_together_say_no_more_than_may_be_said(world: World) -> None:
    world.channels["scripted", "main"] = Scripted()
    await world.sender("scripted", "1")
    people = [await world.person(phone) for phone in PARENTS[:20]]
    for word in "abcd":
        for person in people:
            await world.say(person, facts={"say": word})
    settings = world.settings(policy=ONE_A_MINUTE, batch=20)
    await asyncio.gather(*(dispatch(world.database, NOW, settings) for _ in range(4)))
    said = [message.person_id for message in await world.messages()]
    assert max(said.count(person) for person in people) == 1


async def test_what_waited_for_its_sender_leaves_no_faster_than_it_may(world: World) -> None:
    channel = Scripted()
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "1")
    person, worker = await world.person(PARENTS[0]), world.worker(policy=ONE_A_MINUTE)
    for number in range(3):
        await world.say(person, facts={"say": str(number)})
        await worker._dispatch(NOW + timedelta(minutes=2 * number))
    left = []
    for minutes in (10, 11, 12, 13):
        await worker.drain(NOW + timedelta(minutes=minutes))
        left.append(len(channel.sent))
    assert left == [1, 2, 3, 3]


async def test_what_a_message_in_doubt_has_cost_is_known(world: World, trouble: Trouble) -> None:
    channel = Scripted(can_be_asked=True)
    world.channels["scripted", "main"] = channel
    await world.change(Sender, await world.sender("scripted", "1"), price=Decimal("0.05"))

    async def cut() -> None:
        raise TimeoutError

    channel.answers = [cut]
    await world.say(await world.person(PARENTS[0]))
    worker = world.worker()
    await worker.drain(NOW)
    await worker.drain(NOW)
    (message,) = await world.messages()
    assert (message.state, message.cost, len(channel.sent)) == ("sent", Decimal("0.05"), 1)


async def test_what_is_urgent_has_the_next_place_at_a_slow_provider() -> None:
    pace, order = Pace(1000, asyncio.Semaphore(1)), []

    async def call(rank: int) -> None:
        await pace.turn(rank)
        order.append(rank)
        await asyncio.sleep(0.01)
        pace.leave()

    calls = [asyncio.create_task(call(2)) for _ in range(4)]
    await asyncio.sleep(0.005)
    calls.append(asyncio.create_task(call(0)))
    await asyncio.gather(*calls)
    assert order.index(0) <= 2


class Timed(Scripted):
    """Notes when it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    async def send(self, message: Outgoing) -> Outcome:
        self.times.append(time.monotonic())
        return await super().send(message)


@pytest.mark.parametrize("parts", [1, 3])
async def test_calls_that_waited_for_the_database_are_let_out_at_the_senders_rate(
    world: World, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    channel, begin = Timed(), Beginning.may_call
    channel.capabilities = replace(channel.capabilities, counts="parts")
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699", rate=50 * parts)
    back = time.monotonic() + 1.5

    async def away(self: Beginning, attempt_id: int, *, is_trial: bool = False) -> bool:
        await asyncio.sleep(back - time.monotonic())
        return await begin(self, attempt_id, is_trial=is_trial)

    monkeypatch.setattr(Beginning, "may_call", away)
    for phone in PARENTS[:12]:
        await world.say(await world.person(phone), facts={"say": "字" * (67 * parts - 40)})
    await world.worker().drain(NOW)
    assert {message.parts for message in await world.messages()} == {parts}
    assert len(channel.times) == 12
    assert channel.times[-1] - channel.times[0] >= 11 / 50 - GRAIN


async def test_what_is_urgent_overtakes_calls_that_stood_still_with_the_database() -> None:
    """Twenty calls had their turns while the database was away: behind them nobody is let in whom an urgent one could not overtake."""
    pace, called, back = Pace(100, asyncio.Semaphore(20)), list[str](), asyncio.Event()

    async def call(name: str, rank: int) -> None:
        await pace.turn(rank)
        await back.wait()
        await pace.spaced()
        called.append(name)
        pace.leave()

    bulk = [asyncio.create_task(call("bulk", 2)) for _ in range(60)]
    while not 0 < pace.waiting <= 40:  # noqa: ASYNC110 - turns come with time
        await asyncio.sleep(0.01)
    back.set()
    while len(called) < 22:  # noqa: ASYNC110 - they are called with time
        await asyncio.sleep(0.005)
    urgent, before = asyncio.create_task(call("urgent", 0)), len(called)
    await asyncio.gather(urgent, *bulk)
    assert called.index("urgent") - before < 6


async def test_a_higher_rate_holds_at_once_for_what_waits_at_the_lower_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.outbox.pace.NAP", 0.05)
    pace, begun = Pace(0.01, asyncio.Semaphore(9)), time.monotonic()
    await pace.turn()
    waits = asyncio.create_task(pace.turn())
    await asyncio.sleep(0.05)
    pace.per_second = 1000.0
    await asyncio.wait_for(waits, 2)
    assert time.monotonic() - begun < 1


async def test_whose_sender_has_been_taken_calls_no_more_whatever_its_own_clock_says(world: World) -> None:
    """The database's clock jumped ahead, or the machine slept: by its own clock the first worker holds the sender still."""
    channel = Scripted()
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699")
    for phone in PARENTS[:3]:
        await world.say(await world.person(phone))
    worker = world.worker()
    courier = worker._courier
    await worker._dispatch(NOW)
    await courier.renew(NOW)
    (held,) = courier._held.values()
    _, ready = await courier._pick_up.take(held, NOW, 3)
    await world.change(Sender, held.sender_id, lease_epoch=held.epoch + 1, lease_holder="another")
    assert len(ready) == 3
    for item in ready:
        await courier._send(held, item, NOW)
    assert channel.sent == []
    assert {message.state for message in await world.messages()} == {"sending"}
    await courier.stop()


async def test_a_lease_from_the_future_is_no_lease(world: World) -> None:
    """The machine's clock was put back after its holder had died."""
    world.channels["scripted", "main"] = Scripted()
    sender_id = await world.sender("scripted", "1")
    lease = NOW.replace(year=2126)
    await world.change(Sender, sender_id, lease_holder="gone", lease_until=lease, lease_epoch=3)
    await world.say(await world.person(PARENTS[0]))
    await world.worker().drain(NOW)
    assert [message.state for message in await world.messages()] == ["sent"]
    assert (await world.one(select(Sender.lease_epoch))) == 4


async def test_a_message_that_cannot_be_checked_is_put_off_and_the_others_leave(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = Scripted()
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699")
    for phone in PARENTS[:4]:
        await world.say(await world.person(phone))
    worker, make = world.worker(), pickup.outgoing
    await worker._dispatch(NOW)
    spoilt = (await world.messages())[1].id

    def broken(message: Any, *rest: Any) -> Outgoing:
        if message.id == spoilt:
            raise LookupError
        return make(message, *rest)

    monkeypatch.setattr(pickup, "outgoing", broken)
    await worker.drain(NOW)
    assert [message.to for message in channel.sent] == [PARENTS[0], *PARENTS[2:4]]
    monkeypatch.undo()
    await worker.drain(NOW + timedelta(minutes=10))
    assert channel.sent[-1].to == PARENTS[1]
