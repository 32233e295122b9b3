"""Which way a message takes: failover, rest, calls, limits of recipients and senders, merging, consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot.channels.base import Capabilities, Incoming, Outcome, Result
from bot.inbox.receive import receive
from bot.outbox.policy import Window
from bot.outbox.statuses import MOST_TRIES
from bot.worker import Worker
from cases.contacts import move_contact, people_at
from storage.tables import Absence, Consent, Contact, DeliveryStatus, Event, Message, Person, PersonContact, Recording, Sender
from storage.work import working
from tests.bot.test_courier import Scripted
from tests.bot.world import NOW, UNLIMITED, World
from tests.brought import bring

Trouble = list[tuple[str, Any]]
PARENT, OTHER = "+8613893010001", "+8613893010002"


def _channel(world: World, name: str, variant: str = "sms", **can: Any) -> Scripted:
    channel = Scripted()
    channel.capabilities = Capabilities(name, "phone", variant, 500, can_be_asked=False, **can)
    world.channels[name, "main"] = channel
    return channel


async def _report(world: World, provider_id: str, status: str, code: str | None = None, channel: str = "first", **said: Any) -> None:
    row = {"channel": channel, "provider_id": provider_id, "status": status, "code": code, "received_at": NOW} | said
    async with world.database.session() as session, session.begin():
        await bring(session, reports=[row])


@pytest.fixture
async def first(world: World) -> Scripted:
    channel = _channel(world, "first", failures={"busy": Result.NOT_REACHED})
    await world.sender("first", "1")
    return channel


@pytest.fixture
async def second(world: World, first: Scripted) -> Scripted:
    channel = _channel(world, "second")
    await world.sender("second", "2")
    return channel


async def test_what_did_not_arrive_goes_by_the_other_channel(world: World, first: Scripted, second: Scripted, trouble: Trouble) -> None:
    key = await world.say(await world.person(PARENT))
    await world.change(
        Contact, (await world.contact(PARENT)).id, sender_id=(await world.one(select(Sender.id).where(Sender.channel == "first")))
    )
    worker = world.worker()
    await worker.drain(NOW)
    await _report(world, "p1", "failed", "30008")
    await worker.drain(NOW)
    assert (len(first.sent), len(second.sent)) == (1, 1)
    assert (await world.intent(key)).state == "queued"
    assert (await world.contact(PARENT)).failures == 1


async def test_a_family_s_only_number_rests_and_is_tried_once_more(world: World, first: Scripted, trouble: Trouble) -> None:
    key = await world.say(await world.person(PARENT))
    worker = world.worker()
    for at in (NOW, NOW + timedelta(minutes=31)):
        await worker.drain(at)
        await _report(world, f"p{len(first.sent)}", "failed", "30008")
        await worker.drain(at)
    assert (len(first.sent), (await world.intent(key)).state) == (2, "unaddressable")
    assert [name for name, _ in trouble] == ["unreachable"]
    assert (await world.contact(PARENT)).state == "usable"


@pytest.mark.parametrize("approved", [frozenset(), frozenset({"welcome_back"})])
async def test_what_no_sender_may_say_is_at_once_a_person_s_step(world: World, trouble: Trouble, approved: frozenset[str]) -> None:
    """Not approved, or approved and with facts that do not fit."""
    _channel(world, "registered", templates=approved)
    await world.sender("registered", "1")
    key = await world.say(await world.person(PARENT))
    await world.worker().drain(NOW)
    intent = await world.intent(key)
    assert (intent.state, intent.reason, [name for name, _ in trouble]) == ("unaddressable", "unsayable", ["unsaid"])


async def test_words_that_are_refused_go_another_way_and_the_number_is_as_good_as_before(
    world: World, first: Scripted, second: Scripted, trouble: Trouble
) -> None:
    for channel in (first, second):
        channel.answers.append(Outcome(Result.UNSAYABLE, code="refused"))
    key = await world.say(await world.person(PARENT))
    await world.worker().drain(NOW)
    assert (len(first.sent), len(second.sent), (await world.contact(PARENT)).failures) == (1, 1, 0)
    assert ((await world.intent(key)).reason, [name for name, _ in trouble]) == ("unsayable", ["unsaid"])


async def test_what_arrives_after_all_is_not_said_again(world: World, first: Scripted, trouble: Trouble) -> None:
    key = await world.say(await world.person(PARENT), question="absence")
    worker = world.worker()
    await worker.drain(NOW)
    await _report(world, "p1", "failed", "30008")
    await worker.drain(NOW)
    await _report(world, "p1", "delivered")
    await worker.drain(NOW + timedelta(hours=1))
    assert (len(first.sent), (await world.intent(key)).state) == (1, "queued")
    assert [question.state for question in await world.questions()] == ["open"]


async def test_reports_in_the_wrong_order_send_nothing_twice(world: World, first: Scripted, trouble: Trouble) -> None:
    await world.say(await world.person(PARENT, OTHER))
    worker = world.worker()
    await worker.drain(NOW)
    await _report(world, "p1", "sent", sequence=3)
    await worker.drain(NOW)
    await _report(world, "p1", "failed", "30008", sequence=2)
    await worker.drain(NOW)
    assert len(first.sent) == 1


async def _three_reports(world: World) -> Worker:
    """The first message failed, the other two arrived."""
    for number in range(3):
        await world.say(await world.person(f"+861389301000{number}"))
    worker = world.worker()
    await worker.drain(NOW)
    for provider_id, status in (("p1", "failed"), ("p2", "delivered"), ("p3", "delivered")):
        await _report(world, provider_id, status, "21211")
    return worker


async def test_a_report_that_cannot_be_applied_holds_up_no_other(
    world: World, first: Scripted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = await _three_reports(world)
    monkeypatch.setattr("bot.outbox.statuses.try_elsewhere", AsyncMock(side_effect=LookupError))
    for tries in range(MOST_TRIES):
        await worker.drain(NOW + tries * timedelta(minutes=10))
        assert [message.state for message in await world.messages()] == ["sent", "delivered", "delivered"]
        assert await world.one(select(DeliveryStatus.tries).where(DeliveryStatus.status == "failed")) == tries + 1
    assert not (await worker.waiting(NOW)).statuses
    assert await world.one(select(Event.facts).where(Event.action == "report_set_aside")) == {"status": "failed", "code": "21211"}
    assert "status_set_aside" in capsys.readouterr().out


async def test_a_report_put_off_is_applied_once_it_can_be(world: World, first: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = await _three_reports(world)
    with monkeypatch.context() as broken:
        broken.setattr("bot.outbox.statuses.try_elsewhere", AsyncMock(side_effect=LookupError))
        await worker.drain(NOW)
    await worker.drain(NOW + timedelta(minutes=10))
    assert (await world.messages())[0].failure == "21211"


async def test_while_the_database_is_away_no_report_is_blamed(world: World, first: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = await _three_reports(world)
    monkeypatch.setattr("bot.outbox.statuses.try_elsewhere", AsyncMock(side_effect=OperationalError("", {}, Exception())))
    with pytest.raises(OperationalError):
        await worker.drain(NOW)
    assert {report.tries for report in await world.all(select(DeliveryStatus))} == {0}


async def test_a_contact_that_failed_thrice_comes_after_the_others(world: World, first: Scripted) -> None:
    person = await world.person(PARENT, OTHER)
    await world.change(Contact, (await world.contact(PARENT)).id, failures=3)
    await world.say(person)
    await world.worker().drain(NOW)
    assert [message.to for message in first.sent] == [OTHER]


async def test_half_of_its_time_gone_in_trying_another_channel_is_tried(world: World, first: Scripted, second: Scripted) -> None:
    person = await world.person(PARENT)
    await world.change(
        Contact, (await world.contact(PARENT)).id, sender_id=(await world.one(select(Sender.id).where(Sender.channel == "first")))
    )
    first.answers = [Outcome(Result.RETRY, code="busy")] * 99
    await world.say(person, expires_at=NOW + timedelta(hours=4))
    worker = world.worker()
    at = NOW
    while not second.sent and at < NOW + timedelta(hours=4):
        await worker.drain(at)
        at += timedelta(minutes=10)
    assert timedelta(hours=1, minutes=30) < at - NOW < timedelta(hours=2, minutes=30)
    assert len(second.sent) == 1


async def test_nobody_takes_the_call_it_is_made_again_and_then_written(world: World, first: Scripted, second: Scripted) -> None:
    second.capabilities = replace(second.capabilities, variant="voice", failures={"no_answer": Result.NOT_REACHED})
    await world.say(await world.person(PARENT), "absence_call")
    worker = world.worker()
    calls = []
    for minutes in (0, 14, 15, 74, 75, 76):
        at = NOW + timedelta(minutes=minutes)
        await worker.drain(at)
        if len(second.sent) > len(calls):
            calls.append(minutes)
            await _report(world, f"p{len(second.sent)}", "failed", "no_answer", channel="second")
            await worker.drain(at)
    assert calls == [0, 15, 75]
    assert len(first.sent) == 1


async def test_a_recording_in_the_family_s_language_is_played(world: World, first: Scripted) -> None:
    first.capabilities = replace(first.capabilities, variant="voice")
    person = await world.person(PARENT)
    await world.change(Person, person, language="东乡语")
    async with world.database.session() as session, session.begin():
        for area, language in (("6229", "东乡语"), ("622926", "东乡语"), ("622926", "藏语")):
            session.add(
                Recording(
                    area_code=area, template="absence_call", language=language, media_type="audio/mpeg", content=b"ID3", recorded_at=NOW
                )
            )
    nearest = await world.one(select(Recording.id).where(Recording.area_code == "622926", Recording.language == "东乡语"))
    world.public_url = "https://fanxiao.test"
    await world.say(person, "absence_call")
    await world.worker().drain(NOW)
    assert [message.recording for message in first.sent] == [f"https://fanxiao.test/hooks/recordings/{nearest}"]


async def test_buttons_go_along_where_the_channel_has_them(world: World, first: Scripted, second: Scripted) -> None:
    second.capabilities = replace(second.capabilities, buttons=True)
    for phone, sender in ((PARENT, "first"), (OTHER, "second")):
        person = await world.person(phone)
        known = await world.one(select(Sender.id).where(Sender.channel == sender))
        await world.change(Contact, (await world.contact(phone)).id, sender_id=known)
        await world.say(person, "pressing")
    await world.worker().drain(NOW)
    assert [message.options for message in first.sent + second.sent] == [(), (("1", "来"), ("2", "不来"))]


async def test_a_contact_keeps_the_number_of_ours_that_it_knows(world: World, first: Scripted) -> None:
    for number in range(2, 6):
        await world.sender("first", str(number))
    person = await world.person(PARENT)
    for _ in range(4):
        await world.say(person)
        await world.worker().drain(NOW)
    assert len({message.sender for message in first.sent}) == 1


LIMITED = replace(UNLIMITED, windows=(Window(1, timedelta(minutes=1)), Window(3, timedelta(hours=1))))


async def test_one_a_minute_and_no_more_than_three_an_hour_but_safety_passes(world: World, first: Scripted) -> None:
    person = await world.person(PARENT)
    worker = world.worker(policy=LIMITED)
    for number in range(5):
        await world.say(person, facts={"say": str(number)})
    sent = []
    for minutes in (0, 0.5, 1, 2, 3, 59, 60, 61):
        await worker.drain(NOW + timedelta(minutes=minutes))
        sent.append(len(first.sent))
    assert sent == [1, 1, 2, 3, 3, 3, 4, 5]
    await world.say(person, urgency="safety")
    await worker.drain(NOW + timedelta(minutes=61))
    assert len(first.sent) == 6


async def test_the_limit_holds_over_all_contacts_of_a_person(world: World, first: Scripted) -> None:
    person = await world.person(PARENT, OTHER)
    worker = world.worker(policy=LIMITED)
    await world.say(person)
    await worker.drain(NOW)
    await world.change(Contact, (await world.contact(PARENT)).id, state="bad")
    await world.say(person)
    await worker.drain(NOW)
    assert len(first.sent) == 1


async def test_what_is_held_is_said_in_one_message(world: World, first: Scripted) -> None:
    person = await world.person(PARENT)
    worker = world.worker(policy=LIMITED)
    keys = []
    for number in range(6):
        keys.append(await world.say(person, "merging_task", question="task", facts={"say": f"A{number}"}))
        await worker.drain(NOW)
    await worker.drain(NOW + timedelta(minutes=1))
    assert [message.body.split()[-1] for message in first.sent] == ["A0", "A1、A2、A3、A4"]
    await worker.drain(NOW + timedelta(minutes=2))
    assert len({(await world.intent(key)).message_id for key in keys}) == 3


async def test_what_is_due_soon_goes_along_and_what_is_due_later_does_not(world: World, first: Scripted) -> None:
    person = await world.person(PARENT)
    for minutes in (0, 4, 6):
        await world.say(
            person, "merging_question", question="absence", facts={"say": f"in{minutes}"}, due_at=NOW + timedelta(minutes=minutes)
        )
    worker = world.worker()
    await worker.drain(NOW)
    assert [message.body.split()[-1] for message in first.sent] == ["in0、in4"]
    alone = await world.person(OTHER)
    await world.say(alone, "merging_question", facts={"say": "later"}, due_at=NOW + timedelta(minutes=3))
    assert await worker.drain(NOW) == 0


async def test_of_a_merged_message_only_what_is_still_true_is_said(world: World, first: Scripted) -> None:
    person = await world.person(PARENT)
    absence_id = await world.absent()
    about = {"student_id": world.student_id, "still": "absence_open"}
    gone = await world.say(person, "merging_question", facts={"say": "小龙", "on": NOW.date().isoformat()}, **about)
    stays = await world.say(person, "merging_question", facts={"say": "小虎"})
    worker = world.worker()
    await worker._dispatch(NOW)
    await world.change(Absence, absence_id, state="withdrawn")
    await worker.drain(NOW)
    assert [message.body.split()[-1] for message in first.sent] == ["小虎"]
    assert ((await world.intent(gone)).state, (await world.intent(stays)).state) == ("dropped", "queued")


async def _until(world: World, sender_id: int, hours: int) -> None:
    """What waits on a sender that is paused, at the end of the first one's hour."""
    worker = world.worker()
    await worker._dispatch(NOW)
    assert len(await world.messages()) == 1
    await world.change(Sender, sender_id, state="paused")
    await worker.drain(NOW + timedelta(hours=hours))
    await world.change(Sender, sender_id, state="open")
    await worker.drain(NOW + timedelta(hours=hours, minutes=5))


