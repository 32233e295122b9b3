"""A phone as our sender, against a fake of SMS Gateway for Android: what the contract suite does not say of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.android_sms import AndroidSms, own_id
from bot.channels.android_sms_calls import FAILURES, failure_code
from bot.channels.base import Outgoing, Request, Result, Trouble
from bot.channels.registry import build_channels
from storage.database import Database
from storage.tables import DeliveryStatus, Inbound
from tests.bot.hooked import hooked
from tests.bot.world import NOW, World
from tests.fakes.android import FakeAndroid, Fault, Refuse
from tests.fakes.provider import Drop, Malformed

Told = list[tuple[str, Any]]
OURS, PARENT, OTHER = "+8613800000009", "+8613893010001", "+8613893010002"
HOOKS = "https://fanxiao.test/hooks/android_sms/main"
MESSAGE = Outgoing(7, PARENT, OURS, "【教育局】明天来吗")


@pytest.fixture
async def phone() -> AsyncIterator[FakeAndroid]:
    async with FakeAndroid() as fake:
        yield fake


@pytest.fixture
async def connected(world: World, phone: FakeAndroid, web: Database) -> AsyncIterator[World]:
    """The county's only sender is a phone; our webhooks are served for it."""
    world.channels = build_channels(
        {
            "ANDROID_SMS_URL": f"{phone.base}/",
            "ANDROID_SMS_LOGIN": phone.login,
            "ANDROID_SMS_PASSWORD": phone.password,
            "ANDROID_SMS_SIGNING_KEY": phone.signing_key,
        }
    )
    await world.sender("android_sms", OURS, rate=1000)
    async with hooked(world, web):
        yield world


@pytest.fixture
async def channel(phone: FakeAndroid) -> AsyncIterator[AndroidSms]:
    made = AndroidSms(phone.base, phone.login, phone.password, phone.signing_key)
    yield made
    await made.close()


def _hook(world: World, name: str = "inbound") -> str:
    return f"{world.public_url}/hooks/android_sms/main/{name}"


async def test_sent_and_delivered(connected: World, phone: FakeAndroid) -> None:
    await connected.say(await connected.person(PARENT), facts={"say": "明天来吗"})
    worker = connected.worker()
    await worker.drain(NOW)
    (message,) = await connected.messages()
    assert phone.sent_to(PARENT) == [message.body]
    (asked,) = phone.asked
    assert (asked["id"], asked["withDeliveryReport"], asked["ttl"]) == (message.provider_id, True, 3600)
    for event in ("sms:sent", "sms:delivered", "sms:delivered", "sms:sent"):
        assert await phone.post(_hook(connected, "status"), phone.report(asked["id"], event)) == 200
        await connected.worker().drain(NOW)
    assert [message.state for message in await connected.messages()] == ["delivered"]
    reports = await connected.all(select(DeliveryStatus))
    assert all(report.at is not None and report.at.year == 2026 for report in reports)


async def test_failed_on_the_phone_goes_to_the_next_number(connected: World, phone: FakeAndroid, trouble: Told) -> None:
    await connected.say(await connected.person(PARENT, OTHER))
    worker = connected.worker()
    await worker.drain(NOW)
    (first,) = phone.messages
    await phone.post(_hook(connected), phone.report(first, "sms:failed", "sendSMS: Invalid phone number"))
    await worker.drain(NOW)
    assert [asked["phoneNumbers"] for asked in phone.asked] == [[PARENT], [OTHER]]
    assert (await connected.contact(PARENT)).state == "bad"


@pytest.mark.parametrize("fault", [Drop(accepted=True), Malformed(), Malformed("{}"), Malformed("[]"), Malformed('{"id": "x"}')])
async def test_accepted_without_a_word_is_found_by_asking(connected: World, phone: FakeAndroid, fault: Fault) -> None:
    phone.next.append(fault)
    await connected.say(await connected.person(PARENT))
    await connected.worker().drain(NOW)
    (message,) = await connected.messages()
    assert (list(phone.messages), message.state) == ([message.provider_id], "sent")


async def test_dropped_before_it_was_accepted_is_sent_again(connected: World, phone: FakeAndroid) -> None:
    phone.next.append(Drop(accepted=False))
    await connected.say(await connected.person(PARENT))
    worker = connected.worker()
    await worker.drain(NOW)
    await worker.drain(NOW + timedelta(seconds=10))
    assert len(phone.sent_to(PARENT)) == 1


