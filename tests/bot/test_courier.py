"""Leases, pace, retries and doubt, with a channel whose answers the test decides."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.channels import base
from bot.channels.base import Capabilities, Heard, MalformedCall, Outcome, Outgoing, Request, Result
from bot.outbox.beginning import Beginning, put_back
from bot.outbox.courier import Courier
from bot.outbox.doubt import Doubts
from bot.outbox.lease import hold
from bot.outbox.pace import Pace, pause
from bot.outbox.pickup import PickUp
from storage import restored
from storage.database import Database
from storage.tables import Attempt, Message, Sender
from tests.bot.world import NOW, Killed, World

Trouble = list[tuple[str, Any]]


class Scripted:
    """A provider that answers as told, accepts when told nothing, and remembers what it was sent."""

    def __init__(self, *, can_be_asked: bool = False) -> None:
        self.capabilities = Capabilities("scripted", "phone", "sms", 500, can_be_asked=can_be_asked)
        self.sent: list[Outgoing] = []
        self.answers: list[Outcome | Callable[[], Awaitable[None]]] = []

    async def send(self, message: Outgoing) -> Outcome:
        self.sent.append(message)
        answer = self.answers.pop(0) if self.answers else Outcome(Result.ACCEPTED, provider_id=f"p{len(self.sent)}")
        if isinstance(answer, Outcome):
            return answer
        await answer()
        return Outcome(Result.ACCEPTED, provider_id=f"p{len(self.sent)}")

    async def find(self, message: Outgoing, since: datetime) -> list[str]:
        return [f"p{number}" for number, sent in enumerate(self.sent, 1) if (sent.to, sent.body) == (message.to, message.body)][::-1]

    def verify(self, request: Request) -> bool:
        return False

    async def hear(self, request: Request) -> Heard:
        raise MalformedCall

    def misaddressed(self, address: str) -> list[base.Trouble]:
        return []

    async def check(self, address: str, hooks: str | None) -> list[base.Trouble]:
        return []

    async def close(self) -> None:
        return None


@pytest.fixture
async def scripted(world: World) -> Scripted:
    channel = Scripted()
    world.channels["scripted", "main"] = channel
    await world.sender("scripted", "10699")
    return channel


async def test_what_is_refused_for_now_is_tried_again_with_growing_pauses(world: World, scripted: Scripted) -> None:
    scripted.answers = [Outcome(Result.RETRY, code="busy")] * 2
    await world.say(await world.person("+8613893010001"))
    worker = world.worker()
    pauses = []
    now = NOW
    for _ in range(2):
        await worker.drain(now)
        (message,) = await world.messages()
        assert (message.state, message.retry_at > now) == ("sending", True)
        pauses.append(message.retry_at - now)
        assert await worker.drain(message.retry_at - timedelta(seconds=1)) == 0
        now = message.retry_at
    await worker.drain(now)
    (message,) = await world.messages()
    assert (message.state, message.tries, len(scripted.sent)) == ("sent", 2, 3)
    assert timedelta(seconds=2) < pauses[0] < timedelta(seconds=8)
    assert pauses[1] > timedelta(seconds=4)


def test_pauses_double_up_to_a_limit_and_respect_what_the_provider_asked() -> None:
    assert [pause(tries, None, 0.5).total_seconds() for tries in (1, 2, 3, 20)] == [5, 10, 20, 900]
    assert pause(1, 60.0, 0.5).total_seconds() == 60
    assert pause(1, None, 0.0) < pause(1, None, 1.0)


async def test_retries_end_with_the_message_s_own_time(world: World, scripted: Scripted, trouble: Trouble) -> None:
    scripted.answers = [Outcome(Result.RETRY)] * 99
    key = await world.say(await world.person("+8613893010001"), expires_at=NOW + timedelta(seconds=4), question="absence")
    worker = world.worker()
    await worker.drain(NOW)
    await worker.drain(NOW + timedelta(seconds=4))
    (message,) = await world.messages()
    intent = await world.intent(key)
    assert (message.state, message.failure, intent.state) == ("failed", "expired", "expired")
    assert trouble == [("expired", intent.id)]
    assert [question.state for question in await world.questions()] == ["withdrawn"]


async def test_a_message_on_a_stopped_sender_s_queue_expires_too(world: World, scripted: Scripted, trouble: Trouble) -> None:
    key = await world.say(await world.person("+8613893010001"), expires_at=NOW + timedelta(hours=1))
    worker = world.worker()
    await worker._dispatch(NOW)
    await world.change(Sender, (await world.the_sender()).id, state="stopped")
    await worker.drain(NOW + timedelta(hours=1))
    assert ((await world.intent(key)).state, len(trouble), scripted.sent) == ("expired", 1, [])


@pytest.mark.parametrize(("result", "state"), [(Result.BAD_CONTACT, "bad"), (Result.BLOCKED, "blocked")])
async def test_a_contact_that_is_no_good_is_never_used_again(
    world: World, scripted: Scripted, trouble: Trouble, result: Result, state: str
) -> None:
    scripted.answers = [Outcome(result, code="21211")]
    key = await world.say(await world.person("+8613893010001", "+8613893010002"), question="absence")
    await world.worker().drain(NOW)
    first, second = await world.messages()
    contact = await world.contact("+8613893010001")
    assert (first.state, first.failure, second.state) == ("failed", "21211", "sent")
    assert contact.state == state
    assert trouble == [("contact_failed", {"contact_id": contact.id, "message_id": first.id, "result": result.value})]
    assert [question.state for question in await world.questions()] == ["withdrawn", "open"]
    assert (await world.intent(key)).message_id == second.id


async def test_after_the_last_contact_a_person_is_told(world: World, scripted: Scripted, trouble: Trouble) -> None:
    scripted.answers = [Outcome(Result.BAD_CONTACT)]
    key = await world.say(await world.person("+8613893010001"))
    await world.worker().drain(NOW)
    assert (await world.intent(key)).state == "unaddressable"
    assert [name for name, _ in trouble] == ["contact_failed", "unreachable"]


async def test_our_own_fault_stops_the_sender_and_loses_nothing(world: World, scripted: Scripted, trouble: Trouble) -> None:
    scripted.answers = [Outcome(Result.OUR_FAULT, code="20003")] * 2
    for number in (1, 2):
        await world.say(await world.person(f"+861389301000{number}"))
    worker = world.worker()
    await worker.drain(NOW)
    sender = await world.the_sender()
    assert (sender.state, sender.stopped_reason) == ("stopped", "20003")
    assert trouble == [("sender_stopped", {"sender_id": sender.id})]
    await worker.drain(NOW)
    assert len(scripted.sent) == 2
    await world.change(Sender, sender.id, state="open")
    await worker.drain(NOW)
    assert [message.state for message in await world.messages()] == ["sent", "sent"]


async def _die() -> None:
    raise Killed


async def _send_and_die(world: World, scripted: Scripted, urgency: str = "duty") -> None:
    """The provider has it, and we never came to write that down."""
    scripted.answers = [_die]
    await world.say(await world.person("+8613893010001"), urgency=urgency)
    with pytest.raises(Killed):
        await world.worker().drain(NOW)
    (message,) = await world.messages()
    assert (message.state, message.provider_id, len(scripted.sent)) == ("sending", None, 1)


async def _kill_the_process() -> None:
    """All that it is at, at once: nothing of it goes on because something else has ended."""
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _forget_the_dead(database: Database) -> None:
    async with database.session() as session, session.begin():
        await session.execute(text("update sender set lease_until = clock_timestamp() - interval '1 second'"))


async def test_after_a_crash_a_provider_that_can_be_asked_is_asked(world: World, scripted: Scripted) -> None:
    scripted.capabilities = Capabilities("scripted", "phone", "sms", 500, can_be_asked=True)
    await _send_and_die(world, scripted)
    await _forget_the_dead(world.database)
    await world.worker().drain(NOW)
    (message,) = await world.messages()
    assert (message.state, message.provider_id, len(scripted.sent)) == ("sent", "p1", 1)


async def test_after_a_restore_what_has_left_since_the_backup_does_not_leave_again(world: World, scripted: Scripted) -> None:
    scripted.capabilities = Capabilities("scripted", "phone", "sms", 500, can_be_asked=True)
    phones = ["+8613893010001", "+8613893010002"]
    for phone in phones:
        await world.say(await world.person(phone))
    worker = world.worker(doubt_after=timedelta())
    await worker._dispatch(NOW)
    left = (await world.messages())[0]
    scripted.sent.append(Outgoing(left.id, phones[0], "10699", left.body))
    async with world.database.session() as session, session.begin():
        await session.execute(text(restored.ASK))
    await worker.drain(NOW)
    await worker.drain(NOW + timedelta(minutes=5))
    assert [message.to for message in scripted.sent] == phones
    assert [(message.state, message.provider_id) for message in await world.messages()] == [("sent", "p1"), ("sent", "p2")]
    assert (await world.the_sender()).used == 2


async def test_what_a_dead_process_had_taken_and_not_called_goes_at_once_and_only_once(world: World, scripted: Scripted) -> None:
    """Publicity too, which is never repeated where there is doubt: here is none."""
    scripted.capabilities = Capabilities("scripted", "phone", "sms", 500, can_be_asked=False, at_once=1)
    begun = asyncio.Event()

    async def killed_meanwhile() -> None:
        begun.set()
        await asyncio.Event().wait()

    scripted.answers = [killed_meanwhile]
    for number in (1, 2, 3):
        await world.say(await world.person(f"+861389301000{number}"), urgency="bulk")
    process = asyncio.create_task(world.worker().drain(NOW))
    await begun.wait()
    assert not process.done()
    await _kill_the_process()
    called = scripted.sent[0]
    await _forget_the_dead(world.database)
    await world.worker(doubt_after=timedelta(hours=1)).drain(NOW)
    assert len(scripted.sent) == 3
    assert scripted.sent.count(called) == 1
    assert sorted(message.state for message in await world.messages()) == ["sending", "sent", "sent"]


async def test_whoever_wakes_up_after_another_took_over_does_not_call(world: World, scripted: Scripted) -> None:
    await world.say(await world.person("+8613893010001"))
    await world.worker()._dispatch(NOW)
    line, settings = ("scripted", "main"), world.worker()._settings
    (asleep,) = await hold(world.database, "asleep", [line], timedelta(seconds=30))
    _, (item,) = await PickUp(world.database, settings, "asleep").take(asleep, NOW, 10)
    await _forget_the_dead(world.database)
    (awake,) = await hold(world.database, "awake", [line], timedelta(seconds=30))
    assert await put_back(world.database, NOW, awake, settings) == 1
    assert not await Beginning(world.database).may_call(item.attempt_id)
    (attempt,) = await world.all(select(Attempt))
    assert (attempt.outcome, attempt.called_at) == ("not_called", None)


async def test_a_call_that_begins_while_it_is_looked_into_is_not_made_twice(world: World, scripted: Scripted) -> None:
    await world.say(await world.person("+8613893010001"))
    await world.worker()._dispatch(NOW)
    settings = world.worker(doubt_after=timedelta(0))._settings
    (mine,) = await hold(world.database, "me", [("scripted", "main")], timedelta(seconds=30))
    _, (item,) = await PickUp(world.database, settings, "me").take(mine, NOW, 10)
    doubts = Doubts(world.database, settings, {})
    doubts._held_since[mine.sender_id] = mine.epoch, time.monotonic()
    (doubt,) = await doubts._find(mine)
    assert await Beginning(world.database).may_call(item.attempt_id)
    await doubts._settle_one(doubt, mine, [], NOW)
    ((attempt,), (message,)) = await world.all(select(Attempt)), await world.messages()
    assert (attempt.outcome, message.retry_at) == (None, None)


async def test_what_the_provider_never_had_is_no_part_of_the_day(world: World, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted.capabilities = Capabilities("scripted", "phone", "sms", 500, can_be_asked=True)
    scripted.answers = [Outcome(Result.UNKNOWN)] * 2

    async def nothing(message: Outgoing, since: datetime) -> list[str]:
        return []

    monkeypatch.setattr(scripted, "find", nothing)
    await world.say(await world.person("+8613893010001"))
    worker = world.worker()
    for seconds in (0, 10, 30):
        await worker.drain(NOW + timedelta(seconds=seconds))
    assert (len(scripted.sent), (await world.the_sender()).used) == (3, 1)


@pytest.mark.parametrize("fate", ["never called", "never had", "refused"])
async def test_what_was_not_taken_before_midnight_takes_nothing_off_the_new_day(world: World, scripted: Scripted, fate: str) -> None:
    scripted.capabilities = Capabilities("scripted", "phone", "sms", 500, can_be_asked=True)
    before, after = NOW.replace(hour=15, minute=59), NOW.replace(hour=16, minute=1)  # 23:59 and 00:01 local
    await world.say(await world.person("+8613893010001"), urgency="safety", expires_at=after + timedelta(hours=1))
    worker = world.worker()
    await worker._dispatch(before)
    (evening,) = await hold(world.database, "evening", [("scripted", "main")], timedelta(seconds=30))
    _, (item,) = await PickUp(world.database, worker._settings, "evening").take(evening, before, 10)
    await world.change(Sender, evening.sender_id, used=7, used_on=after.date() + timedelta(days=1))  # what has left since midnight
    if fate == "refused":
        await worker._courier._conclude(evening.sender_id, "scripted", [(item, Outcome(Result.RETRY))], after)
    elif fate == "never had":
        await Beginning(world.database).may_call(item.attempt_id)
    await _forget_the_dead(world.database)
    await worker._courier.deliver(after)
    await worker._courier.stop()
    settled = [attempt for attempt in await world.all(select(Attempt)) if attempt.outcome in {"not_called", "not_accepted", "retry"}]
    assert len(settled) == 1
    assert (await world.the_sender()).used == 7 + len(scripted.sent)


async def test_a_provider_that_cannot_be_asked_gets_a_duty_message_once_more_at_the_most(
    world: World, scripted: Scripted, trouble: Trouble
) -> None:
    await _send_and_die(world, scripted)
    await _forget_the_dead(world.database)
    scripted.answers = [Outcome(Result.UNKNOWN)] * 5
    await world.worker().drain(NOW)
    (message,) = await world.messages()
    assert len(scripted.sent) == 2
    assert (message.state, [name for name, _ in trouble]) == ("failed", ["expired"])


async def test_publicity_in_doubt_is_not_repeated(world: World, scripted: Scripted, trouble: Trouble) -> None:
    await _send_and_die(world, scripted, "bulk")
    await _forget_the_dead(world.database)
    await world.worker().drain(NOW)
    (message,) = await world.messages()
    assert (message.state, message.failure, len(scripted.sent), trouble) == ("failed", "in_doubt", 1, [])


async def test_doubt_waits_until_the_call_has_surely_ended(world: World, scripted: Scripted) -> None:
    await _send_and_die(world, scripted)
    await _forget_the_dead(world.database)
    assert await world.worker(doubt_after=timedelta(seconds=15)).drain(NOW) == 0
    assert len(scripted.sent) == 1


async def test_a_call_before_the_clock_was_put_back_is_looked_for_at_once_and_in_the_right_time(
    world: World, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's clock was right all the time: it took the call an hour before we think that we made it."""
    scripted.capabilities = Capabilities("scripted", "phone", "sms", 500, can_be_asked=True)
    took_it_at = datetime.now(NOW.tzinfo)

    async def found(message: Outgoing, since: datetime) -> list[str]:
        return ["p1"] if took_it_at >= since else []

    monkeypatch.setattr(scripted, "find", found)
    await _send_and_die(world, scripted)
    await _forget_the_dead(world.database)
    async with world.database.session() as session, session.begin():
        await session.execute(update(Attempt).values(started_at=took_it_at + timedelta(hours=1)))
    worker = world.worker(doubt_after=timedelta(seconds=15))
    worker._courier._doubts._held_since[(await world.the_sender()).id] = 2, 0.0
    await worker.drain(NOW)
    (message,) = await world.messages()
    assert (len(scripted.sent), message.state, message.provider_id) == (1, "sent", "p1")


