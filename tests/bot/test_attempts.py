"""One call to a provider from the moment it is taken off the queue: who may make it, put it back, and say what came of it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bot.channels.base import Outcome, Result
from bot.outbox.beginning import Beginning, put_back
from bot.outbox.conclude import Conclusion, accept
from bot.outbox.courier import Courier
from bot.outbox.lease import Held, hold, standing_if_held
from bot.outbox.pickup import PickUp, Ready
from storage.tables import Attempt, Message, Sender
from storage.work import working
from tests.bot.test_courier import Scripted, _forget_the_dead, scripted
from tests.bot.world import NOW, World

__all__ = ["scripted"]
LINE, LENGTH = ("scripted", "main"), timedelta(seconds=30)
ACCEPTED = Outcome(Result.ACCEPTED, provider_id="p1")


async def _taken(world: World) -> tuple[Held, Ready]:
    """A message off its queue, by worker "a"."""
    await world.say(await world.person("+8613893010001"))
    await world.worker()._dispatch(NOW)
    (held,) = await hold(world.database, "a", [LINE], LENGTH)
    _, (item,) = await PickUp(world.database, world.settings(), "a").take(held, NOW, 10)
    return held, item


async def _settled(world: World, item: Ready, outcome: str) -> None:
    await world.change(Attempt, item.attempt_id, outcome=outcome)


async def _concluded(world: World, held: Held, item: Ready, outcome: Outcome) -> Message:
    async with working(world.database, NOW) as work:
        await Conclusion(work, held.sender_id, "scripted", world.settings()).write([(item, outcome)])
    (message,) = await world.messages()
    return message


async def test_whoever_lost_the_lease_holds_it_anew_and_their_old_calls_are_not_made(world: World, scripted: Scripted) -> None:
    before, item = await _taken(world)
    await _forget_the_dead(world.database)
    async with world.database.session() as session:
        assert await standing_if_held(session, before, "a", NOW) is None
    (again,) = await hold(world.database, "a", [LINE], LENGTH)
    assert again.epoch == before.epoch + 1
    assert not await Beginning(world.database).may_call(item.attempt_id)


async def test_a_call_that_was_settled_is_not_made(world: World, scripted: Scripted) -> None:
    _, item = await _taken(world)
    await _settled(world, item, "not_accepted")
    assert not await Beginning(world.database).may_call(item.attempt_id)


@pytest.mark.parametrize(("is_called", "is_another"), [(True, True), (False, False)])
async def test_neither_what_was_called_nor_what_is_one_s_own_is_put_back(
    world: World, scripted: Scripted, is_called: bool, is_another: bool
) -> None:
    held, item = await _taken(world)
    if is_called:
        assert await Beginning(world.database).may_call(item.attempt_id)
    if is_another:
        await _forget_the_dead(world.database)
        (held,) = await hold(world.database, "b", [LINE], LENGTH)
    assert await put_back(world.database, NOW, held, world.settings()) == 0
    assert [message.retry_at for message in await world.messages()] == [None]


async def test_what_has_ended_meanwhile_is_not_put_back(world: World, scripted: Scripted) -> None:
    _, item = await _taken(world)
    await world.change(Message, item.message_id, state="failed", failed_at=NOW)
    await _forget_the_dead(world.database)
    (held,) = await hold(world.database, "b", [LINE], LENGTH)
    await put_back(world.database, NOW, held, world.settings())
    ((message,), (attempt,)) = await world.messages(), await world.all(select(Attempt))
    assert (message.retry_at, attempt.outcome) == (None, "not_called")


@pytest.mark.parametrize("outcome", [ACCEPTED, Outcome(Result.RETRY, code="busy"), Outcome(Result.BAD_CONTACT)])
async def test_an_answer_to_a_call_that_was_settled_changes_nothing(world: World, scripted: Scripted, outcome: Outcome) -> None:
    """Somebody asked the provider meanwhile: the message may be on its way again."""
    held, item = await _taken(world)
    await _settled(world, item, "lost")
    message = await _concluded(world, held, item, outcome)
    assert (message.state, message.provider_id, message.retry_at, message.tries) == ("sending", None, None, 0)
    assert (await world.the_sender()).used == 1


async def test_an_acceptance_that_comes_after_the_report_takes_nothing_back(world: World, scripted: Scripted) -> None:
    held, item = await _taken(world)
    await world.change(Message, item.message_id, state="delivered", delivered_at=NOW)
    async with world.database.session() as session, session.begin():
        await accept(session, [(item, ACCEPTED)], NOW)
    (message,) = await world.messages()
    assert (message.state, message.provider_id, held.epoch) == ("delivered", "p1", 1)


async def test_after_another_holder_a_call_s_length_passes_before_the_first(world: World, scripted: Scripted) -> None:
    await world.sender("scripted", "10699", rate=0.5)
    for holder, least in (("a", 0.0), ("b", 1.5)):
        await _forget_the_dead(world.database)
        courier = Courier(world.database, world.settings(), holder)
        await courier.renew(NOW)
        (held,) = courier._held.values()
        assert courier._pace(held)._next - time.monotonic() >= least - 0.1
        assert (courier._pace(held)._next - time.monotonic() > 0.1) is bool(least)
        await courier.stop()


async def test_a_lease_that_is_over_lets_nothing_off_the_queue(world: World, scripted: Scripted) -> None:
    await world.say(await world.person("+8613893010001"))
    await world.worker()._dispatch(NOW)
    (held,) = await hold(world.database, "a", [LINE], LENGTH)
    await _forget_the_dead(world.database)
    assert await PickUp(world.database, world.settings(), "a").take(held, NOW, 10) == (0, [])
    async with world.database.session() as session:
        assert await session.scalar(text("select count(*) from attempt")) == 0


async def test_a_call_that_was_not_made_has_not_failed(world: World, scripted: Scripted) -> None:
    """Its sender was paused, or taken by another, when more than half of the message's time had gone: nothing rests for that."""
    world.clock.time = NOW
    key = await world.say(await world.person("+8613893010001"), expires_at=NOW + timedelta(hours=4))
    worker, later = world.worker(), NOW + timedelta(hours=3)
    await worker._dispatch(NOW)
    courier = worker._courier
    await courier.renew(later)
    (held,) = courier._held.values()
    _, (item,) = await courier._pick_up.take(held, later, 1)
    await world.change(Sender, held.sender_id, state="paused")
    await courier._send(held, item, later)
    (message,) = await world.messages()
    assert (message.state, message.tries, (await world.intent(key)).resting, scripted.sent) == ("sending", 0, None, [])
    await world.change(Sender, held.sender_id, state="open")
    await worker.drain(later + timedelta(seconds=10))
    assert len(scripted.sent) == 1


async def test_whoever_lost_the_lease_and_has_it_again_makes_no_call_of_before(
    world: World, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between writing the call down and making it: somebody else may have put it back in between."""
    held, item = await _taken(world)
    courier = Courier(world.database, world.settings(), "a")
    await courier.renew(NOW)

    async def lost_and_held_again(*_: object, **__: object) -> bool:
        courier._held = {held.sender_id: replace(held, epoch=held.epoch + 2)}
        return True

    monkeypatch.setattr(Beginning, "may_call", lost_and_held_again)
    await courier._send(held, item, NOW)
    await courier.stop()
    assert scripted.sent == []