async def test_of_a_merged_message_only_what_is_over_expires(world: World, first: Scripted, trouble: Trouble) -> None:
    person = await world.person(PARENT)
    lives = {"短": timedelta(hours=1), "长": timedelta(hours=9)}
    keys = [await world.say(person, "merging_a", facts={"say": said}, expires_at=NOW + life) for said, life in lives.items()]
    await _until(world, (await world.the_sender()).id, 1)
    short, long = [await world.intent(key) for key in keys]
    assert (short.state, long.state, trouble) == ("expired", "queued", [("expired", short.id)])
    (sent,) = first.sent
    assert ("长" in sent.body, "短" in sent.body) == (True, False)


async def test_on_a_shared_phone_each_has_their_own_time(world: World, first: Scripted, trouble: Trouble) -> None:
    lives = (timedelta(hours=9), timedelta(hours=1))
    keys = [await world.say(await world.person(PARENT), expires_at=NOW + life) for life in lives]
    await _until(world, (await world.the_sender()).id, 1)
    assert [(await world.intent(key)).state for key in keys] == ["queued", "expired"]
    assert len(first.sent) == 1


async def test_publicity_that_was_refused_is_not_sent(world: World, first: Scripted) -> None:
    person = await world.person(PARENT)
    async with world.database.session() as session, session.begin():
        session.add(Consent(person_id=person, kind="publicity", given=False, at=NOW, source="reply"))
    refused = await world.say(person, urgency="bulk")
    await world.say(person)
    await world.worker().drain(NOW)
    assert len(first.sent) == 1
    intent = await world.intent(refused)
    assert (intent.state, intent.reason) == ("dropped", "refused")