@pytest.mark.parametrize(("said", "status"), [("; charset=GBK", 200), ("", 400), ("; charset=utf-8", 400)])
async def test_a_gateway_in_between_may_write_gbk_where_it_says_so(connected: World, phone: FakeAndroid, said: str, status: int) -> None:
    """What it has written is what it has signed."""
    body = phone.text(PARENT, "明天来")[0].decode().encode("gbk")
    headers = phone.signed(body) | {"Content-Type": f"application/json{said}"}
    assert await phone.post(_hook(connected), (body, headers)) == status
    assert [row.body for row in await connected.all(select(Inbound))] == (["明天来"] if status == 200 else [])


async def test_a_text_is_stored_once_however_it_comes(connected: World, phone: FakeAndroid) -> None:
    """Again after an answer that got lost, and by a second webhook for the same event."""
    first, second = phone.text(PARENT, "1"), phone.text(PARENT, "1")
    assert first[0] != second[0]
    for hook, call in (("inbound", first), ("inbound", first), ("status", second)):
        assert await phone.post(_hook(connected, hook), call) == 200
    assert await phone.post(_hook(connected), phone.text(PARENT, "1", number=2)) == 200
    await connected.worker().drain(NOW)
    rows = await connected.all(select(Inbound))
    assert [(row.body, row.outcome) for row in rows] == [("1", "noted"), ("1", "noted")]
    assert {connected.cipher.decrypt(row.address_encrypted) for row in rows} == {PARENT}


async def test_numbers_as_a_phone_writes_them(connected: World, phone: FakeAndroid) -> None:
    """Without the country's code, short codes, and apps that name the writer in `phoneNumber` alone."""
    calls = [
        phone.text("13893010001", "好"),
        phone.text("10086", "余额不足", number=2),
        phone.text(OTHER, "1", number=3, sender=None, recipient=OURS),
    ]
    for call in calls:
        assert await phone.post(_hook(connected), call) == 200
    rows = await connected.all(select(Inbound).order_by(Inbound.id))
    assert [connected.cipher.decrypt(row.address_encrypted) for row in rows] == [PARENT, "10086", OTHER]


async def test_a_picture_is_kept_as_something_that_came(connected: World, phone: FakeAndroid) -> None:
    """An MMS (彩信): its subject is all the words that the app tells of it; brought twice it is one."""
    call = phone.picture(PARENT)
    for brought in (call, call, phone.picture(OTHER, "病假条", number=2)):
        assert await phone.post(_hook(connected), brought) == 200
    assert await phone.post(_hook(connected), phone.event("mms:received", {"messageId": "mms_3"})) == 400
    rows = await connected.all(select(Inbound).order_by(Inbound.id))
    assert [(connected.cipher.decrypt(row.address_encrypted), row.body) for row in rows] == [(PARENT, ""), (OTHER, "病假条")]


async def test_half_of_a_long_text_is_not_delivered(channel: AndroidSms, phone: FakeAndroid) -> None:
    """Its first part has arrived, its second could not be sent."""
    sent = await channel.send(MESSAGE)
    phone.fates[sent.provider_id or ""] = ("Failed", "Send result: RESULT_ERROR_LIMIT_EXCEEDED")
    body, headers = phone.report(sent.provider_id or "", "sms:delivered")
    (heard,) = (await channel.hear(Request(HOOKS, body=body, headers=headers))).statuses
    assert (heard.status, heard.code) == ("failed", "RESULT_ERROR_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("fate", "reached", "state", "failure"),
    [
        (("Pending", None), [[PARENT], [OTHER]], "failed", "phone_offline"),
        (("Failed", "TTL expired"), [[PARENT], [OTHER]], "failed", "expired"),
        (("Sent", None), [[PARENT]], "sent", None),
        (("Delivered", None), [[PARENT]], "delivered", None),
    ],
)
async def test_a_phone_that_says_nothing_is_asked_once_it_cannot_send_any_more(
    connected: World, phone: FakeAndroid, fate: tuple[str, str | None], reached: list[list[str]], state: str, failure: str | None
) -> None:
    """Behind a server it may have been switched off all the time: nobody else would ever tell us."""
    await connected.say(await connected.person(PARENT, OTHER), expires_at=NOW + timedelta(hours=6))
    await connected.worker().drain(NOW)
    phone.fates[next(iter(phone.messages))] = fate
    for minutes in (60, 71, 72):
        await connected.worker().drain(NOW + timedelta(minutes=minutes))
        assert [asked["phoneNumbers"] for asked in phone.asked] == (reached if minutes > 70 else [[PARENT]])
    (first, *_) = await connected.messages()
    assert (first.state, first.failure) == (state, failure)


