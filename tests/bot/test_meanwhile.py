"""What changes while a message waits: whose number it is, what its reader wants, whether its sender still sends, whether it is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.channels.base import Outcome, Result
from bot.outbox.contacts import resting_key
from bot.outbox.courier import Courier
from bot.outbox.policy import Window
from storage.tables import Absence, Consent, Contact, Intent, PersonContact, Sender
from tests.bot.test_courier import Scripted
from tests.bot.test_ways import OTHER, PARENT, _channel, first, second
from tests.bot.test_ways import _report as bring_report
from tests.bot.world import NOW, UNLIMITED, World

__all__ = ["first", "second"]
Trouble = list[tuple[str, Any]]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def _retire(world: World, person_id: int, phone: str) -> None:
    contact = await world.contact(phone)
    async with world.database.session() as session, session.begin():
        link = update(PersonContact).where(PersonContact.person_id == person_id, PersonContact.contact_id == contact.id)
        await session.execute(link.values(retired_reason="wrong_number"))


async def _sender_of(world: World, channel: str) -> int:
    found: int = await world.one(select(Sender.id).where(Sender.channel == channel))
    return found


async def _known_at_first(world: World, *phones: str) -> int:
    """The first channel's sender, from which these phones have always heard."""
    sender_id = await _sender_of(world, "first")
    for phone in phones:
        await world.change(Contact, (await world.contact(phone)).id, sender_id=sender_id)
    return sender_id


async def test_what_waits_for_a_number_that_is_a_stranger_s_by_now_goes_to_the_next(world: World, first: Scripted) -> None:
    person = await world.person(PARENT, OTHER)
    key = await world.say(person)
    worker = world.worker()
    await worker._dispatch(NOW)
    await _retire(world, person, PARENT)
    await worker.drain(NOW)
    assert ([message.to for message in first.sent], (await world.intent(key)).state) == ([OTHER], "queued")


async def test_on_a_shared_number_the_one_who_still_has_it_reads_it(world: World, first: Scripted, trouble: Trouble) -> None:
    """Three families read the same words on one phone, of which one has left it."""
    people = [await world.person(PARENT) for _ in range(3)]
    keys = [await world.say(person) for person in people]
    worker = world.worker()
    await worker._dispatch(NOW)
    assert len(await world.messages()) == 1
    await _retire(world, people[0], PARENT)
    await worker.drain(NOW)
    assert [(await world.intent(key)).state for key in keys] == ["unaddressable", "queued", "queued"]
    assert ([message.to for message in first.sent], [what for what, _ in trouble]) == ([PARENT], ["unreachable"])


async def test_an_answer_goes_back_although_the_number_is_nobody_s_any_more(world: World, first: Scripted) -> None:
    person = await world.person(PARENT)
    await world.say(person, contact_id=(await world.contact(PARENT)).id)
    worker = world.worker()
    await worker._dispatch(NOW)
    await _retire(world, person, PARENT)
    await worker.drain(NOW)
    assert [message.to for message in first.sent] == [PARENT]


@pytest.mark.parametrize(("urgency", "sent"), [("bulk", 0), ("duty", 1)])
async def test_publicity_that_waits_is_not_sent_to_whoever_has_refused_it_meanwhile(
    world: World, first: Scripted, urgency: str, sent: int
) -> None:
    person = await world.person(PARENT)
    await world.say(person, urgency=urgency)
    worker = world.worker()
    await worker._dispatch(NOW)
    async with world.database.session() as session, session.begin():
        session.add(Consent(person_id=person, kind="publicity", given=False, at=NOW + MINUTE, source="reply"))
    await worker.drain(NOW + 2 * MINUTE)
    assert len(first.sent) == sent


@pytest.mark.parametrize("state", ["paused", "stopped"])
async def test_what_waits_on_a_shut_sender_goes_to_another_contact_of_the_person(
    world: World, first: Scripted, trouble: Trouble, state: str
) -> None:
    chat = _channel(world, "chat", "chat")
    chat.capabilities = replace(chat.capabilities, contact="telegram")
    await world.sender("chat", "2")
    person = await world.person(PARENT)
    async with world.database.session() as session, session.begin():
        contact = Contact(kind="telegram", address_encrypted=world.cipher.encrypt("5"), address_index=world.cipher.index("5"))
        session.add(contact)
        await session.flush()
        session.add(PersonContact(person_id=person, contact_id=contact.id, preference=2))
    only_a_phone = await world.say(await world.person(OTHER))
    await world.say(person)
    worker = world.worker()
    await worker._dispatch(NOW)
    await world.change(Sender, await _sender_of(world, "first"), state=state)
    await worker.drain(NOW)
    assert ([message.to for message in chat.sent], first.sent, trouble) == (["5"], [], [])
    assert ((await world.intent(only_a_phone)).state, (await world.messages())[0].state) == ("queued", "queued"), "it may open again"