async def test_two_messages_that_read_the_same_are_told_apart(world: World, scripted: Scripted) -> None:
    """The first was accepted and written down; the second, of the same words, was never accepted: it must go."""
    scripted.capabilities = Capabilities("scripted", "phone", "sms", 500, can_be_asked=True)
    person = await world.person("+8613893010001")
    worker = world.worker()
    await world.say(person)
    await worker.drain(NOW)
    await world.say(person)
    await worker._dispatch(NOW)
    _, second = await world.messages()
    async with world.database.session() as session, session.begin():
        began = datetime.now(NOW.tzinfo)
        session.add(Attempt(message_id=second.id, epoch=1, started_at=began, called_at=began))
        (await session.get_one(Message, second.id)).state = "sending"
        await session.execute(text(f"delete from pgmq.q_out_{second.sender_id}_duty"))
    await worker.drain(NOW)
    await worker.drain(NOW + timedelta(seconds=10))
    assert [message.provider_id for message in await world.messages()] == ["p1", "p2"]


async def test_an_unexpected_error_in_a_channel_is_doubt(world: World, scripted: Scripted) -> None:
    async def fail() -> None:
        raise RuntimeError

    scripted.answers = [fail]
    await world.say(await world.person("+8613893010001"))
    await world.worker(doubt_after=timedelta(hours=1)).drain(NOW)
    (attempt,) = await world.all(select(Attempt))
    assert attempt.outcome == "unknown"


