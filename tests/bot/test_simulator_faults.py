"""Faults that the simulated phones show on demand, and that delivery gets over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from bot.channels.base import Heard, Outcome, Outgoing, Polls, Result, Status
from bot.channels.registry import build_channels
from bot.channels.simulator import FAULTS, SMS, Faults, Simulator
from bot.inbox.receive import store
from tests.bot.world import NOW, World

PARENT, OTHER = "+8613893010001", "+8613893010002"
MANY = range(1, 1001)


async def _sent(simulator: Simulator, ids: Sequence[int]) -> list[Outcome]:
    return [await simulator.send(Outgoing(number, PARENT, "10690", "返校")) for number in ids]


async def _reports(simulator: Simulator, seconds: float = 0.05) -> list[Status]:
    """What it hands out in this time."""
    heard: list[Status] = []

    async def keep(what: Heard) -> None:
        heard.extend(what.statuses)

    with suppress(TimeoutError):
        await asyncio.wait_for(simulator.listen(keep), seconds)
    return heard


def _with(faults: str) -> Simulator:
    return Simulator(SMS, Faults.read(faults))


async def test_without_faults_everything_arrives_at_once() -> None:
    simulator = Simulator(SMS)
    assert {outcome.status for outcome in await _sent(simulator, MANY)} == {"delivered"}
    assert await _reports(simulator) == []


async def test_lost_is_accepted_and_never_heard_of() -> None:
    simulator = _with("loss=10%")
    outcomes = await _sent(simulator, MANY)
    assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
    assert 50 < sum(outcome.status is None for outcome in outcomes) < 150
    assert await _reports(simulator) == []


async def test_failures_are_reported() -> None:
    outcomes = await _sent(_with("failures=10%"), MANY)
    assert 50 < sum(outcome.status == "failed" for outcome in outcomes) < 150


async def test_late_reports_come_after_their_time() -> None:
    simulator = _with("delay=0.1")
    assert [outcome.status for outcome in await _sent(simulator, [1, 2])] == [None, None]
    assert await _reports(simulator, 0.05) == []
    assert [report.provider_id for report in await _reports(simulator, 0.2)] == ["sim-1", "sim-2"]


async def test_a_double_report_says_the_same_twice() -> None:
    simulator = _with("duplicates=100%")
    (outcome,) = await _sent(simulator, [1])
    assert [outcome.status, *[report.status for report in await _reports(simulator)]] == ["delivered", "delivered"]


async def test_disordered_reports_bear_the_numbers_of_the_right_order() -> None:
    simulator = _with("disorder=100%")
    assert [outcome.status for outcome in await _sent(simulator, [1])] == [None]
    assert [(report.status, report.sequence) for report in await _reports(simulator)] == [("delivered", 2), ("sent", 1)]


async def test_what_was_not_stored_is_handed_out_again() -> None:
    simulator = _with("disorder=100%")
    await _sent(simulator, [1])

    async def broken(_: Heard) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await simulator.listen(broken)
    assert len(await _reports(simulator)) == 2


async def test_the_same_seed_is_the_same_fate_in_any_order() -> None:
    setting = "loss=20%,failures=20%,seed=7"
    there = await _sent(_with(setting), MANY)
    back = await _sent(_with(setting), MANY[::-1])
    assert there == back[::-1]
    assert there != await _sent(_with("loss=20%,failures=20%,seed=8"), MANY)


@pytest.mark.parametrize(
    "part",
    ["loss=5", "loss=101%", "loss=-1%", "loss=%", "loss", "loss=5%%", "loss=nan%", "delay=soon", "delay=-1", "seed=x", "rain=5%", "=5%"],
)
def test_a_part_that_cannot_be_read_is_named(part: str) -> None:
    with pytest.raises(ValueError, match=rf"^{FAULTS}: {part}$"):
        build_channels({"FANXIAO_SIMULATOR": "1", FAULTS: f"delay=3, {part}"})


async def test_failed_on_one_phone_goes_to_the_next(world: World, trouble: list[tuple[str, Any]]) -> None:
    world.channels = build_channels({"FANXIAO_SIMULATOR": "1", FAULTS: "failures=100%"})
    await world.sender()
    await world.say(await world.person(PARENT, OTHER))
    worker = world.worker()
    for _ in range(3):
        await worker.drain(NOW)
    messages = await world.messages()
    assert [message.state for message in messages] == ["failed", "failed"]
    assert [message.contact_id for message in messages] == [(await world.contact(phone)).id for phone in (PARENT, OTHER)]


async def test_disordered_and_double_reports_leave_it_delivered(world: World) -> None:
    world.channels = build_channels({"FANXIAO_SIMULATOR": "1", FAULTS: "disorder=100%,duplicates=100%"})
    await world.sender()
    await world.say(await world.person(PARENT))
    worker = world.worker()
    await worker.drain(NOW)
    assert [message.state for message in await world.messages()] == ["sent"]
    simulator = world.channels["simulator", "main"]
    assert isinstance(simulator, Simulator)
    stored, count = asyncio.Event(), list[Heard]()

    async def keep(heard: Heard) -> None:
        await store(world.database, world.cipher, SMS, heard, NOW)
        await worker.drain(NOW)
        count.append(heard)
        if len(count) == 3:
            stored.set()

    listening = asyncio.create_task(simulator.listen(keep))
    await asyncio.wait_for(stored.wait(), 5)
    listening.cancel()
    assert [message.state for message in await world.messages()] == ["delivered"]


def test_it_can_be_listened_to() -> None:
    assert isinstance(Simulator(SMS), Polls)