async def test_what_is_over_a_sender_s_day_goes_by_another_that_takes_it(world: World, first: Scripted, second: Scripted) -> None:
    """Two of three must not wait for tomorrow, and expire. Publicity does wait."""
    phones = [f"+861389301100{number}" for number in range(4)]
    people = [await world.person(phone) for phone in phones]
    await world.change(Sender, await _known_at_first(world, *phones), daily_cap=1)
    for person in people[:3]:
        await world.say(person)
    await world.say(people[3], urgency="bulk")
    worker = world.worker()
    await worker._dispatch(NOW)
    await worker.drain(NOW)
    assert (len(first.sent), len(second.sent)) == (1, 2)
    assert [message.state for message in await world.messages() if message.urgency == "bulk"] == ["queued"]


async def test_a_sender_with_too_little_left_for_a_message_keeps_none_back(world: World, first: Scripted, second: Scripted) -> None:
    """One part is left of its day, and everything that is said has two."""
    for channel in (first, second):
        channel.capabilities = replace(channel.capabilities, counts="parts")
    phones = [f"+861389301100{number}" for number in range(3)]
    people = [await world.person(phone) for phone in phones]
    await world.change(Sender, await _known_at_first(world, *phones), daily_cap=3)
    worker = world.worker()
    for person in people:
        await world.say(person, facts={"say": "字" * 100})
        await worker.drain(NOW)
    await worker.drain(NOW + MINUTE)
    assert (len(first.sent), len(second.sent)) == (1, 2)


async def test_those_whom_no_other_sender_reaches_hold_up_nobody_behind_them(world: World, first: Scripted, second: Scripted) -> None:
    phones = [f"+861389301100{number}" for number in range(6)]
    people = [await world.person(phone) for phone in phones]
    await world.change(Sender, await _known_at_first(world, *phones), daily_cap=1)
    keys = [await world.say(person) for person in people]
    worker = world.worker(batch=2)
    while await worker._dispatch(NOW):
        pass
    until = (NOW + 9 * HOUR).isoformat()
    for key, phone in zip(keys[:5], phones, strict=False):
        resting = {resting_key((await world.contact(phone)).id, "second"): until}
        await world.change(Intent, (await world.intent(key)).id, resting=resting)
    await worker.drain(NOW)
    assert ([message.to for message in first.sent], [message.to for message in second.sent]) == (phones[:1], phones[5:])


async def test_over_the_day_of_every_sender_it_waits_and_goes_round_in_no_circle(world: World, first: Scripted, second: Scripted) -> None:
    phones = [f"+861389301100{number}" for number in range(3)]
    people = [await world.person(phone) for phone in phones]
    await world.change(Sender, await _known_at_first(world, *phones), daily_cap=1)
    await world.change(Sender, await _sender_of(world, "second"), daily_cap=0)
    for person in people:
        await world.say(person, expires_at=NOW + 40 * HOUR)
    worker = world.worker()
    for minutes in (0, 5, 10):
        await worker.drain(NOW + minutes * MINUTE)
    assert (len(first.sent), len(await world.messages())) == (1, 3)


async def test_what_fails_in_the_morning_after_a_night_has_time_for_the_other_number(
    world: World, first: Scripted, trouble: Trouble
) -> None:
    """The night gave the message until nine: what is said in it lives as long, by whichever way."""
    evening = NOW + 11 * HOUR + 50 * MINUTE  # 20:50
    world.clock.time = evening
    person = await world.person(PARENT, OTHER)
    key = await world.say(person, expires_at=evening + HOUR)
    first.answers = [Outcome(Result.RETRY, code="busy", retry_after=900), Outcome(Result.BAD_CONTACT, code="bad")]
    worker = world.worker()
    for at in (0 * HOUR, 20 * MINUTE, 10 * HOUR + 11 * MINUTE):
        await worker.drain(evening + at)
    assert ([message.to for message in first.sent], (await world.intent(key)).state) == ([PARENT, PARENT, OTHER], "queued")
    assert [what for what, _ in trouble] == ["contact_failed"]


@pytest.mark.parametrize("is_set_up", [True, False])
async def test_what_is_in_doubt_for_ever_ends_before_a_person(world: World, first: Scripted, trouble: Trouble, is_set_up: bool) -> None:
    """Its provider does not answer any more, or nobody sends for the account."""

    async def silent(*_: Any) -> list[str]:
        raise OSError

    first.capabilities = replace(first.capabilities, can_be_asked=True)
    first.find = silent  # type: ignore[method-assign]
    key = await world.say(await world.person(PARENT), expires_at=NOW + HOUR)
    first.answers = [Outcome(Result.UNKNOWN)]
    await world.worker().drain(NOW)
    if not is_set_up:
        world.channels.pop(("first", "main"))
    await world.worker().drain(NOW + 1.5 * HOUR)
    assert (await world.intent(key)).state == "queued", "somebody may still tell"
    for hours in (30, 31):
        await world.worker().drain(NOW + hours * HOUR)
    assert ([what for what, _ in trouble], (await world.intent(key)).state) == (["expired"], "expired")
    assert len(first.sent) == 1