class Faulty(Scripted):
    """Has an error of ours, of which calls to one number die before they are made. `also_asking`: so does asking what came of them."""

    def __init__(self, phone: str, *, also_asking: bool = False) -> None:
        super().__init__(can_be_asked=True)
        self.calls: list[str] = []
        self._phone = phone
        self._also_asking = also_asking

    async def send(self, message: Outgoing) -> Outcome:
        self.calls.append(message.to)
        if message.to == self._phone:
            raise KeyError
        return await super().send(message)

    async def find(self, message: Outgoing, since: datetime) -> list[str]:
        if self._also_asking and message.to == self._phone:
            raise KeyError
        return await super().find(message, since)


async def test_what_fails_by_an_error_of_ours_is_tried_with_growing_pauses_and_then_another_way(world: World) -> None:
    first, second = "+8613893010001", "+8613893010002"
    channel = world.channels["scripted", "main"] = Faulty(first)
    await world.sender("scripted", "10699")
    await world.say(await world.person(first, second), expires_at=NOW + timedelta(hours=8))
    worker, now = world.worker(), NOW
    for _ in range(20):
        await worker.drain(now)
        now += timedelta(seconds=45)
    assert 3 <= channel.calls.count(first) <= 8
    await worker.drain(NOW + timedelta(hours=3, minutes=50))
    await worker.drain(NOW + timedelta(hours=4))
    assert [message.to for message in channel.sent] == [second]
    assert [message.failure for message in await world.messages()] == ["channel_failed", None]


