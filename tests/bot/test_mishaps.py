"""The machine's own mishaps while messages flow: a disk that is full for a while, and clocks that step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bot.channels.base import Incoming, Outcome, Result
from bot.inbox.receive import receive
from storage.server import Server
from storage.tables import Attempt, Inbound, Sender
from tests.bot.test_courier import Scripted
from tests.bot.world import NOW, World

Trouble = list[tuple[str, Any]]
PARENT = "+8613893010000"
GROWING = ("intent", "message", "attempt", "question", "event", "inbound", "delivery_status", "contact")
REFUSE = """
create function disk_is_full() returns trigger language plpgsql as
$$ begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$
"""


class Disk:
    """PostgreSQL's own: when it is full, every row that would be written is refused as PostgreSQL refuses it (53100)."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.filled = asyncio.Event()

    async def fill(self) -> None:
        self._run(
            REFUSE, *(f"create trigger full_disk before insert or update on {name} execute function disk_is_full()" for name in GROWING)
        )
        self.filled.set()

    def free(self) -> None:
        self._run("drop function if exists disk_is_full() cascade")

    def _run(self, *statements: str) -> None:
        with self._server.direct() as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture
def disk(server: Server) -> Iterator[Disk]:
    made = Disk(server)
    yield made
    made.free()


@pytest.fixture
async def scripted(world: World) -> Scripted:
    channel = Scripted(can_be_asked=True)
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699")
    return channel


async def test_a_disk_that_fills_while_a_batch_is_under_way_loses_and_doubles_nothing(
    world: World, scripted: Scripted, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.gathering.AGAIN_SECONDS", 0.05)
    for number in range(12):
        await world.say(await world.person(f"+861389301{number:04d}"), question="absence")
    scripted.answers = [Outcome(Result.ACCEPTED, provider_id=f"p{number}") for number in (1, 2, 3)] + [disk.fill]
    worker = world.worker()
    draining = asyncio.create_task(worker.drain(NOW))
    async with asyncio.timeout(30):
        await disk.filled.wait()
    await asyncio.sleep(0.3)
    assert not draining.done()  # the answers are kept until they can be written
    disk.free()
    await draining
    await worker.drain(NOW + timedelta(minutes=1))
    assert sorted(message.to for message in scripted.sent) == [f"+861389301{number:04d}" for number in range(12)]
    assert [(message.state, message.failure) for message in await world.messages()] == [("sent", None)] * 12
    assert [question.state for question in await world.questions()] == ["open"] * 12


async def test_on_a_full_disk_whoever_asks_is_told_and_comes_again(world: World, scripted: Scripted, disk: Disk) -> None:
    person, text_in = await world.person(PARENT), Incoming("in1", PARENT, "1", "1")
    await disk.fill()
    with pytest.raises(OperationalError):
        await world.say(person, key="once")
    with pytest.raises(OperationalError):
        await receive(world.database, world.cipher, scripted.capabilities, text_in, NOW)
    disk.free()
    for _ in range(2):
        await world.say(person, key="once")
        await receive(world.database, world.cipher, scripted.capabilities, text_in, NOW)
    await world.worker().drain(NOW)
    assert (len(scripted.sent), len(await world.all(select(Inbound)))) == (1, 1)


async def test_reports_and_texts_that_wait_on_a_full_disk_are_handled_afterwards(world: World, scripted: Scripted, disk: Disk) -> None:
    await world.say(await world.person(PARENT))
    worker = world.worker()
    await worker.drain(NOW)
    await receive(world.database, world.cipher, scripted.capabilities, Incoming("in1", PARENT, "1", "1"), NOW)
    await disk.fill()
    await worker._inbox(NOW)
    disk.free()
    async with world.database.session() as session, session.begin():  # real time goes on
        await session.execute(text("update pgmq.q_inbound set vt = clock_timestamp()"))
    await worker.drain(NOW)
    assert [row.outcome for row in await world.all(select(Inbound))] == ["noted"]


async def test_a_clock_that_jumps_forward_sends_nothing_late(world: World, scripted: Scripted, trouble: Trouble) -> None:
    short = await world.say(await world.person(PARENT), expires_at=NOW + timedelta(hours=1))
    long = await world.say(await world.person("+8613893010001"), expires_at=NOW + timedelta(days=3))
    worker = world.worker()
    await worker._dispatch(NOW)
    await worker.drain(NOW + timedelta(days=2))
    assert [(await world.intent(key)).state for key in (short, long)] == ["expired", "queued"]
    assert [message.to for message in scripted.sent] == ["+8613893010001"]


async def test_a_clock_that_goes_back_says_nothing_twice_and_undoes_nothing(world: World, scripted: Scripted) -> None:
    worker, later = world.worker(), NOW + timedelta(hours=3)
    await world.say(await world.person(PARENT))
    scripted.answers = [Outcome(Result.RETRY, code="busy")]
    await worker.drain(NOW)
    await worker.drain(later)
    await world.say(await world.person("+8613893010001"))
    await worker.drain(NOW)
    await worker.drain(later)
    assert [message.to for message in scripted.sent] == [PARENT, PARENT, "+8613893010001"]
    assert {message.state for message in await world.messages()} == {"sent"}


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
async def test_when_the_database_s_clock_steps_its_holder_goes_on(world: World, scripted: Scripted, step: timedelta) -> None:
    """Its lease and its attempts then bear times of another hour."""
    worker = world.worker()
    await world.say(await world.person(PARENT))
    await worker._dispatch(NOW)
    await worker._courier.deliver(NOW)
    async with world.database.session() as session, session.begin():
        await session.execute(text("update sender set lease_until = lease_until + :step"), {"step": step})
        await session.execute(text("update attempt set started_at = started_at + :step, finished_at = finished_at + :step"), {"step": step})
    await world.say(await world.person("+8613893010001"))
    await worker.drain(NOW)
    assert [message.state for message in await world.messages()] == ["sent", "sent"]
    assert (len(scripted.sent), len(await world.all(select(Attempt)))) == (2, 2)
    assert (await world.one(select(Sender.state))) == "open"
