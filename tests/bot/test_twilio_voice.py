"""Calls through Twilio over real HTTP: what is heard on the phone, which keys reach us, and what the reports make of a call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, text

from bot.channels.base import Outgoing, Result
from bot.channels.registry import build_channels
from bot.channels.twilio_talk import MOST_ROUNDS
from bot.channels.twilio_voice import TwilioVoice
from fanxiao.engine import load_catalogue
from storage.tables import DeliveryStatus, Inbound
from tests.bot.calling import OURS, PARENT, WORDS, called, heard_of, keys_of, pressed_words, speaking
from tests.bot.world import NOW, Killed, World
from tests.fakes.provider import Drop
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_calls import Call

HOOKS = "https://county.example/hooks/twilio_voice/main"
RECORDING = "https://county.example/hooks/recordings/3?language=东乡语"


async def _reports(connected: World) -> list[tuple[str, str | None, int | None]]:
    rows = await connected.all(select(DeliveryStatus).order_by(DeliveryStatus.sequence))
    return [(row.status, row.code, row.sequence) for row in rows]


async def test_a_key_is_the_answer(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    await twilio.calls.press(call, "1")
    await twilio.calls.keep_silent(call)
    assert call.spoken == [await heard_of(connected), WORDS.again, pressed_words("1"), WORDS.goodbye]
    assert call.languages == {"zh-CN"}
    assert await keys_of(connected) == [("1", call.sid)]
    (inbound,) = await connected.all(select(Inbound))
    assert connected.cipher.decrypt(inbound.address_encrypted) == PARENT
    assert call.row["status"] == "completed"
    assert set(call.answers) == {200, 204}


async def test_it_rings_for_half_a_minute_and_takes_any_one_key(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    assert call.asked["Timeout"] == "30"
    assert "MachineDetection" not in call.asked
    assert (call.key_attributes["numDigits"], call.key_attributes["finishOnKey"]) == ("1", "")


async def test_silence_hears_it_twice(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    await twilio.calls.keep_silent(call)
    await twilio.calls.keep_silent(call)
    body = await heard_of(connected)
    assert call.spoken == [body, WORDS.again, body, WORDS.again, WORDS.goodbye]
    assert await keys_of(connected) == []
    assert (await _reports(connected))[-1][:2] == ("failed", "no_key")


async def test_a_key_after_silence(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    await twilio.calls.keep_silent(call)
    await twilio.calls.press(call, "2")
    assert await keys_of(connected) == [("2", call.sid)]


@pytest.mark.parametrize("key", ["9", "#", "*"])
async def test_nine_and_keys_that_are_no_digit_say_it_again(connected: World, twilio: FakeTwilio, key: str) -> None:
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    await twilio.calls.press(call, key)
    await twilio.calls.press(call, "1")
    body = await heard_of(connected)
    assert call.spoken == [body, WORDS.again, body, WORDS.again, pressed_words("1")]
    assert await keys_of(connected) == [("1", call.sid)]


async def test_it_is_not_said_for_ever(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    for _ in range(MOST_ROUNDS):
        await twilio.calls.press(call, "9")
    assert call.spoken.count(await heard_of(connected)) == MOST_ROUNDS
    assert (call.spoken[-1], call.row["status"]) == (WORDS.goodbye, "completed")


async def test_the_same_key_brought_twice_is_stored_once(connected: World, twilio: FakeTwilio) -> None:
    """Twilio calls again where our answer got lost."""
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    action = call.key_action
    await twilio.calls.press(call, "1")
    call.key_action = action
    await twilio.calls.press(call, "1")
    assert await keys_of(connected) == [("1", call.sid)]


async def test_picked_up_without_a_key_may_have_been_a_voicemail_and_is_called_again(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    await twilio.calls.hang_up(call)
    assert await _reports(connected) == [("queued", None, 0), ("sent", None, 2), ("failed", "no_key", 3)]
    worker = speaking(connected)
    await worker.drain(NOW)
    assert [(message.state, message.failure) for message in await connected.messages()] == [("failed", "no_key")]
    await worker.drain(NOW + timedelta(minutes=14))
    assert len(twilio.calls.made) == 1
    for minutes in (16, 100, 300):
        await worker.drain(NOW + timedelta(minutes=minutes))
        await twilio.calls.pick_up(twilio.calls.made[-1])
        await twilio.calls.hang_up(twilio.calls.made[-1])
    assert len(twilio.calls.made) == 3


@pytest.mark.parametrize("key", ["1", "9"])
async def test_whoever_pressed_any_key_has_heard_it_and_is_not_called_again(connected: World, twilio: FakeTwilio, key: str) -> None:
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    await twilio.calls.press(call, key)
    await twilio.calls.hang_up(call)
    worker = speaking(connected)
    for minutes in (0, 16):
        await worker.drain(NOW + timedelta(minutes=minutes))
    assert [message.state for message in await connected.messages()] == ["delivered"]
    assert len(twilio.calls.made) == 1


@pytest.mark.parametrize(
    ("status", "more", "code", "meaning"),
    [
        ("busy", {"SipResponseCode": "486"}, "busy", Result.NOT_REACHED),
        ("no-answer", {}, "no_answer", Result.NOT_REACHED),
        ("canceled", {}, "canceled", Result.NOT_REACHED),
        ("failed", {"SipResponseCode": "480"}, "sip_480", Result.NOT_REACHED),
        ("failed", {"SipResponseCode": "404"}, "sip_404", Result.BAD_CONTACT),
        ("failed", {"ErrorCode": "13225", "SipResponseCode": "603"}, "13225", Result.NO_ROUTE),
        ("failed", {}, "failed", None),
    ],
)
async def test_calls_that_nobody_took(
    connected: World, twilio: FakeTwilio, status: str, more: dict[str, str], code: str, meaning: Result | None
) -> None:
    call = await called(connected, twilio)
    await twilio.calls.end(call, status, **more)
    assert (await _reports(connected))[-1] == ("failed", code, 2)
    assert connected.channels["twilio_voice", "main"].capabilities.failures.get(code) is meaning


async def test_reports_carry_the_providers_order_and_time(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    await twilio.calls.end(call, "busy")
    rows = await connected.all(select(DeliveryStatus).order_by(DeliveryStatus.sequence))
    assert [row.at for row in rows] == [call.begun.replace(microsecond=0) + timedelta(seconds=row.sequence) for row in rows]


async def test_a_recording_is_played_before_the_words_each_time(connected: World, twilio: FakeTwilio) -> None:
    await called(connected, twilio)
    (message,) = await connected.messages()
    voice = connected.channels["twilio_voice", "main"]
    hooks = f"{connected.public_url}/hooks/twilio_voice/main"
    await voice.send(Outgoing(message.id, PARENT, OURS, message.body, hooks=hooks, recording=RECORDING))
    call = twilio.calls.made[-1]
    await twilio.calls.pick_up(call)
    await twilio.calls.keep_silent(call)
    await twilio.calls.press(call, "9")
    await twilio.calls.press(call, "1")
    assert call.played == [RECORDING] * 3
    assert call.spoken.count(message.body) == 3


@pytest.mark.parametrize("message_id", [999999, 0, -1, 10**20])
async def test_words_that_are_gone_end_the_call(connected: World, twilio: FakeTwilio, message_id: int) -> None:
    call = await called(connected, twilio)
    call.asked = {**call.asked, "Url": f"{connected.public_url}/hooks/twilio_voice/main/script?message={message_id}"}
    await twilio.calls.pick_up(call)
    assert call.spoken == [WORDS.goodbye]


async def test_numbers_that_no_row_can_have(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    form = twilio.calls.form(call, "busy") | {"SequenceNumber": str(10**20)}
    assert await twilio.post(call.asked["StatusCallback"], form) == 204
    assert (await _reports(connected))[-1] == ("failed", "busy", None)
    async with aiohttp.ClientSession() as browser, browser.get(f"{connected.public_url}/hooks/recordings/{10**20}") as answer:
        assert answer.status == 404


async def test_only_twilio_hears_the_words(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    assert (await twilio.call(call.asked["Url"], {"CallSid": call.sid}, signature="forged"))[0] == 403
    status, answer = await twilio.call(call.asked["Url"].replace("message=", "message=1"), {"CallSid": call.sid}, signature="forged")
    assert (status, await heard_of(connected) in answer) == (403, False)


@pytest.mark.parametrize(
    ("hook", "form"),
    [
        ("script?message=seven", {"CallSid": "CA1"}),
        ("script", {"CallSid": "CA1"}),
        ("keys?message=1&round=1", {"CallSid": "CA1"}),
        ("keys?message=1&round=one", {"CallSid": "CA1", "Digits": "1", "From": OURS, "To": PARENT}),
        ("status?message=1", {"CallSid": "CA1", "CallStatus": "singing", "Timestamp": "x", "SequenceNumber": "0"}),
        ("status?message=1", {"CallSid": "CA1", "CallStatus": "busy", "Timestamp": "yesterday", "SequenceNumber": "0"}),
        ("inbound", {"CallSid": "CA1"}),
    ],
)
async def test_calls_that_read_otherwise_than_documented(connected: World, twilio: FakeTwilio, hook: str, form: dict[str, str]) -> None:
    assert await twilio.post(f"{connected.public_url}/hooks/twilio_voice/main/{hook}", form) == 400
    assert await connected.all(select(Inbound)) == []
    assert await connected.all(select(DeliveryStatus)) == []


async def test_killed_between_acceptance_and_commit_nobody_is_called_twice(
    connected: World, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = speaking(connected)

    async def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(worker._courier, "_conclude", die)
    await connected.say(await connected.person(PARENT))
    with pytest.raises(Killed):
        await worker.drain(NOW)
    async with connected.database.session() as session, session.begin():
        await session.execute(text("update sender set lease_until = clock_timestamp()"))
    await speaking(connected).drain(NOW)
    (message,) = await connected.messages()
    assert [call.sid for call in twilio.calls.made] == [message.provider_id]


async def test_dropped_before_it_was_accepted_it_is_called_again(connected: World, twilio: FakeTwilio) -> None:
    await connected.say(person := await connected.person(PARENT))
    worker = speaking(connected)
    await worker.drain(NOW)
    twilio.next.append(Drop(accepted=False))
    await connected.say(person)
    await worker.drain(NOW)
    await worker.drain(NOW + timedelta(seconds=10))
    assert len(twilio.calls.made) == 2
    assert sorted(call.sid for call in twilio.calls.made) == sorted(message.provider_id for message in await connected.messages())


async def test_without_a_public_address_no_call_is_made(twilio: FakeTwilio) -> None:
    voice = TwilioVoice(twilio.account, twilio.token, twilio.base)
    outcome = await voice.send(Outgoing(1, PARENT, OURS, "教育局：请按1。"))
    assert (outcome.result, outcome.code, twilio.calls.made) == (Result.OUR_FAULT, "public_url_missing", [])


@pytest.mark.parametrize("by", ["report", "call"])
async def test_an_answering_machine_is_nobody_where_it_is_looked_for(connected: World, twilio: FakeTwilio, by: str) -> None:
    """Its words are said at once all the same: whoever picks up must not hear silence first."""
    call = await _detecting(connected, twilio)
    assert (call.asked["MachineDetection"], call.asked["AsyncAmd"]) == ("Enable", "true")
    await twilio.calls.pick_up(call)
    assert call.spoken == [await heard_of(connected), WORDS.again]
    assert await twilio.post(call.asked["AsyncAmdStatusCallback"], {"CallSid": call.sid, "AnsweredBy": "machine_start"}) == 204
    call.row["answered_by"] = "machine_start" if by == "call" else None
    await twilio.calls.hang_up(call, **({"AnsweredBy": "machine_start"} if by == "report" else {}))
    assert (await _reports(connected))[-1][:2] == ("failed", "machine")


async def test_a_person_who_was_taken_for_a_machine_has_answered(connected: World, twilio: FakeTwilio) -> None:
    call = await _detecting(connected, twilio)
    await twilio.calls.pick_up(call)
    call.row["answered_by"] = "machine_start"
    await twilio.calls.press(call, "1")
    assert await keys_of(connected) == [("1", call.sid)]


@pytest.mark.parametrize(
    ("answered_by", "said"), [("human", ("delivered", None)), ("unknown", ("failed", "no_key")), (None, ("failed", "no_key"))]
)
async def test_only_a_person_has_heard_it(
    connected: World, twilio: FakeTwilio, answered_by: str | None, said: tuple[str, str | None]
) -> None:
    call = await _detecting(connected, twilio)
    await twilio.calls.pick_up(call)
    call.row["answered_by"] = answered_by
    await twilio.calls.hang_up(call)
    assert (await _reports(connected))[-1][:2] == said


async def _detecting(connected: World, twilio: FakeTwilio) -> Call:
    settings = {"TWILIO_ACCOUNT_SID": twilio.account, "TWILIO_AUTH_TOKEN": twilio.token, "TWILIO_API_BASE": twilio.base}
    connected.channels |= build_channels(settings | {"TWILIO_DETECT_MACHINES": "1"})
    return await called(connected, twilio)


@pytest.mark.parametrize(
    ("number", "kinds"),
    [
        ({"voice_url": f"{HOOKS}/called"}, []),
        ({}, ["calls_missing"]),
        ({"voice_url": HOOKS}, ["calls_elsewhere"]),
        ({"voice": False}, ["number_cannot_call"]),
        (None, ["number_unknown"]),
    ],
)
async def test_check(twilio: FakeTwilio, number: dict[str, Any] | None, kinds: list[str]) -> None:
    if number is not None:
        twilio.holdings.number(OURS, **number)
    voice = TwilioVoice(twilio.account, twilio.token, twilio.base)
    found = await voice.check(OURS, HOOKS)
    await voice.close()
    assert [trouble.kind for trouble in found] == kinds
    assert all(trouble.detail in load_catalogue().phrase(f"check.{trouble.kind}", {"detail": trouble.detail}) for trouble in found)