async def test_after_a_long_outage_the_provider_is_asked_before_anything_is_given_up(
    world: World, first: Scripted, trouble: Trouble
) -> None:
    """The first look of a process that has just begun and holds no sender yet."""
    first.capabilities = replace(first.capabilities, can_be_asked=True)
    first.answers = [Outcome(Result.UNKNOWN)]
    await world.say(await world.person(PARENT), expires_at=NOW + HOUR)
    await world.worker(doubt_after=HOUR).drain(NOW)
    courier = Courier(world.database, world.settings(), "begun anew")
    await courier.keep_house(NOW + 72 * HOUR)
    await courier._doubts.finish()
    await courier.stop()
    assert ([message.state for message in await world.messages()], trouble, len(first.sent)) == (["sent"], [], 1)


@pytest.mark.parametrize("is_queued", [False, True])
async def test_nobody_is_to_pass_on_what_is_true_no_longer(world: World, first: Scripted, trouble: Trouble, is_queued: bool) -> None:
    absence_id = await world.absent()
    about = {"student_id": world.student_id, "still": "absence_open", "facts": {"on": NOW.date().isoformat()}}
    key = await world.say(await world.person(PARENT), "absence_call", expires_at=NOW + HOUR, **about)
    worker = world.worker()
    if is_queued:
        await worker._dispatch(NOW)
        await world.change(Sender, await _sender_of(world, "first"), state="paused")
    await world.change(Absence, absence_id, state="withdrawn")
    await worker.drain(NOW + 2 * HOUR)
    assert ((await world.intent(key)).state, (await world.intent(key)).reason, trouble) == ("dropped", "no_longer_true", [])


async def test_what_a_limit_holds_beyond_its_time_is_a_person_s_when_its_time_is_over(
    world: World, first: Scripted, trouble: Trouble
) -> None:
    """Not a day later, when the next message might have left."""
    policy = replace(UNLIMITED, windows=(Window(1, 24 * HOUR),))
    person = await world.person(PARENT)
    worker = world.worker(policy=policy)
    await world.say(person)
    await worker.drain(NOW)
    key = await world.say(person, expires_at=NOW + HOUR)
    await worker.drain(NOW + MINUTE)
    await worker.drain(NOW + HOUR)
    assert ((await world.intent(key)).state, [what for what, _ in trouble], len(first.sent)) == ("expired", ["expired"], 1)


async def test_what_arrives_after_all_is_not_asked_on_the_other_phone_where_it_waits(world: World, first: Scripted) -> None:
    worker = world.worker(policy=replace(UNLIMITED, windows=(Window(1, HOUR),)))
    key = await world.say(await world.person(PARENT, OTHER), question="absence", student_id=world.student_id)
    await worker.drain(NOW)
    await world.say(await world.person(OTHER))
    await worker.drain(NOW + MINUTE)
    for minutes, status in ((50, "failed"), (61, "delivered")):
        await worker._dispatch(NOW + minutes * MINUTE)
        await bring_report(world, "p1", status, received_at=NOW + minutes * MINUTE)
        await worker.drain(NOW + minutes * MINUTE)
    await worker.drain(NOW + 3 * HOUR)
    assert [message.to for message in first.sent] == [PARENT, OTHER]
    (asked, again) = await world.questions()
    assert ((await world.intent(key)).message_id, asked.state, again.state) == (asked.message_id, "open", "withdrawn")


@pytest.mark.parametrize("is_waiting", [True, False])
async def test_what_arrives_after_all_is_not_said_in_another_way(world: World, first: Scripted, is_waiting: bool) -> None:
    """Neither where it waits on another phone whose line is busy, nor when both phones rest after failing one after the other."""
    key = await world.say(await world.person(PARENT, OTHER))
    worker = world.worker()
    await worker.drain(NOW)
    (said,) = await world.messages()
    first.answers = [Outcome(Result.RETRY, code="busy")] if is_waiting else []
    await bring_report(world, "p1", "failed", received_at=NOW)
    await worker.drain(NOW)
    if not is_waiting:
        await bring_report(world, "p2", "failed", received_at=NOW)
        await worker.drain(NOW)
    await bring_report(world, "p1", "delivered", received_at=NOW + MINUTE)
    await worker.drain(NOW + MINUTE)
    await worker.drain(NOW + HOUR)
    assert [message.to for message in first.sent] == [PARENT, OTHER]
    intent = await world.intent(key)
    assert (intent.state, intent.message_id) == ("queued", said.id)
