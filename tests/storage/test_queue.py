"""The queue keeps a family's messages in order, loses none, and belongs to the caller's transaction."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from storage import queue
from storage.database import Database
from storage.tables import DeliveryStatus, Inbound
from tests.brought import bring

QUEUE = "out_1_duty"
AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture
async def filled(database: Database) -> Database:
    """Three groups, their entries interleaved: a1 b1 c1 a2 b2 c2 a3 b3 c3."""
    async with database.session() as session, session.begin():
        await queue.create(session, QUEUE)
        for number in (1, 2, 3):
            for group in "abc":
                await queue.send(session, QUEUE, {"at": f"{group}{number}"}, group=group)
    return database


async def take(database: Database, quantity: int = 10, visibility: int = 30) -> list[queue.Queued]:
    async with database.session() as session, session.begin():
        return await queue.read_grouped_head(session, QUEUE, visibility=visibility, quantity=quantity)


async def done(database: Database, entries: list[queue.Queued]) -> None:
    async with database.session() as session, session.begin():
        await queue.delete(session, QUEUE, [entry.id for entry in entries])


def names(entries: list[queue.Queued]) -> list[Any]:
    return [entry.payload["at"] for entry in entries]


async def test_a_group_waits_for_its_oldest(filled: Database) -> None:
    first = await take(filled)
    assert names(first) == ["a1", "b1", "c1"]
    assert await take(filled) == []
    await done(filled, first[:1])
    assert names(await take(filled)) == ["a2"]


async def test_many_readers_keep_the_order_of_each_group(filled: Database) -> None:
    seen: list[str] = []

    async def reader() -> None:
        while entries := await take(filled, quantity=2):
            for entry in entries:
                seen.append(entry.payload["at"])
                await asyncio.sleep(0)
            await done(filled, entries)

    for _ in range(3):
        await asyncio.gather(*(reader() for _ in range(4)))
    assert sorted(seen) == sorted(f"{group}{number}" for group in "abc" for number in (1, 2, 3))
    for group in "abc":
        assert [name for name in seen if name[0] == group] == [f"{group}1", f"{group}2", f"{group}3"]


async def test_what_a_dead_reader_held_comes_back(filled: Database) -> None:
    assert [entry.read_count for entry in await take(filled, quantity=1, visibility=0)] == [1]
    assert [entry.read_count for entry in await take(filled, quantity=1, visibility=0)] == [2]


async def test_ungrouped_reading_takes_the_oldest_first(filled: Database) -> None:
    async with filled.session() as session, session.begin():
        assert names(await queue.read(session, QUEUE, visibility=30, quantity=4)) == ["a1", "b1", "c1", "a2"]
        assert await queue.length(session, QUEUE) == 9


async def test_what_is_taken_for_good_is_gone_once_the_work_is_done(filled: Database) -> None:
    async with filled.session() as session:
        assert names(await queue.pop(session, QUEUE, 4)) == ["a1", "b1", "c1", "a2"]
        await session.rollback()
    async with filled.session() as session, filled.session() as other, session.begin(), other.begin():
        assert names(await queue.pop(session, QUEUE, 4)) == ["a1", "b1", "c1", "a2"]
        assert names(await queue.pop(other, QUEUE, 4)) == ["b2", "c2", "a3", "b3"]
    assert names(await take(filled)) == ["c3"]


async def test_nothing_is_queued_when_the_work_is_undone(filled: Database) -> None:
    async with filled.session() as session:
        assert await queue.send_batch(session, QUEUE, [{"at": "x"}, {"at": "y"}])
        await session.rollback()
        assert await queue.length(session, QUEUE) == 9
        assert await queue.send_batch(session, QUEUE, []) == []


async def test_what_was_there_before_the_clock_was_put_back_is_taken_in_its_order(filled: Database) -> None:
    """Queued, and even read, by a clock that was an hour ahead."""
    assert names(await take(filled, quantity=1)) == ["a1"]
    async with filled.session() as session, session.begin():
        await session.execute(text(f"update pgmq.q_{QUEUE} set vt = vt + interval '1 hour'"))
    assert names(await take(filled)) == ["a1", "b1", "c1"]
    async with filled.session() as session, session.begin():
        await session.execute(text(f"update pgmq.q_{QUEUE} set vt = vt + interval '1 hour'"))
        assert names(await queue.pop(session, QUEUE, 2)) == ["a1", "b1"]


async def test_making_a_queue_again_keeps_its_entries(filled: Database) -> None:
    async with filled.session() as session, session.begin():
        await queue.create(session, QUEUE)
        assert await queue.length(session, QUEUE) == 9
        assert await queue.length(session, "out_2_bulk") == 0
    async with filled.session() as session:
        with pytest.raises(DBAPIError):
            await queue.create(session, "a;b")


def _text(provider_id: str) -> dict[str, Any]:
    return {
        "channel": "sim", "provider_id": provider_id, "kind": "phone", "address_encrypted": "x", "address_index": r"\x01ff",
        "to_address": "106", "body": "1", "received_at": AT,
    }  # fmt: skip


async def test_the_web_hands_in_a_message_once(web: Database, database: Database) -> None:
    async with web.session() as session, session.begin():
        (first,) = await bring(session, texts=[_text("m1")])
        (other,) = await bring(session, texts=[_text("m1"), _text("m2")])
        assert await bring(session, texts=[_text("m2")]) == []
    async with database.session() as session, session.begin():
        assert (await session.scalars(select(Inbound.id).order_by(Inbound.id))).all() == [first, other]
        heads = await queue.read_grouped_head(session, queue.INBOUND, visibility=30, quantity=10)
        assert [entry.payload for entry in heads] == [{"inbound_id": first}]
        headers = await session.scalar(text("select headers from pgmq.q_inbound limit 1"))
        assert headers == {queue.GROUP: "01ff"}


async def test_the_web_hands_in_a_status_once(web: Database, database: Database) -> None:
    report = {"channel": "sim", "provider_id": "p1", "status": "delivered", "received_at": AT}
    async with web.session() as session, session.begin():
        for _ in range(2):
            await bring(session, reports=[report, report])
    async with database.session() as session:
        assert (await session.scalars(select(DeliveryStatus.status))).all() == ["delivered"]


def test_nobody_else_may_hand_in_anything(server: Any) -> None:
    with server.direct() as connection:
        connection.execute("create role stranger")
        try:
            connection.execute("grant usage on schema public to stranger")
            connection.execute("set role stranger")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select receive('[]', '[]')")
        finally:
            connection.execute("reset role")
            connection.execute("drop owned by stranger")
            connection.execute("drop role stranger")
