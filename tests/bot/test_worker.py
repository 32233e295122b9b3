"""The worker's loops, and what a pass costs."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from bot.outbox.lease import hold
from storage.server import Server
from storage.tables import Intent, Sender
from tests.bot.world import AREA, NOW, World


async def _until(condition: object, seconds: float = 5) -> None:
    ends = time.monotonic() + seconds
    while not await condition():  # type: ignore[operator]
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)


async def test_the_loops_send_what_comes_and_give_up_the_sender_in_the_end(world: World) -> None:
    await world.sender()
    stop = asyncio.Event()
    running = asyncio.create_task(world.worker().run(stop))
    await world.say(await world.person("+8613893010001"))

    async def delivered() -> bool:
        return [message.state for message in await world.messages()] == ["delivered"]

    await _until(delivered)
    stop.set()
    await asyncio.wait_for(running, 5)
    settings = world.settings()
    assert len(await hold(world.database, "the next", settings.channels, settings.lease)) == 1


async def test_a_loop_that_fails_is_tried_again_and_the_others_go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.sender()
    worker = world.worker()
    failures = []

    async def gone(now: object) -> int:
        failures.append(now)
        raise ConnectionError

    monkeypatch.setattr(worker, "_inbox", gone)
    monkeypatch.setattr("bot.worker.FIRST_PAUSE", 0.01)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await world.say(await world.person("+8613893010001"))

    async def both() -> bool:
        return len(failures) > 2 and [message.state for message in await world.messages()] == ["delivered"]

    await _until(both)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert [message.state for message in await world.messages()] == ["delivered"]


async def test_a_database_that_drops_its_connections_costs_nothing(world: World, server: Server) -> None:
    await world.sender(rate=200)
    await _many(world, 400)
    stop = asyncio.Event()
    running = asyncio.create_task(world.worker().run(stop))
    for _ in range(3):
        await asyncio.sleep(0.3)
        with server.direct() as connection:
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'fanxiao_worker'")

    async def all_delivered() -> bool:
        try:
            return [message.state for message in await world.messages()] == ["delivered"] * 400
        except OperationalError:
            return False

    await _until(all_delivered, 30)  # nothing was called while it was away, so nothing is put off
    stop.set()
    await asyncio.wait_for(running, 10)
    messages = await world.messages()
    assert len({message.body for message in messages}) == len(messages)


async def test_two_workers_send_everything_once(world: World) -> None:
    await world.sender()
    await _many(world, 300)
    await asyncio.gather(world.worker(batch=20).drain(NOW), world.worker(batch=20).drain(NOW))
    await world.worker().drain(NOW)
    messages = await world.messages()
    assert len(messages) == 300
    assert {message.state for message in messages} == {"delivered"}


async def test_looking_for_work_when_there_is_none_is_cheap(world: World) -> None:
    await world.sender()
    worker = world.worker()
    await worker.drain(NOW)
    begun = time.process_time()  # the machine may be busy with something else
    for _ in range(20):
        assert await worker.drain(NOW) == 0
    assert time.process_time() - begun < 1


async def _many(world: World, count: int) -> None:
    people = [await world.person(f"+86138930{number:05}") for number in range(20)]
    row = {
        "template": "welcome_back",
        "urgency": "duty",
        "area_code": AREA,
        "created_at": NOW,
        "due_at": NOW,
        "expires_at": NOW.replace(hour=9),
    }
    rows = [row | {"dedupe_key": f"many:{n}", "person_id": people[n % 20], "facts": {"say": str(n)}} for n in range(count)]
    async with world.database.session() as session, session.begin():
        await session.execute(insert(Intent), rows)
        assert (await session.scalars(select(Sender))).one().state == "open"
