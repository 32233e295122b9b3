"""Twilio over real HTTP, against a fake of its API: every answer it can give, and what it sends us."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from sqlalchemy import select, text
from starlette.datastructures import ImmutableMultiDict

from bot.channels.base import Outgoing, Request
from bot.channels.registry import build_channels, close_channels
from bot.channels.twilio_sms import TwilioSms
from storage.database import Database
from storage.tables import Attempt, DeliveryStatus, Inbound, Sender
from tests.bot.hooked import hooked
from tests.bot.world import NOW, Killed, World
from tests.fakes.provider import Drop, Malformed, Slow
from tests.fakes.twilio import FakeTwilio, Refuse

Trouble = list[tuple[str, Any]]
OURS, PARENT, OTHER = "+15005550006", "+8613893010001", "+8613893010002"
SERVICE = "MG" + "a" * 32


@pytest.fixture
async def connected(world: World, twilio: FakeTwilio, web: Database) -> AsyncIterator[World]:
    """The county's only sender is a Twilio number; our webhooks are served for it."""
    settings = {"TWILIO_ACCOUNT_SID": twilio.account, "TWILIO_AUTH_TOKEN": twilio.token, "TWILIO_API_BASE": twilio.base}
    world.channels = build_channels(settings)
    await world.sender("twilio_sms", OURS, rate=1000)
    async with hooked(world, web):
        yield world


def _hook(world: World, name: str) -> str:
    return f"{world.public_url}/hooks/twilio_sms/main/{name}"


async def test_sent_and_delivered(connected: World, twilio: FakeTwilio) -> None:
    await connected.say(await connected.person(PARENT), facts={"say": "明天来吗"})
    worker = connected.worker()
    await worker.drain(NOW)
    (message,) = await connected.messages()
    assert twilio.sent_to(PARENT) == [message.body]
    assert (message.state, message.provider_id) == ("sent", twilio.messages[0]["sid"])
    assert 60 <= int(twilio.asked[0]["ValidityPeriod"]) <= 4 * 3600  # Twilio gives it up: the morning's question is not put at night
    for status in ("sent", "delivered", "delivered", "sent"):
        assert await twilio.report(message.provider_id, status) == 204
        await worker.drain(NOW)
    assert [message.state for message in await connected.messages()] == ["delivered"]


async def test_a_report_before_our_own_commit_waits_for_it(connected: World, twilio: FakeTwilio) -> None:
    await connected.say(await connected.person(PARENT))
    twilio.next.append(Slow(0.3))
    worker = connected.worker()
    draining = asyncio.create_task(worker.drain(NOW))
    await twilio.first.wait()
    await twilio.report(twilio.messages[0]["sid"], "delivered")
    assert await worker._statuses(NOW) == 0
    await draining
    await worker.drain(NOW)
    assert [message.state for message in await connected.messages()] == ["delivered"]


async def test_delivered_after_failed_counts(connected: World, twilio: FakeTwilio, trouble: Trouble) -> None:
    await connected.say(await connected.person(PARENT))
    worker = connected.worker()
    await worker.drain(NOW)
    sid = twilio.messages[0]["sid"]
    await twilio.report(sid, "undelivered", 30003)
    await worker.drain(NOW)
    await twilio.report(sid, "delivered")
    await worker.drain(NOW)
    assert [message.state for message in await connected.messages()] == ["delivered"]
    assert (await connected.contact(PARENT)).state == "usable"


async def test_failed_after_delivered_sends_nothing_again(connected: World, twilio: FakeTwilio, trouble: Trouble) -> None:
    await connected.say(await connected.person(PARENT, OTHER))
    worker = connected.worker()
    await worker.drain(NOW)
    sid = twilio.messages[0]["sid"]
    await twilio.report(sid, "delivered")
    await worker.drain(NOW)
    await twilio.report(sid, "failed", 30005)
    await worker.drain(NOW)
    assert (len(twilio.messages), (await connected.contact(PARENT)).state, trouble) == (1, "usable", [])