async def test_a_sender_s_daily_cap_holds_and_begins_anew(world: World, first: Scripted) -> None:
    sender = await world.the_sender()
    await world.change(Sender, sender.id, daily_cap=2)
    for number in range(3):
        await world.say(await world.person(f"+861389301000{number}"), expires_at=NOW + timedelta(days=2))
    worker = world.worker()
    await worker.drain(NOW)
    assert (len(first.sent), (await world.the_sender()).used) == (2, 2)
    await worker.drain(NOW + timedelta(days=1))
    assert (len(first.sent), (await world.the_sender()).used) == (3, 1)


async def test_what_a_provider_refused_is_not_counted(world: World, first: Scripted) -> None:
    first.answers = [Outcome(Result.RETRY, code="busy")]
    await world.say(await world.person(PARENT))
    await world.worker().drain(NOW)
    assert (await world.the_sender()).used == 0


async def test_outside_a_carrier_s_hours_messages_wait(world: World, first: Scripted) -> None:
    await world.change(Sender, (await world.the_sender()).id, hours_from=time(10), hours_until=time(12))
    await world.say(await world.person(PARENT))
    worker = world.worker()
    await worker.drain(NOW)  # nine o'clock
    assert first.sent == []
    await worker.drain(NOW + timedelta(hours=1))
    assert len(first.sent) == 1