async def test_what_fails_by_an_error_of_ours_on_its_only_way_ends_before_a_person(world: World, trouble: Trouble) -> None:
    phone, others = "+8613893010001", [f"+86138930200{number:02}" for number in range(20)]
    channel = world.channels["scripted", "main"] = Faulty(phone)
    await world.sender("scripted", "10699")
    key = await world.say(await world.person(phone), expires_at=NOW + timedelta(hours=2))
    worker = world.worker()
    for number, other in enumerate(others):
        await world.say(await world.person(other))
        await worker.drain(NOW + timedelta(minutes=6 * number))
    assert [message.to for message in channel.sent] == others
    await worker.drain(NOW + timedelta(hours=2))
    intent = await world.intent(key)
    assert (intent.state, trouble) == ("expired", [("expired", intent.id)])


async def test_one_that_cannot_be_asked_about_keeps_no_other_in_doubt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both were dropped; what the first one is asked about dies of the same error, again and again."""
    monkeypatch.setattr("bot.outbox.doubt.ASK_AGAIN", 0.0)
    first, second = "+8613893010001", "+8613893010002"
    channel = world.channels["scripted", "main"] = Faulty(first, also_asking=True)
    await world.sender("scripted", "10699", rate=1)

    async def dropped() -> None:
        raise TimeoutError

    channel.answers = [dropped]
    worker = world.worker()
    for phone in (first, second):
        await world.say(await world.person(phone))
        await worker.drain(NOW)
    await worker.drain(NOW)
    assert [message.state for message in await world.messages()] == ["sending", "sent"]


async def test_a_sender_is_leased_to_one_worker_and_taken_over_when_it_dies(world: World, scripted: Scripted) -> None:
    length = timedelta(minutes=1)
    (first,) = await hold(world.database, "a", [("scripted", "main")], length)
    assert await hold(world.database, "b", [("scripted", "main")], length) == []
    (renewed,) = await hold(world.database, "a", [("scripted", "main")], length)
    assert renewed.epoch == first.epoch
    await _forget_the_dead(world.database)
    (taken,) = await hold(world.database, "b", [("scripted", "main")], length)
    assert taken.epoch == first.epoch + 1
    assert await hold(world.database, "a", [("scripted", "main")], length) == []


async def test_a_holder_that_was_paused_does_not_send(world: World, scripted: Scripted) -> None:
    await world.say(await world.person("+8613893010001"))
    settings = world.settings(lease=timedelta(seconds=1))  # all of it margin
    await world.worker()._dispatch(NOW)
    await Courier(world.database, settings, "paused").deliver(NOW)
    assert scripted.sent == []
    await _forget_the_dead(world.database)
    await world.worker().drain(NOW + timedelta(minutes=1))
    assert len(scripted.sent) == 1


async def test_safety_leaves_before_duty_and_duty_before_publicity(world: World, scripted: Scripted) -> None:
    person = await world.person("+8613893010001")
    for urgency in ("bulk", "duty", "safety"):
        await world.say(person, urgency=urgency, facts={"say": urgency})
    await world.worker().drain(NOW)
    assert [message.body.split()[-1] for message in scripted.sent] == ["safety", "duty", "bulk"]


async def test_the_rate_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that only waiting moves, so that a busy machine is not taken for a slow pace."""
    passed = 0.0

    async def wait(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    monkeypatch.setattr("bot.outbox.pace.time", SimpleNamespace(monotonic=lambda: passed))
    monkeypatch.setattr("bot.outbox.pace.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": wait}))
    pace = Pace(100, asyncio.Semaphore(100))
    for _ in range(21):
        await pace.turn()
    assert passed == pytest.approx(0.2)


async def test_what_is_due_again_at_night_waits_for_the_morning(world: World, scripted: Scripted) -> None:
    evening = NOW.replace(hour=12, minute=59, second=58)  # 20:59:58 local
    scripted.answers = [Outcome(Result.RETRY)]
    world.clock.time = evening
    await world.say(await world.person("+8613893010001"))
    worker = world.worker()
    await worker.drain(evening)
    await worker.drain(evening + timedelta(minutes=1))
    assert len(scripted.sent) == 1
    await worker.drain(evening + timedelta(hours=10, minutes=1))
    assert len(scripted.sent) == 2