@pytest.mark.parametrize(("code", "state"), [(30005, "bad"), (30006, "bad"), (21610, "blocked"), (30003, "usable"), (39999, "usable")])
async def test_not_delivered_goes_to_the_next_number(connected: World, twilio: FakeTwilio, trouble: Trouble, code: int, state: str) -> None:
    await connected.say(await connected.person(PARENT, OTHER))
    worker = connected.worker()
    await worker.drain(NOW)
    await twilio.report(twilio.messages[0]["sid"], "undelivered", code)
    await worker.drain(NOW)
    assert [message["to"] for message in twilio.messages] == [PARENT, OTHER]
    assert (await connected.contact(PARENT)).state == state
    assert [name for name, _ in trouble] == (["contact_failed"] if state != "usable" else [])


@pytest.mark.parametrize("code", [21408, 21612, 30024])
async def test_no_way_from_here_is_nobody_s_fault_and_stops_no_sender(connected: World, twilio: FakeTwilio, code: int) -> None:
    person = await connected.person(PARENT, OTHER)
    await connected.say(person)
    worker = connected.worker()
    await worker.drain(NOW)
    await twilio.report(twilio.messages[0]["sid"], "undelivered", code)
    await worker.drain(NOW + timedelta(hours=2))
    assert [message["to"] for message in twilio.messages] == [PARENT, OTHER]
    assert ((await connected.contact(PARENT)).failures, (await connected.the_sender()).state) == (0, "open")
    assert [message.failure for message in await connected.messages()] == [str(code), None]


@pytest.mark.parametrize("code", [21408, 21608, 21612])
async def test_a_refusal_about_one_number_goes_another_way_and_stops_no_sender(
    connected: World, twilio: FakeTwilio, trouble: Trouble, code: int
) -> None:
    twilio.by_number[PARENT] = Refuse(400, code)
    await connected.say(await connected.person(PARENT, OTHER))
    await connected.worker().drain(NOW)
    assert [message["to"] for message in twilio.messages] == [OTHER]
    assert ((await connected.the_sender()).state, (await connected.the_sender()).used, trouble) == ("open", 1, [])


@pytest.mark.parametrize(("code", "state"), [(21211, "bad"), (21614, "bad"), (21610, "blocked")])
async def test_a_refused_number_is_left_for_the_next(connected: World, twilio: FakeTwilio, trouble: Trouble, code: int, state: str) -> None:
    twilio.by_number[PARENT] = Refuse(400, code)
    await connected.say(await connected.person(PARENT, OTHER))
    await connected.worker().drain(NOW)
    assert [message["to"] for message in twilio.messages] == [OTHER]
    assert (await connected.contact(PARENT)).state == state


@pytest.mark.parametrize("fault", [Refuse(429, 20429), Refuse(500, 20500), Refuse(503, 0)])
async def test_busy_is_tried_again(connected: World, twilio: FakeTwilio, fault: Refuse) -> None:
    twilio.next.append(fault)
    await connected.say(await connected.person(PARENT))
    worker = connected.worker()
    await worker.drain(NOW)
    assert twilio.messages == []
    await worker.drain(NOW + timedelta(minutes=1))
    assert [message.state for message in await connected.messages()] == ["sent"]


async def test_the_wait_that_the_provider_asks_for_is_kept(connected: World, twilio: FakeTwilio) -> None:
    twilio.next.append(Refuse(429, 20429, retry_after=600))
    await connected.say(await connected.person(PARENT))
    worker = connected.worker()
    await worker.drain(NOW)
    await worker.drain(NOW + timedelta(minutes=9))
    assert twilio.messages == []
    await worker.drain(NOW + timedelta(minutes=11))
    assert [message.state for message in await connected.messages()] == ["sent"]


@pytest.mark.parametrize("fault", [Refuse(401, 20003), Refuse(403, 20005), Refuse(400, 21606)])
async def test_a_fault_of_ours_stops_the_sender(connected: World, twilio: FakeTwilio, trouble: Trouble, fault: Refuse) -> None:
    twilio.next.append(fault)
    await connected.say(await connected.person(PARENT))
    await connected.worker().drain(NOW)
    assert (await connected.the_sender()).state == "stopped"
    assert [name for name, _ in trouble] == ["sender_stopped"]