async def test_parts_cost_what_the_sender_s_price_says(world: World, first: Scripted) -> None:
    first.capabilities = replace(first.capabilities, counts="parts")
    await world.change(Sender, (await world.the_sender()).id, price="0.0450")
    await world.say(await world.person(PARENT), facts={"say": "字" * 100})
    await world.worker().drain(NOW)
    (message,) = await world.messages()
    assert (message.parts, str(message.cost), (await world.the_sender()).used) == (2, "0.0900", 2)


@pytest.mark.parametrize("state", ["paused", "stopped"])
async def test_what_waits_on_a_shut_sender_goes_by_another(world: World, first: Scripted, second: Scripted, state: str) -> None:
    person = await world.person(PARENT)
    mine = await world.one(select(Sender.id).where(Sender.channel == "first"))
    await world.change(Contact, (await world.contact(PARENT)).id, sender_id=mine)
    key = await world.say(person)
    worker = world.worker()
    await worker._dispatch(NOW)
    await world.change(Sender, mine, state=state)
    await worker.drain(NOW)
    assert (first.sent, len(second.sent), (await world.intent(key)).state) == ([], 1, "queued")


async def test_what_waits_for_an_account_that_is_set_up_no_more_goes_by_another(world: World, first: Scripted, second: Scripted) -> None:
    mine = await world.one(select(Sender.id).where(Sender.channel == "first"))
    person = await world.person(PARENT)
    await world.change(Contact, (await world.contact(PARENT)).id, sender_id=mine)
    await world.say(person)
    await world.worker()._dispatch(NOW)
    del world.channels["first", "main"]
    for ago, sent in ((timedelta(seconds=30), 0), (timedelta(minutes=3), 1)):  # a worker may only be starting anew
        await world.change(Sender, mine, lease_holder="gone", lease_until=datetime.now(UTC) - ago)
        await world.worker().drain(NOW)
        assert (first.sent, len(second.sent)) == ([], sent)