async def test_a_phone_that_cannot_be_asked_is_asked_later(connected: World, phone: FakeAndroid) -> None:
    await connected.say(await connected.person(PARENT, OTHER), expires_at=NOW + timedelta(hours=6))
    await connected.worker().drain(NOW)
    right, phone.password = phone.password, "changed"
    await connected.worker().drain(NOW + timedelta(minutes=71))
    assert await connected.all(select(DeliveryStatus)) == []
    phone.password = right
    await connected.worker().drain(NOW + timedelta(minutes=72))
    assert [asked["phoneNumbers"] for asked in phone.asked] == [[PARENT], [OTHER]]


async def test_a_call_is_read_whatever_type_it_is_said_to_be_of(connected: World, phone: FakeAndroid) -> None:
    for number, kind in enumerate(("application/x-www-form-urlencoded", "text/plain"), start=1):
        body, headers = phone.text(PARENT, "娃病了", number=number)
        assert await phone.post(_hook(connected), (body, headers | {"Content-Type": kind})) == 200
    assert len(await connected.all(select(Inbound))) == 2


@pytest.mark.parametrize(
    ("subject", "body", "kept"),
    [
        (None, "娃发烧了，明天去", "娃发烧了，明天去"),
        ("请假", "娃发烧了", "请假\n娃发烧了"),
        ("娃发烧", "娃发烧了", "娃发烧了"),
        ("请假", None, "请假"),
    ],
)
async def test_words_inside_an_mms_are_read(connected: World, phone: FakeAndroid, subject: str | None, body: str | None, kept: str) -> None:
    """It is announced and then downloaded, under one id; its pictures, which come along, make the call larger than any other."""
    for call in (phone.picture(PARENT), *[phone.downloaded(PARENT, body, subject)] * 2, phone.downloaded(PARENT, None, number=2)):
        assert await phone.post(_hook(connected), call) == 200
    assert [row.body for row in await connected.all(select(Inbound).order_by(Inbound.id))] == ["", kept]


async def test_forged_malformed_and_not_asked_for(connected: World, phone: FakeAndroid) -> None:
    body, headers = phone.text(PARENT, "1")
    for wrong in ({"X-Signature": "forged"}, {"X-Signature": "字".encode().decode("latin-1")}, {"X-Timestamp": "1"}):
        assert await phone.post(_hook(connected), (body, headers | wrong)) == 403
    assert await phone.post(_hook(connected), (body + b" ", headers)) == 403
    for payload in ({}, {"messageId": 1}, {"messageId": "1", "sender": PARENT, "receivedAt": "x", "message": None}):
        assert await phone.post(_hook(connected), phone.event("sms:received", payload)) == 400
    assert await phone.post(_hook(connected), phone.event("sms:sent", [])) == 400  # type: ignore[arg-type]
    assert await phone.post(_hook(connected), phone.event("system:ping", {"health": {}})) == 200
    assert await connected.all(select(Inbound)) == []
    assert await connected.all(select(DeliveryStatus)) == []


async def test_a_report_without_a_time_that_can_be_read_counts(channel: AndroidSms, phone: FakeAndroid) -> None:
    sent = await channel.send(MESSAGE)
    for written in ("24.11.2026", "2026-11-24T09:00:00", None):
        body, headers = phone.report(sent.provider_id or "", "sms:delivered", deliveredAt=written)
        (heard,) = (await channel.hear(Request(HOOKS, body=body, headers=headers))).statuses
        assert (heard.status, heard.at) == ("delivered", None)


async def test_a_call_signed_in_capitals_is_the_phones(channel: AndroidSms, phone: FakeAndroid) -> None:
    body, headers = phone.text(PARENT, "1")
    call = Request(HOOKS, body=body, headers={"x-timestamp": headers["X-Timestamp"], "x-signature": headers["X-Signature"].upper()})
    assert channel.verify(call)


async def test_the_same_message_twice_is_one(channel: AndroidSms, phone: FakeAndroid) -> None:
    first, again = await channel.send(MESSAGE), await channel.send(MESSAGE)
    assert first.result is again.result is Result.ACCEPTED
    assert first.provider_id == again.provider_id
    assert len(phone.messages) == 1


async def test_two_installations_may_use_one_phone(channel: AndroidSms, phone: FakeAndroid) -> None:
    """Both count their messages from 1: what one has sent is not taken for the other's."""
    await channel.send(MESSAGE)
    theirs = replace(MESSAGE, body="【民政局】明天开会")
    assert await channel.find(theirs, NOW) == []
    assert (await channel.send(theirs)).result is Result.ACCEPTED
    assert len(phone.messages) == 2


