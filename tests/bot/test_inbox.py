"""What people write: kept once, handled in order, and never lost to an error of ours."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bot.channels.base import Incoming
from bot.channels.simulator import SMS
from bot.inbox.handle import MOST_FAILURES, MOST_READS, handle
from bot.inbox.receive import normal_phone, receive, storable
from storage.database import Database
from storage.tables import Event, Inbound, Sender
from storage.work import Work
from tests.bot.world import AREA, NOW, World

PARENT, OTHER = "+8613893010001", "+8613893010002"
Trouble = list[tuple[str, Any]]
Arrives = Callable[..., Awaitable[int | None]]


@pytest.fixture
def arrives(world: World, web: Database) -> Arrives:
    """A text reaches us through the web role."""

    async def text_in(number: str, body: str, provider_id: str | None = None) -> int | None:
        incoming = Incoming(provider_id or f"in-{next(world.numbers)}", number, "10690", body)
        return await receive(web, world.cipher, SMS, incoming, NOW)

    return text_in


async def _visible_again(world: World) -> None:
    async with world.database.session() as session, session.begin():
        await session.execute(text("update pgmq.q_inbound set vt = clock_timestamp()"))


async def test_the_same_text_from_the_provider_twice_is_one(world: World, arrives: Arrives) -> None:
    assert await arrives(PARENT, "1", "x") is not None
    assert await arrives(PARENT, "1", "x") is None
    assert await world.worker().drain(NOW) == 1


async def test_a_text_that_takes_long_does_not_hold_up_what_another_family_writes_after_it(world: World, arrives: Arrives) -> None:
    read = {"long": asyncio.Event(), "short": asyncio.Event()}
    may_end = asyncio.Event()

    async def route(work: Work, inbound: Inbound) -> str:
        read[inbound.body].set()
        if inbound.body == "long":
            await may_end.wait()
        return "noted"

    stop = asyncio.Event()
    running = asyncio.create_task(world.worker(route).run(stop))
    await arrives(PARENT, "long")
    await asyncio.wait_for(read["long"].wait(), 10)
    await arrives(OTHER, "short")
    await asyncio.wait_for(read["short"].wait(), 10)
    may_end.set()
    stop.set()
    await asyncio.wait_for(running, 10)
    assert await world.all(select(Inbound.outcome)) == ["noted", "noted"]


async def test_texts_of_one_person_are_handled_in_order(world: World, arrives: Arrives) -> None:
    read: list[str] = []

    async def route(work: Work, inbound: Inbound) -> str:
        read.append(inbound.body)
        return "noted"

    for number in range(3):
        await arrives(PARENT, f"a{number}")
        await arrives(OTHER, f"b{number}")
    await world.worker(route).drain(NOW)
    assert [body for body in read if body.startswith("a")] == ["a0", "a1", "a2"]
    assert sorted(read) == ["a0", "a1", "a2", "b0", "b1", "b2"]


async def test_the_contact_is_known_to_the_route_and_counts_as_reached(world: World, arrives: Arrives) -> None:
    await world.person(PARENT)
    known = await world.contact(PARENT)
    seen: list[int | None] = []

    async def route(work: Work, inbound: Inbound) -> str:
        seen.append(inbound.contact_id)
        return "noted"

    await arrives("138 9301 0001", "1")
    await world.worker(route).drain(NOW)
    assert seen == [known.id]
    assert (await world.contact(PARENT)).reached_at == NOW


@pytest.mark.parametrize(("ours", "answered"), [(("10690", "10699"), "10690"), (("10699",), "10699"), (("10698", "10699"), None)])
async def test_whoever_writes_first_is_answered_from_the_number_that_they_wrote_to(
    world: World, arrives: Arrives, ours: tuple[str, ...], answered: str | None
) -> None:
    """Or from the channel's only one; with several, none of which was named, from any. What has been said to them counts more."""
    for address in ours:
        await world.sender("simulator", address)
    await arrives(PARENT, "1")
    await world.worker().drain(NOW)
    known = (await world.contact(PARENT)).sender_id
    senders = {sender.id: sender.address for sender in await world.all(select(Sender))}
    assert (None if known is None else senders[known]) == answered


async def test_an_error_undoes_only_its_own_text(world: World, arrives: Arrives) -> None:
    async def route(work: Work, inbound: Inbound) -> str:
        work.record("seen", f"inbound:{inbound.id}", area_code=AREA)
        await work.flush()
        if inbound.body == "bad":
            raise RuntimeError
        return "noted"

    await arrives(PARENT, "bad")
    await arrives(OTHER, "good")
    await world.worker(route).drain(NOW)
    bad, good = await world.all(select(Inbound).order_by(Inbound.id))
    assert (bad.handled_at, good.outcome) == (None, "noted")
    assert [event.subject for event in await world.all(select(Event))] == [f"inbound:{good.id}"]


async def test_while_one_is_retried_the_later_ones_of_that_person_wait(world: World, arrives: Arrives) -> None:
    fails = [True]

    async def route(work: Work, inbound: Inbound) -> str:
        if fails:
            raise RuntimeError
        return "noted"

    await arrives(PARENT, "first")
    await arrives(PARENT, "second")
    worker = world.worker(route)
    await worker.drain(NOW)
    fails.clear()
    assert await worker.drain(NOW) == 0
    await _visible_again(world)
    assert await worker.drain(NOW) == 2