async def test_a_draining_sender_sends_what_it_has_and_takes_nothing_new(world: World, first: Scripted, second: Scripted) -> None:
    mine = await world.one(select(Sender.id).where(Sender.channel == "first"))
    person = await world.person(PARENT)
    await world.change(Contact, (await world.contact(PARENT)).id, sender_id=mine)
    await world.say(person)
    worker = world.worker()
    await worker._dispatch(NOW)
    await world.change(Sender, mine, state="draining")
    await world.say(person)
    await worker.drain(NOW)
    assert (len(first.sent), len(second.sent)) == (1, 1)


async def test_a_moved_chat_is_written_to_at_its_new_address(world: World, first: Scripted) -> None:
    first.answers = [Outcome(Result.RETRY, moved_to="+8613893019999")]
    await world.say(await world.person(PARENT))
    await world.worker().drain(NOW)
    assert [message.to for message in first.sent] == [PARENT, "+8613893019999"]


async def test_a_chat_that_moved_to_a_known_address_becomes_one_with_it(world: World, first: Scripted) -> None:
    moving, settled = await world.person(PARENT), await world.person(OTHER)
    await world.say(moving, question="absence", student_id=world.student_id)
    first.answers = [Outcome(Result.RETRY, moved_to=OTHER)]
    worker = world.worker()
    await worker.drain(NOW)
    await world.say(moving)
    await worker.drain(NOW)
    assert [message.to for message in first.sent] == [PARENT, OTHER, OTHER]
    kept = await world.contact(OTHER)
    assert {question.contact_id for question in await world.questions() if question.state == "open"} == {kept.id}
    async with working(world.database, NOW) as work:
        assert await people_at(work, kept.id) == [moving, settled]
        assert await people_at(work, (await world.contact(PARENT)).id) == []