@pytest.mark.parametrize("fault", [Drop(accepted=True), Malformed(), Malformed("{}"), Malformed("[]")])
async def test_accepted_without_a_word_is_found_by_asking(connected: World, twilio: FakeTwilio, fault: Drop | Malformed) -> None:
    twilio.next.append(fault)
    await connected.say(await connected.person(PARENT))
    await connected.worker().drain(NOW)
    (message,) = await connected.messages()
    assert [row["sid"] for row in twilio.messages] == [message.provider_id]
    assert message.state == "sent"


async def test_dropped_before_it_was_accepted_is_sent_again(connected: World, twilio: FakeTwilio) -> None:
    twilio.next.append(Drop(accepted=False))
    await connected.say(await connected.person(PARENT))
    worker = connected.worker()
    await worker.drain(NOW)
    await worker.drain(NOW + timedelta(seconds=10))
    assert [row["to"] for row in twilio.messages] == [PARENT]
    assert [attempt.outcome for attempt in await connected.all(select(Attempt).order_by(Attempt.id))] == ["not_accepted", "accepted"]


async def test_asking_does_not_take_another_text_for_ours(connected: World, twilio: FakeTwilio) -> None:
    """Somebody wrote to the same family from Twilio's own page."""
    await connected.say(await connected.person(PARENT))
    worker = connected.worker()
    await worker.drain(NOW)
    twilio.messages[0] |= {"sid": "SM" + "f" * 32, "body": "written by hand"}
    twilio.next.append(Drop(accepted=False))
    await connected.say(await connected.person(PARENT))
    await worker.drain(NOW)
    await worker.drain(NOW + timedelta(seconds=10))
    assert len(twilio.sent_to(PARENT)) == 2


async def test_an_answer_that_comes_too_late_is_doubt_and_no_second_message(connected: World, twilio: FakeTwilio) -> None:
    connected.channels["twilio_sms", "main"] = TwilioSms(twilio.account, twilio.token, twilio.base, seconds=0.2)
    twilio.next.append(Slow(1))
    await connected.say(await connected.person(PARENT))
    await connected.worker().drain(NOW)
    await close_channels(connected.channels)
    assert [row["sid"] for row in twilio.messages] == [message.provider_id for message in await connected.messages()]


async def test_nobody_there_is_tried_again(connected: World, twilio: FakeTwilio) -> None:
    gone = TwilioSms(twilio.account, twilio.token, "http://127.0.0.1:9")
    connected.channels["twilio_sms", "main"] = gone
    await connected.say(await connected.person(PARENT))
    await connected.worker().drain(NOW)
    (attempt,) = await connected.all(select(Attempt))
    assert (attempt.outcome, attempt.detail) == ("retry", "not_connected")
    await gone.close()


