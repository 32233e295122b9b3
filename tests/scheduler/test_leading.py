"""One scheduler leads at a time, and another takes over when it dies."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta, tzinfo

import pytest
from sqlalchemy import func, select

from scheduler import service
from scheduler.heartbeat import Heartbeat
from scheduler.lease import LENGTH, Lease
from scheduler.service import RENEW_SECONDS, SchedulerService
from storage.database import Database
from storage.tables import AuditRun
from tests.stories.county import County

SHORT = timedelta(seconds=1.4)


class Pulse:
    """Counts heartbeats."""

    def __init__(self) -> None:
        self.beats = 0
        self.felt = asyncio.Event()

    async def beat(self) -> bool:
        self.beats += 1
        self.felt.set()
        return True


async def test_only_one_holds_the_lease(database: Database) -> None:
    first, second = Lease(database, "x", "one"), Lease(database, "x", "two")
    assert await first.take()
    assert not await second.take()
    assert (first.is_held(), second.is_held()) == (True, False)
    assert await first.take()
    assert first.epoch == 1


async def test_leases_of_other_names_are_free(database: Database) -> None:
    assert await Lease(database, "x", "one").take()
    assert await Lease(database, "y", "two").take()


async def test_an_expired_lease_goes_to_the_next_with_a_new_epoch(database: Database) -> None:
    first, second = Lease(database, "x", "one", SHORT), Lease(database, "x", "two", SHORT)
    await first.take()
    await asyncio.sleep(SHORT.total_seconds() + 0.1)
    assert not first.is_held()
    assert await second.take()
    assert second.epoch == 2
    assert not await first.take()
    assert not first.is_held()


async def test_a_released_lease_is_free_at_once(database: Database) -> None:
    first, second = Lease(database, "x", "one"), Lease(database, "x", "two")
    await first.take()
    await first.release()
    assert not first.is_held()
    assert await second.take()


async def test_a_loser_cannot_release_what_another_holds(database: Database) -> None:
    first, second = Lease(database, "x", "one"), Lease(database, "x", "two")
    await first.take()
    await second.release()
    assert not await second.take()


def test_another_process_leads_in_less_than_fifteen_seconds() -> None:
    assert LENGTH.total_seconds() + RENEW_SECONDS < 15


async def test_only_the_leader_ticks_and_each_audit_beats_once(county: County, database: Database) -> None:
    await county.begin("2026-11-02 08:31")
    pulse = Pulse()
    leader = SchedulerService(database, county.stage.clock, heartbeat=pulse, lease=Lease(database, "s", "one"))
    other = SchedulerService(database, county.stage.clock, heartbeat=pulse, lease=Lease(database, "s", "two"))
    await leader.renew()
    await other.renew()
    assert (await leader.tick(), await other.tick()) == (True, False)
    assert await leader.tick()
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(AuditRun)) == 1
    assert pulse.beats == 1


async def test_a_second_service_takes_over_from_a_killed_one(county: County, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RENEW_SECONDS", 0.2)
    monkeypatch.setattr(service, "TICK_SECONDS", 0.2)
    await county.begin("2026-11-02 08:31")
    dead = Lease(database, "s", "dead", SHORT)
    await dead.take()  # its process is gone: nobody renews
    heir, pulse, stop = Lease(database, "s", "heir", SHORT), Pulse(), asyncio.Event()
    running = asyncio.create_task(SchedulerService(database, county.stage.clock, heartbeat=pulse, lease=heir).run(stop))
    async with asyncio.timeout(10):
        await pulse.felt.wait()
    assert heir.epoch == 2
    stop.set()
    await running
    assert await Lease(database, "s", "next").take()  # it gave up the lead at its end


async def test_a_lease_of_a_clock_that_was_put_back_is_free(database: Database) -> None:
    """The machine began with a wrong time, its leader died, and the right time came: nobody waits for the wrong one to come again."""
    await Lease(database, "x", "dead", timedelta(hours=8)).take()
    assert await Lease(database, "x", "heir").take()


class PutBack(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


class AnHourBack(datetime, metaclass=PutBack):
    """The machine's time after it was put right."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) - timedelta(hours=1)


async def test_it_goes_on_ticking_when_the_clock_is_put_back(county: County, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(service, "TICK_SECONDS", 0.1)
    await county.begin("2026-11-02 08:31")
    stop, ticks = asyncio.Event(), asyncio.Queue[None]()
    running = SchedulerService(database, county.stage.clock, lease=Lease(database, "s", "one"))
    monkeypatch.setattr(running, "tick", lambda: ticks.put(None))
    task = asyncio.create_task(running.run(stop))
    async with asyncio.timeout(5):
        await ticks.get()
        for module in [one for one in sys.modules.values() if vars(one).get("datetime") is datetime]:
            monkeypatch.setattr(module, "datetime", AnHourBack)
        for _ in range(5):
            await ticks.get()
    stop.set()
    await task


async def test_a_heartbeat_that_fails_is_nobodys_trouble() -> None:
    answers = iter((b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answers))
        writer.close()

    watcher = await asyncio.start_server(serve, "127.0.0.1", 0)
    heartbeat = Heartbeat(f"http://127.0.0.1:{watcher.sockets[0].getsockname()[1]}/ping")
    assert await heartbeat.beat()
    assert not await heartbeat.beat()
    watcher.close()
    assert not await heartbeat.beat()
    assert not await Heartbeat("no address").beat()