async def test_a_chat_is_not_followed_in_circles(world: World) -> None:
    contact_id = (await world.all(select(PersonContact.contact_id).where(PersonContact.person_id == await world.person(PARENT))))[0]

    async def move(to: str, now: datetime) -> bool:
        async with working(world.database, now) as work:
            return await move_contact(work, contact_id, world.cipher.encrypt(to), world.cipher.index(to))

    assert await move(OTHER, NOW)
    assert not await move(PARENT, NOW + timedelta(minutes=5))
    assert await move(PARENT, NOW + timedelta(days=1))


async def test_a_provider_that_sends_us_in_circles_is_not_followed(world: World, first: Scripted, trouble: Trouble) -> None:
    first.answers = [Outcome(Result.RETRY, moved_to=(OTHER, PARENT)[number % 2]) for number in range(50)]
    key = await world.say(await world.person(PARENT), expires_at=NOW + timedelta(hours=1))
    for minutes in range(0, 61, 5):
        await world.worker().drain(NOW + timedelta(minutes=minutes))
    assert len(first.sent) < 20
    assert (await world.intent(key)).state in ("expired", "unaddressable")


async def _choice(world: World, channel: Scripted, choice: str | None, number: int, body: str = "") -> None:
    text = Incoming(f"in{number}", PARENT, "1", body, choice=choice)
    await receive(world.database, world.cipher, channel.capabilities, text, NOW)


async def test_what_the_provider_stopped_is_known_and_resumed(world: World, first: Scripted, trouble: Trouble) -> None:
    person = await world.person(PARENT)
    worker = world.worker()
    await _choice(world, first, "out", 1)
    await worker.drain(NOW)
    await world.say(person)
    await worker.drain(NOW)
    assert ((await world.contact(PARENT)).state, first.sent) == ("blocked", [])
    assert [name for name, _ in trouble] == ["contact_blocked", "unreachable"]
    await _choice(world, first, "in", 2, "START")
    await world.say(person)
    await worker.drain(NOW)
    assert ((await world.contact(PARENT)).state, len(first.sent)) == ("usable", 1)
    assert (await world.one(select(Consent.given))) is True


async def test_letting_a_bot_in_again_asks_for_no_publicity(world: World, first: Scripted, trouble: Trouble) -> None:
    await world.person(PARENT)
    for number, choice in enumerate(("out", "in")):
        await _choice(world, first, choice, number)
        await world.worker().drain(NOW)
    assert ((await world.contact(PARENT)).state, await world.one(select(Consent.given))) == ("usable", False)


@pytest.mark.parametrize(
    ("word", "state"),
    [("START", "usable"), (" start ", "usable"), ("yes", "usable"), ("恢复订阅", "usable"), ("1", "blocked"), ("是", "blocked")],
)
async def test_a_blocked_number_becomes_usable_by_the_word_alone(
    world: World, first: Scripted, trouble: Trouble, word: str, state: str
) -> None:
    """Twilio tells of START only where a service answers it; what else is written leaves its block as it is."""
    first.answers = [Outcome(Result.BLOCKED, code="21610")]
    await world.say(await world.person(PARENT))
    worker = world.worker()
    await worker.drain(NOW)
    await _choice(world, first, None, 1, word)
    await worker.drain(NOW)
    assert (await world.contact(PARENT)).state == state