async def test_killed_between_acceptance_and_commit_it_is_asked_and_not_sent_again(
    connected: World, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = connected.worker()

    async def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(worker._courier, "_conclude", die)
    await connected.say(await connected.person(PARENT))
    with pytest.raises(Killed):
        await worker.drain(NOW)
    assert len(twilio.messages) == 1
    async with connected.database.session() as session, session.begin():
        await session.execute(text("update sender set lease_until = clock_timestamp()"))
    await connected.worker().drain(NOW)
    (message,) = await connected.messages()
    assert (len(twilio.messages), message.provider_id, message.state) == (1, twilio.messages[0]["sid"], "sent")


async def test_asking_reads_every_page_and_tells_equal_texts_apart(connected: World, twilio: FakeTwilio) -> None:
    twilio.page_size = 2
    person = await connected.person(PARENT)
    worker = connected.worker()
    for _ in range(5):
        await connected.say(person)
        await worker.drain(NOW)
    twilio.next.append(Drop(accepted=True))
    await connected.say(person)
    await worker.drain(NOW)
    assert len(twilio.messages) == 6
    assert sorted(message.provider_id for message in await connected.messages()) == sorted(row["sid"] for row in twilio.messages)


async def test_a_text_is_stored_once_and_handled(connected: World, twilio: FakeTwilio) -> None:
    for _ in range(2):
        assert await twilio.text(_hook(connected, "inbound"), PARENT, OURS, "1", sid="SM" + "a" * 32) == 200
    assert await connected.worker().drain(NOW) == 1
    (inbound,) = await connected.all(select(Inbound))
    assert (inbound.body, inbound.outcome, connected.cipher.decrypt(inbound.address_encrypted)) == ("1", "noted", PARENT)


async def test_a_service_sends_hears_and_is_asked(connected: World, twilio: FakeTwilio) -> None:
    await connected.change(Sender, (await connected.the_sender()).id, address=SERVICE)
    twilio.holdings.service(SERVICE, OURS)
    person = await connected.person(PARENT)
    worker = connected.worker()
    for fault in (Drop(accepted=True), Drop(accepted=False)):
        twilio.next.append(fault)
        await connected.say(person)
        await worker.drain(NOW)
    await worker.drain(NOW + timedelta(seconds=10))
    assert [row["messaging_service_sid"] for row in twilio.messages] == [SERVICE, SERVICE]
    assert [message.provider_id for message in await connected.messages()] == [row["sid"] for row in twilio.messages]


async def test_a_text_from_our_number_is_none_of_the_services(connected: World, twilio: FakeTwilio) -> None:
    """The same words went to the same family from one of the numbers, without the service."""
    await connected.change(Sender, (await connected.the_sender()).id, address=SERVICE)
    twilio.holdings.service(SERVICE, OURS)
    channel = connected.channels["twilio_sms", "main"]
    await channel.send(Outgoing(1, PARENT, OURS, "马小龙今天没到校。"))
    ours = await channel.send(Outgoing(2, PARENT, SERVICE, "马小龙今天没到校。"))
    assert await channel.find(Outgoing(2, PARENT, SERVICE, "马小龙今天没到校。"), NOW - timedelta(days=9999)) == [ours.provider_id]


@pytest.mark.parametrize(("word", "choice"), [("STOP", "out"), ("START", "in"), ("HELP", None), (None, None)])
async def test_what_the_provider_itself_has_stopped(connected: World, twilio: FakeTwilio, word: str | None, choice: str | None) -> None:
    form = twilio.text_form(PARENT, OURS, "退订") | ({"OptOutType": word} if word else {})
    assert await twilio.post(_hook(connected, "inbound"), form) == 200
    assert [row.choice for row in await connected.all(select(Inbound))] == [choice]


async def test_a_hook_that_is_none(connected: World, twilio: FakeTwilio) -> None:
    assert await twilio.post(_hook(connected, "elsewhere"), twilio.text_form(PARENT, OURS, "1")) == 400
    assert await connected.all(select(Inbound)) == []


async def test_forged_malformed_oversized(connected: World, twilio: FakeTwilio) -> None:
    sms, status = _hook(connected, "inbound"), _hook(connected, "status")
    good = {"MessageSid": "SM" + "b" * 32, "From": PARENT, "To": OURS, "Body": "1"}
    assert await twilio.post(sms, good, signature="forged") == 403
    assert await twilio.post(status, {"MessageSid": "SM1", "MessageStatus": "sent"}, signature="forged") == 403
    assert await twilio.post(sms, {"Body": "1"}) == 400
    assert await twilio.post(status, {"MessageSid": "SM1", "MessageStatus": "teleported"}) == 400
    assert await twilio.post(sms, good | {"Body": "x" * 256 * 1024}) == 413
    assert await connected.all(select(Inbound)) == []
    assert await connected.all(select(DeliveryStatus)) == []


@pytest.mark.parametrize(
    ("written", "said", "status"),
    [
        ("gbk", "; charset=GBK", 200),
        ("gb18030", '; charset="gb2312"', 200),
        ("utf-8", "; charset=UTF-8", 200),
        ("gbk", "", 400),
        ("utf-8", "; charset=gbk", 400),
        ("utf-8", "; charset=big5", 415),
    ],
)
async def test_a_text_is_read_in_the_charset_that_is_said_or_refused(
    connected: World, twilio: FakeTwilio, written: str, said: str, status: int
) -> None:
    url, form = _hook(connected, "inbound"), twilio.text_form(PARENT, OURS, "明天来")
    headers = {"X-Twilio-Signature": twilio.signature(url, form), "Content-Type": f"application/x-www-form-urlencoded{said}"}
    async with aiohttp.ClientSession() as gateway, gateway.post(url, data=urlencode(form, encoding=written), headers=headers) as answer:
        assert answer.status == status
    assert [row.body for row in await connected.all(select(Inbound))] == (["明天来"] if status == 200 else [])


async def test_calls_that_are_nobody_s_or_no_form_are_logged(
    connected: World, twilio: FakeTwilio, capsys: pytest.CaptureFixture[str]
) -> None:
    hooks = f"{connected.public_url}/hooks"
    assert await twilio.text(f"{hooks}/twilio_sms/elsewhere/inbound", PARENT, OURS, "1") == 404
    assert await twilio.text(f"{hooks}/{PARENT}/main/inbound", PARENT, OURS, "1") == 404
    form = {f"field{number}": PARENT for number in range(201)}
    assert await twilio.post(_hook(connected, "inbound"), form) == 400
    logged = capsys.readouterr().out
    for said in (
        "action=webhook_unknown_account channel=twilio_sms",
        "webhook_unknown_account channel=None",
        "webhook_unreadable channel=twilio_sms",
    ):
        assert said in logged
    assert PARENT not in logged
    assert await connected.all(select(Inbound)) == []


async def test_an_unknown_number_and_odd_bodies_are_kept(connected: World, twilio: FakeTwilio) -> None:
    for sender, body in (("10086", "余额不足"), (OTHER, ""), (OTHER, "字" * 5000), (OTHER, "a\0b")):
        assert await twilio.text(_hook(connected, "inbound"), sender, OURS, body) == 200
    await connected.worker().drain(NOW)
    rows = await connected.all(select(Inbound).order_by(Inbound.id))
    assert [(len(row.body), row.outcome) for row in rows] == [(4, "noted"), (0, "noted"), (2000, "noted cut"), (2, "noted")]
    assert (await connected.contact("10086")).kind == "phone"


def test_signatures_cover_repeated_names_and_ports() -> None:
    """Values computed by hand from Twilio's description of the algorithm."""
    channel = build_channels({"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "12345"})["twilio_sms", "main"]
    form = ImmutableMultiDict([("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234"), ("Sid", "CA1")])
    for url in ("https://example.org/hook?x=1", "https://example.org:443/hook?x=1"):
        signature = _signed("12345", url + "Digits1234Digits5678SidCA1")
        request = Request(url="https://example.org/hook?x=1", form=form, headers={"x-twilio-signature": signature})
        assert channel.verify(request)
        assert not channel.verify(Request(url="https://example.org/other", form=form, headers=request.headers))


def _signed(token: str, covered: str) -> str:
    return base64.b64encode(hmac.new(token.encode(), covered.encode(), hashlib.sha1).digest()).decode()


def test_channels_are_built_from_what_is_set() -> None:
    assert build_channels({}) == {}
    assert sorted(build_channels({"FANXIAO_SIMULATOR": "yes"})) == [
        ("simulator", "main"),
        ("simulator_chat", "main"),
        ("simulator_voice", "main"),
    ]
    second = {"TWILIO_ACCOUNT_SID__EAST": "AC" + "1" * 32, "TWILIO_AUTH_TOKEN__EAST": "1"}
    assert list(build_channels(second | {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32})) == [("twilio_sms", "east"), ("twilio_voice", "east")]