def test_our_ids_fit() -> None:
    assert len(own_id(replace(MESSAGE, message_id=2**63 - 1))) <= 36


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        (Refuse(400, "invalid phone number"), Result.BAD_CONTACT),
        (Refuse(400, "failed to parse phone number: not a number"), Result.BAD_CONTACT),
        (Refuse(400, "failed to select device: record not found"), Result.OUR_FAULT),
        (Refuse(400, "message already expired"), Result.RETRY),
        (Refuse(403), Result.OUR_FAULT),
        (Refuse(404), Result.OUR_FAULT),
        (Refuse(502), Result.UNKNOWN),
        (Refuse(503, "queue limits exceeded", retry_after=30), Result.RETRY),
    ],
)
async def test_refusals(channel: AndroidSms, phone: FakeAndroid, fault: Refuse, result: Result) -> None:
    phone.next.append(fault)
    outcome = await channel.send(MESSAGE)
    assert (outcome.result, outcome.code, outcome.retry_after) == (result, str(fault.status), fault.retry_after)


@pytest.mark.parametrize(
    ("reason", "code", "result"),
    [
        ("Send result: RESULT_ERROR_NO_SERVICE (Failed because service is currently unavailable)", "RESULT_ERROR_NO_SERVICE", None),
        ("Send result: RESULT_RIL_SIM_ABSENT (The radio failed)", "RESULT_RIL_SIM_ABSENT", Result.OUR_FAULT),
        ("Can't send message: No SIMs found", "no_sim", Result.OUR_FAULT),
        ("sendSMS: Invalid phone number type", "invalid_number", Result.BAD_CONTACT),
        ("sendSMS: The string supplied did not seem to be a phone number.", "invalid_number", Result.BAD_CONTACT),
        ("Delivery result from SC +8613800931500: 70", "delivery_70", None),
        ("TTL expired", "expired", None),
        (f"something about {PARENT}", "not_told", None),
    ],
)
def test_why_it_failed(reason: str, code: str, result: Result | None) -> None:
    assert failure_code(reason) == code
    assert FAILURES.get(code) is result


def _device(name: str = "Xiaomi/venus", seen: timedelta = timedelta(0), deleted: bool = False) -> dict[str, Any]:
    at = (datetime.now(UTC) - seen).isoformat()
    return {"id": "d" * 21, "name": name, "createdAt": at, "updatedAt": at, "deletedAt": at if deleted else None, "lastSeen": at}


async def _checked(phone: FakeAndroid, address: str = OURS, hooks: str | None = HOOKS, password: str | None = None) -> list[Trouble]:
    channel = AndroidSms(phone.base, phone.login, password or phone.password, phone.signing_key)
    try:
        return await channel.check(address, hooks)
    finally:
        await channel.close()


async def test_check_names_what_is_missing(phone: FakeAndroid) -> None:
    phone.register(HOOKS, "sms:received", "mms:received", "mms:downloaded", "sms:sent")
    phone.register("https://elsewhere.test/hooks", "sms:delivered", "sms:failed")
    assert await _checked(phone) == [Trouble("webhook_missing", f"sms:{event} {HOOKS}/status") for event in ("delivered", "failed")]
    assert await _checked(phone, hooks=None) == [Trouble("public_url_missing")]
    phone.webhooks = [hook for hook in phone.webhooks if hook["event"] != "mms:received"]
    assert Trouble("webhook_missing", f"mms:received {HOOKS}/inbound") in await _checked(phone)
    assert Trouble("address_not_a_number", "13800000009") in await _checked(phone, address="13800000009")


async def test_check_of_a_wrong_password_or_address(phone: FakeAndroid) -> None:
    (trouble,) = await _checked(phone, password="wrong")
    assert (trouble.kind, "401" in trouble.detail) == ("account_refused", True)
    phone.webhooks = [{"id": "1"}]
    assert [trouble.kind for trouble in await _checked(phone)] == ["provider_unreadable"]


async def test_check_of_an_unwell_phone(phone: FakeAndroid) -> None:
    phone.register(HOOKS)
    phone.health |= {"status": "fail", "checks": {"battery:level": {"status": "fail"}, "messages:failed": {"status": "warn"}}}
    assert await _checked(phone) == [Trouble("device_unwell", "battery:level")]


@pytest.mark.parametrize(
    ("devices", "found"),
    [
        ([_device()], []),
        ([_device(), _device("old", deleted=True)], []),
        ([], [Trouble("device_missing")]),
        ([_device(), _device("second")], [Trouble("device_several", "2")]),
        ([_device(seen=timedelta(hours=2))], [Trouble("device_offline", "Xiaomi/venus")]),
    ],
)
async def test_check_of_a_servers_phones(devices: list[dict[str, Any]], found: list[Trouble]) -> None:
    async with FakeAndroid(devices=devices) as server:
        server.register(HOOKS)
        assert await _checked(server) == found