@pytest.mark.parametrize("number", ["10086", "1"])
async def test_short_codes_and_our_own_numbers_get_no_answer(world: World, first: Scripted, number: str) -> None:
    person = await world.person(number)
    contact = await world.contact(number)
    key = await world.say(person, contact_id=contact.id)
    await world.worker().drain(NOW)
    assert (first.sent, (await world.intent(key)).reason) == ([], "machine")


async def test_the_same_answer_to_the_same_text_three_times_is_a_loop(world: World, first: Scripted, trouble: Trouble) -> None:
    person = await world.person(PARENT)
    contact = await world.contact(PARENT)
    for _ in range(4):
        await world.wrote(contact.id, "您好，我在开会")
        await world.say(person, contact_id=contact.id, facts={"say": "same"})
        await world.worker().drain(NOW)
    assert (len(first.sent), [name for name, _ in trouble]) == (3, ["loop_stopped"])


async def test_somebody_nobody_knows_is_answered_where_they_wrote(world: World, first: Scripted) -> None:
    await world.person(PARENT)
    contact = await world.contact(PARENT)
    await world.say(None, contact_id=contact.id)  # type: ignore[arg-type]
    await world.worker().drain(NOW)
    assert [message.to for message in first.sent] == [PARENT]


async def test_a_campaign_holds_up_no_duty_message(world: World, first: Scripted) -> None:
    await world.change(Sender, (await world.the_sender()).id, rate_per_second=5000)
    crowd = [await world.person(f"+86138930{number:05d}") for number in range(20, 60)]
    for person in crowd:
        await world.say(person, urgency="bulk")
    worker = world.worker(batch=10)
    await worker._dispatch(NOW)
    await world.say(await world.person(PARENT))
    await worker._dispatch(NOW)
    await worker._courier.deliver(NOW)
    assert PARENT in [message.to for message in first.sent[:11]]
    await worker.drain(NOW)
    assert len(await world.all(select(Message).where(Message.state == "sent"))) == 41


async def test_a_message_longer_than_what_is_left_of_the_cap_waits_for_tomorrow(world: World, first: Scripted) -> None:
    first.capabilities = replace(first.capabilities, counts="parts")
    await world.change(Sender, (await world.the_sender()).id, daily_cap=3, used=2, used_on=NOW.date())
    await world.say(await world.person(PARENT), facts={"say": "字" * 100}, expires_at=NOW + timedelta(days=2))
    worker = world.worker()
    await worker.drain(NOW)
    assert first.sent == []
    await worker.drain(NOW + timedelta(days=1))
    assert len(first.sent) == 1


@pytest.mark.parametrize("is_lowered_meanwhile", [False, True])
async def test_a_message_longer_than_a_whole_day_s_cap_is_a_person_s_and_takes_nothing_from_the_others(
    world: World, first: Scripted, trouble: Trouble, is_lowered_meanwhile: bool
) -> None:
    first.capabilities = replace(first.capabilities, counts="parts")
    sender, worker = await world.the_sender(), world.worker()
    if not is_lowered_meanwhile:
        await world.change(Sender, sender.id, daily_cap=1)
    long = await world.say(await world.person(PARENT), facts={"say": "字" * 100}, expires_at=NOW + timedelta(days=2))
    short = await world.say(await world.person("+8613893010002"), expires_at=NOW + timedelta(days=2))
    await worker._dispatch(NOW)
    await world.change(Sender, sender.id, daily_cap=1)
    await worker.drain(NOW)
    intent = await world.intent(long)
    assert (intent.state, intent.reason, trouble) == ("unaddressable", "unsayable", [("unsaid", intent.id)])
    assert (len(first.sent), (await world.intent(short)).state) == (1, "queued")