async def test_what_fails_again_and_again_is_given_to_a_person(world: World, arrives: Arrives, trouble: Trouble) -> None:
    async def route(work: Work, inbound: Inbound) -> str:
        raise RuntimeError

    stored = await arrives(PARENT, "bad")
    for _ in range(MOST_FAILURES + 1):
        await handle(world.database, NOW, route)
        await _visible_again(world)
    (inbound,) = await world.all(select(Inbound))
    assert (inbound.outcome, inbound.handled_at, trouble) == ("failed", NOW, [("handler_failed", stored)])


async def test_a_database_that_goes_away_again_and_again_is_no_fault_of_a_text(world: World, arrives: Arrives) -> None:
    failures = [OperationalError("x", {}, Exception())] * (MOST_FAILURES + 3)

    async def route(work: Work, inbound: Inbound) -> str:
        if failures:
            raise failures.pop()
        return "noted"

    await arrives(PARENT, "1")
    while failures:
        await handle(world.database, NOW, route)
        await _visible_again(world)
    await handle(world.database, NOW, route)
    (inbound,) = await world.all(select(Inbound))
    assert inbound.outcome == "noted"


async def test_a_text_at_which_every_worker_dies_is_given_to_a_person(world: World, arrives: Arrives, trouble: Trouble) -> None:
    async def route(work: Work, inbound: Inbound) -> str:
        raise AssertionError

    stored = await arrives(PARENT, "bad")
    async with world.database.session() as session, session.begin():
        await session.execute(text("update pgmq.q_inbound set read_ct = :read"), {"read": MOST_READS})
    await handle(world.database, NOW, route)
    assert trouble == [("handler_failed", stored)]


async def test_what_cannot_even_be_given_to_a_person_is_put_aside_for_the_auditor(
    world: World, arrives: Arrives, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps its writer's later texts waiting no longer."""

    async def fails(*_: object) -> str:
        raise RuntimeError

    async def route(work: Work, inbound: Inbound) -> str:
        return await fails() if inbound.body == "bad" else "noted"

    monkeypatch.setattr("bot.inbox.handle.triage.handler_failed", fails)
    for body in ("bad", "good"):
        await arrives(PARENT, body)
    for _ in range(2 * MOST_FAILURES + 2):
        await handle(world.database, NOW, route)
        await _visible_again(world)
    bad, good = await world.all(select(Inbound).order_by(Inbound.id))
    assert [(bad.outcome, bad.handled_at), (good.outcome, good.handled_at)] == [("failed", None), ("noted", NOW)]


async def test_where_the_providers_choice_cannot_be_noted_a_person_reads_it(
    world: World, arrives: Arrives, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> str:
        raise RuntimeError

    monkeypatch.setattr("bot.inbox.handle.chosen", fails)
    stored = await arrives(PARENT, "STOP")
    for _ in range(MOST_FAILURES + 1):
        await handle(world.database, NOW, fails)
        await _visible_again(world)
    assert trouble == [("handler_failed", stored)]


async def test_two_workers_do_not_handle_the_same_text(world: World, arrives: Arrives) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def route(work: Work, inbound: Inbound) -> str:
        begun.set()
        await may_end.wait()
        return "noted"

    for _ in range(4):
        await arrives(PARENT, "1")
    first = asyncio.create_task(handle(world.database, NOW, route))
    await begun.wait()
    assert await asyncio.gather(*(handle(world.database, NOW, route) for _ in range(2))) == [0, 0]
    may_end.set()
    assert await first == 1


async def test_a_log_says_nothing_of_what_was_written(world: World, arrives: Arrives, capsys: pytest.CaptureFixture[str]) -> None:
    async def route(work: Work, inbound: Inbound) -> str:
        await work.session.execute(text("select 1/0 where :body <> ''"), {"body": inbound.body})
        return "noted"

    await arrives(PARENT, "孩子在家")
    await world.worker(route).drain(NOW)
    said = "".join(capsys.readouterr())
    assert "inbound_failed" in said
    assert "孩子" not in said
    assert "13893010001" not in said


@pytest.mark.parametrize(
    ("written", "normal"),
    [("13893010001", PARENT), ("+86 138 9301 0001", PARENT), ("10086", "10086"), ("+15005550006", "+15005550006"), ("CARRIER", "CARRIER")],
)
def test_numbers_are_known_by_one_form(written: str, normal: str) -> None:
    assert normal_phone(written) == normal


@pytest.mark.parametrize("provider_id", [secrets.token_hex(5000), "a\0b\ud83d", "字" * 10_000], ids=["long", "nul", "wide"])
async def test_an_odd_id_is_stored_once_and_stops_nobody(world: World, arrives: Arrives, provider_id: str) -> None:
    """The server's indexes hold no more than 2,700 bytes, and its texts no NUL."""
    assert await arrives(PARENT, "1", provider_id) is not None
    assert await arrives(PARENT, "1", provider_id) is None
    assert await arrives(OTHER, "1") is not None


@pytest.mark.parametrize("number", ["BA\0NK", "9" * 10_000, "\u202e\ud83d", ""], ids=["nul", "long", "turned", "none"])
async def test_an_odd_sender_is_stored_and_read(world: World, arrives: Arrives, number: str) -> None:
    assert await arrives(number, "1") is not None
    assert await world.worker().drain(NOW) == 1


def test_what_a_database_cannot_hold_is_left_out() -> None:
    assert storable("a\0b\ud83d") == "ab?"
    assert len(storable("字" * 10_000_000)) == 2001
