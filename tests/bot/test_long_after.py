"""What comes late: reports after a week, a database that was away for days, calls counted yesterday, words of a paused campaign."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.channels.base import Outcome, Result
from bot.outbox.beginning import put_back
from bot.outbox.courier import Courier
from bot.outbox.doubt import Doubts
from bot.outbox.lease import hold
from bot.outbox.pickup import PickUp
from cases.campaign_holding import hold as hold_campaign
from cases.campaign_holding import let_go
from storage.tables import Absence, DeliveryStatus, Intent, Sender
from storage.work import working
from tests.bot.test_courier import Scripted
from tests.bot.test_meanwhile import HOUR, MINUTE
from tests.bot.test_ways import OTHER, PARENT, first, second
from tests.bot.test_ways import _report as bring_report
from tests.bot.world import NOW, World

__all__ = ["first", "second"]
Trouble = list[tuple[str, Any]]
DAY = timedelta(days=1)
LINE = ("first", "main")


async def test_reports_that_waited_for_a_week_all_count(world: World, first: Scripted) -> None:
    """More of them than are applied at once, and one about nothing of ours."""
    phones = [f"+861389301100{number}" for number in range(3)]
    for phone in phones:
        await world.say(await world.person(phone, OTHER), expires_at=NOW + 10 * DAY)
    await world.worker().drain(NOW)
    assert [message.to for message in first.sent] == phones
    for provider_id in ("nobody's", "p1", "p2", "p3"):
        await bring_report(world, provider_id, "failed", "30008")
    await world.worker(batch=1).drain(NOW + 7 * DAY)
    assert [message.to for message in first.sent] == [*phones, OTHER, OTHER, OTHER]
    assert await world.all(select(DeliveryStatus.id).where(DeliveryStatus.applied_at.is_(None))) == []


@pytest.mark.parametrize("is_in_doubt", [False, True])
async def test_a_process_that_outlived_the_database_s_outage_gives_nothing_up(
    world: World, first: Scripted, trouble: Trouble, is_in_doubt: bool
) -> None:
    """Its leases have run out meanwhile: nothing is taken from its senders, nor ended, before it has them again."""
    first.capabilities = replace(first.capabilities, can_be_asked=True)
    first.answers = [Outcome(Result.UNKNOWN)]
    await world.say(await world.person(PARENT), expires_at=NOW + HOUR)
    worker = world.worker(doubt_after=timedelta(0))
    courier = Courier(world.database, worker._settings, "outlived it")
    await courier.renew(NOW)
    await worker._dispatch(NOW)
    if is_in_doubt:
        courier._start(NOW)
        await courier._tasks()[0]
    courier._held = {key: replace(held, deadline=time.monotonic()) for key, held in courier._held.items()}
    async with world.database.session() as session, session.begin():
        await session.execute(text("update sender set lease_until = clock_timestamp() - interval '3 days'"))
    await courier.keep_house(NOW + (3 * DAY if is_in_doubt else timedelta(0)))
    await courier._doubts.finish()
    await courier.stop()
    (message,) = await world.messages()
    assert (message.state, message.failure, trouble) == ("sent" if is_in_doubt else "queued", None, [])


@pytest.mark.parametrize("was_called", [True, False])
async def test_what_was_counted_yesterday_gives_nothing_back_to_today(world: World, first: Scripted, was_called: bool) -> None:
    """A call of yesterday that its provider never had: today's cap holds what left today."""
    first.capabilities = replace(first.capabilities, can_be_asked=True)
    sender_id = (await world.the_sender()).id
    await world.say(await world.person(PARENT), expires_at=NOW + 2 * DAY)
    settings = world.worker(doubt_after=timedelta(0))._settings
    await world.worker()._dispatch(NOW)
    (before,) = await hold(world.database, "before", [LINE], timedelta(seconds=30))
    await PickUp(world.database, settings, "before").take(before, NOW, 10)
    counted = (await world.the_sender()).used
    async with world.database.session() as session, session.begin():
        called = "clock_timestamp() - interval '1 day'" if was_called else "null"
        await session.execute(text(f"update attempt set started_at = clock_timestamp() - interval '1 day', called_at = {called}"))
        await session.execute(text("update sender set lease_until = clock_timestamp() - interval '1 second'"))
    await world.change(Sender, sender_id, used=5, used_on=(NOW + DAY).date())
    (now_holds,) = await hold(world.database, "now", [LINE], timedelta(seconds=30))
    if was_called:
        doubts = Doubts(world.database, settings, {})
        doubts.begin(now_holds, NOW + DAY)
        assert await doubts.finish() == 1
    else:
        assert await put_back(world.database, NOW + DAY, now_holds, settings) == 1
    assert (counted, (await world.the_sender()).used) == (1, 5)


async def test_what_arrives_after_all_is_not_said_again_when_its_campaign_goes_on(world: World, first: Scripted) -> None:
    key = await world.say(await world.person(PARENT), urgency="bulk")
    async with world.database.session() as session, session.begin():
        await session.execute(update(Intent).values(campaign_id=7))
    worker = world.worker()
    await worker.drain(NOW)
    await bring_report(world, "p1", "failed")
    await worker._statuses(NOW)
    async with working(world.database, NOW) as work:
        assert await hold_campaign(work, 7) == 1
    await bring_report(world, "p1", "delivered")
    await worker.drain(NOW + MINUTE)
    async with working(world.database, NOW + HOUR) as work:
        await let_go(work, 7, NOW + DAY)
    await worker.drain(NOW + HOUR)
    assert (len(first.sent), (await world.intent(key)).state) == (1, "queued")


async def test_what_arrives_after_all_asks_nothing_that_is_over(world: World, first: Scripted) -> None:
    """The child is back: an open question would keep the family from being asked about another one."""
    absence_id = await world.absent()
    about = {"student_id": world.student_id, "still": "absence_open", "facts": {"on": NOW.date().isoformat()}}
    await world.say(await world.person(PARENT), question="absence", **about)
    worker = world.worker()
    await worker.drain(NOW)
    await bring_report(world, "p1", "failed", "30008")
    await worker.drain(NOW)
    await world.change(Absence, absence_id, state="withdrawn")
    await bring_report(world, "p1", "delivered")
    await worker.drain(NOW + MINUTE)
    assert ([question.state for question in await world.questions()], len(first.sent)) == (["withdrawn"], 1)


async def test_what_rests_on_a_channel_is_not_taken_along_on_it(world: World, first: Scripted, second: Scripted) -> None:
    """Two children of one guardian: what failed on the first channel goes by the second, alone."""
    person = await world.person(PARENT)
    sender = await world.one(select(Sender.id).where(Sender.channel == "first"))
    contact = await world.contact(PARENT)
    await world.change(type(contact), contact.id, sender_id=sender)
    await world.say(person, "merging_one", facts={"say": "甲"})
    rests = await world.say(person, "merging_two", facts={"say": "乙"})
    intent = await world.intent(rests)
    await world.change(Intent, intent.id, resting={f"{contact.id}:first": (NOW + HOUR).isoformat()})
    await world.worker().drain(NOW)
    assert ([message.body[-1] for message in first.sent], [message.body[-1] for message in second.sent]) == (["甲"], ["乙"])