async def test_a_message_longer_than_one_sender_s_day_goes_by_another_of_the_same_channel(world: World, first: Scripted) -> None:
    first.capabilities = replace(first.capabilities, counts="parts")
    small, person = (await world.the_sender()).id, await world.person(PARENT)
    await world.change(Sender, small, daily_cap=1)
    await world.change(Contact, (await world.contact(PARENT)).id, sender_id=small)
    await world.sender("first", "10690002")
    await world.say(person, facts={"say": "字" * 100})
    await world.say(person, facts={"say": "短"})
    await world.worker().drain(NOW)
    assert {len(message.body) > 70: message.sender for message in first.sent} == {False: "1", True: "10690002"}


async def test_a_refused_batch_goes_by_another_sender_at_once(world: World, first: Scripted, second: Scripted, trouble: Trouble) -> None:
    mine = await world.one(select(Sender.id).where(Sender.channel == "first"))
    first.answers = [Outcome(Result.OUR_FAULT, code="20003")] * 3
    for number in range(3):
        person = await world.person(f"+861389301000{number}")
        await world.change(Contact, (await world.contact(f"+861389301000{number}")).id, sender_id=mine)
        await world.say(person)
    await world.worker().drain(NOW)
    assert (len(first.sent), len(second.sent)) == (3, 3)
    assert [name for name, _ in trouble] == ["sender_stopped"]


async def test_our_fault_in_a_report_blames_no_contact(world: World, first: Scripted, second: Scripted, trouble: Trouble) -> None:
    first.capabilities = replace(first.capabilities, failures={"unpaid": Result.OUR_FAULT})
    mine = await world.one(select(Sender.id).where(Sender.channel == "first"))
    person = await world.person(PARENT)
    await world.change(Contact, (await world.contact(PARENT)).id, sender_id=mine)
    await world.say(person)
    worker = world.worker()
    await worker.drain(NOW)
    await _report(world, "p1", "failed", "unpaid")
    await worker.drain(NOW)
    assert ((await world.contact(PARENT)).failures, len(second.sent)) == (0, 1)


async def test_whoever_writes_from_a_bad_number_is_answered_there(world: World, first: Scripted) -> None:
    person = await world.person(PARENT)
    contact = await world.contact(PARENT)
    await world.change(Contact, contact.id, state="bad", failures=4)
    await receive(world.database, world.cipher, first.capabilities, Incoming("in1", PARENT, "1", "在吗"), NOW)
    worker = world.worker()
    await worker.drain(NOW)
    await world.say(person, contact_id=contact.id)
    await worker.drain(NOW)
    assert [message.to for message in first.sent] == [PARENT]


async def test_what_one_channel_cannot_say_another_says(world: World, first: Scripted, second: Scripted) -> None:
    first.capabilities = replace(first.capabilities, max_length=10)
    mine = await world.one(select(Sender.id).where(Sender.channel == "first"))
    person = await world.person(PARENT)
    await world.change(Contact, (await world.contact(PARENT)).id, sender_id=mine)
    await world.say(person, facts={"say": "字" * 50})
    await world.worker().drain(NOW)
    assert (first.sent, len(second.sent)) == ([], 1)


async def test_when_every_way_is_used_up_a_person_is_told_at_once(world: World, first: Scripted, trouble: Trouble) -> None:
    first.capabilities = replace(first.capabilities, max_length=10)
    key = await world.say(await world.person(PARENT), facts={"say": "字" * 50})
    await world.worker().drain(NOW)
    assert (await world.intent(key)).state == "unaddressable"
    assert [name for name, _ in trouble] == ["unsaid"]


async def test_what_is_in_doubt_on_a_stopped_sender_ends_with_its_time(world: World, first: Scripted, trouble: Trouble) -> None:
    first.answers = [Outcome(Result.UNKNOWN)]
    key = await world.say(await world.person(PARENT), expires_at=NOW + timedelta(hours=1))
    worker = world.worker(doubt_after=timedelta(hours=1))
    await worker.drain(NOW)
    await world.change(Sender, (await world.the_sender()).id, state="stopped")
    await worker.drain(NOW + timedelta(hours=1))
    assert (await world.intent(key)).state == "expired"
    assert [name for name, _ in trouble] == ["expired"]
