"""What is said in a call and which keys are taken; what somebody hears who rings back."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import update

from bot.channels.base import Request
from bot.channels.registry import build_channels
from bot.channels.speech import from_sms
from bot.channels.twilio_voice import TwilioVoice
from storage.tables import PersonContact, Question
from tests.bot.calling import OURS, PARENT, WORDS, called, heard_of, keys_of, pressed_words, speaking
from tests.bot.world import NOW, World
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_calls import Call

NOTICE = (
    "【县局】锁南镇人民政府返校通知书 锁南返通〔2026〕1号：有困难可申请帮助，请回2。请回：1收到会按时送 2有困难 3已转学。电话0930-7120001"
)


async def test_a_key_that_is_not_offered_is_no_answer(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    await twilio.calls.press(call, "8")
    body = await heard_of(connected)
    assert call.spoken == [body, WORDS.again, WORDS.wrong, body, WORDS.again]
    assert await keys_of(connected) == []
    await twilio.calls.press(call, "2")
    assert await keys_of(connected) == [("2", call.sid)]


async def test_where_nothing_is_asked_a_key_answers_nothing(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio, "马小龙回来上课了，谢谢您。")
    await twilio.calls.pick_up(call)
    await twilio.calls.press(call, "1")
    assert call.spoken[2] == WORDS.wrong
    assert await keys_of(connected) == []


async def test_a_key_pressed_by_mistake_is_chosen_anew(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio)
    await twilio.calls.pick_up(call)
    for key in ("1", "9", "2", "2"):
        await twilio.calls.press(call, key)
    assert await keys_of(connected) == [("1", call.sid), ("2", call.sid)]
    assert call.spoken[-2:] == [pressed_words("2"), WORDS.goodbye]


async def test_numbers_are_said_as_people_say_them(connected: World, twilio: FakeTwilio) -> None:
    call = await called(connected, twilio, "三(2)班，学校电话0930-7120001，编号302。来请按1。")
    await twilio.calls.pick_up(call)
    assert call.spoken[0].endswith("三年级2班，学校电话零九三零，七幺二零零零幺，编号三零二。来请按1。")


async def test_a_long_text_is_said_in_pieces_that_twilio_says(connected: World, twilio: FakeTwilio) -> None:
    """A <Say> of more than 4,500 characters as they stand in an address is not said at all (13521)."""
    call = await called(connected, twilio, "请送孩子上学。" * 130 + "来请按1。")
    await twilio.calls.pick_up(call)
    assert "".join(call.spoken[:-1]) == await heard_of(connected)
    assert max(len(quote(piece)) for piece in call.spoken) <= 4500


def test_a_written_notice_is_said_with_keys() -> None:
    said = from_sms(NOTICE)
    assert said.startswith("这里是县局。锁南镇人民政府返校通知书 锁南返通〔2026〕1号：有困难可申请帮助，请按2。")
    assert said.endswith("收到会按时送，请按1。有困难，请按2。已转学，请按3。电话0930-7120001")


async def _missed(connected: World, twilio: FakeTwilio) -> Call:
    """A call about a child that nobody took."""
    call = await called(connected, twilio, question="absence", student_id=connected.student_id)
    await twilio.calls.end(call, "no-answer")
    return call


async def _rings_back(connected: World, twilio: FakeTwilio, phone: str = PARENT) -> Call:
    return await twilio.calls.dial(phone, OURS, f"{connected.public_url}/hooks/twilio_voice/main/called")


@pytest.mark.parametrize("is_to_be_called_again", [False, True])
async def test_whoever_rings_back_hears_why_and_answers(connected: World, twilio: FakeTwilio, is_to_be_called_again: bool) -> None:
    """As soon as the call has ended, and also once it is known that nobody took it."""
    missed = await _missed(connected, twilio)
    if is_to_be_called_again:
        await speaking(connected).drain(NOW)
    call = await _rings_back(connected, twilio)
    body = await heard_of(connected)
    assert call.spoken == [WORDS.rung_back, body, WORDS.again]
    for key in ("9", "8", "1"):
        await twilio.calls.press(call, key)
    assert call.spoken[3:] == [body, WORDS.again, WORDS.wrong, body, WORDS.again, pressed_words("1")]
    assert await keys_of(connected) == [("1", missed.sid)]
    await twilio.calls.press(call, "1")
    assert call.row["status"] == "completed"
    assert len(await keys_of(connected)) == 1


async def test_what_has_been_written_since_is_what_is_asked(connected: World, twilio: FakeTwilio) -> None:
    """The missed call became a text: whoever cannot read hears it when they ring."""
    await _missed(connected, twilio)
    connected.channels |= build_channels({"FANXIAO_SIMULATOR": "1"})
    await connected.sender("simulator")
    facts = {"say": "请回数字：1生病请假 2今天送来"}
    await connected.say(
        await connected.person(PARENT), "absence_reminder", facts=facts, question="absence", student_id=connected.student_id
    )
    await speaking(connected).drain(NOW)
    call = await _rings_back(connected, twilio)
    assert call.spoken[1].endswith("生病请假，请按1。今天送来，请按2。")
    await twilio.calls.press(call, "2")
    assert await keys_of(connected) == [("2", None)]


async def test_once_answered_nothing_is_asked(connected: World, twilio: FakeTwilio) -> None:
    await _missed(connected, twilio)
    (question,) = await connected.questions()
    await connected.change(Question, question.id, state="answered", ended_at=NOW)
    call = await _rings_back(connected, twilio)
    assert call.spoken == [WORDS.nothing_asked.format(school_phone="零九三零，七幺二零零零幺"), WORDS.goodbye]
    assert call.row["status"] == "completed"


async def test_answered_elsewhere_while_it_was_said_it_is_not_said_again(connected: World, twilio: FakeTwilio) -> None:
    await _missed(connected, twilio)
    call = await _rings_back(connected, twilio)
    (question,) = await connected.questions()
    await connected.change(Question, question.id, state="withdrawn", ended_at=NOW)
    await twilio.calls.press(call, "9")
    assert call.spoken[-1] == WORDS.goodbye
    assert "没有要您在电话里回答的问题" in call.spoken[-2]


@pytest.mark.parametrize("phone", ["+8613893010099", "+266696687", "anonymous"])
async def test_a_stranger_hears_nothing_of_a_child(connected: World, twilio: FakeTwilio, phone: str) -> None:
    await _missed(connected, twilio)
    call = await _rings_back(connected, twilio, phone)
    assert call.spoken == [WORDS.not_called, WORDS.goodbye]


@pytest.mark.parametrize("all_of_it", [True, False])
async def test_nor_does_whoever_has_the_number_now(connected: World, twilio: FakeTwilio, all_of_it: bool) -> None:
    """Another person may be reached there still: they are told, and not of this child."""
    await _missed(connected, twilio)
    (question,) = await connected.questions()
    if not all_of_it:
        await connected.person(PARENT)
    async with connected.database.session() as session, session.begin():
        await session.execute(
            update(PersonContact).where(PersonContact.person_id == question.person_id).values(retired_reason="wrong_number")
        )
    call = await _rings_back(connected, twilio)
    assert call.spoken == [WORDS.not_called if all_of_it else WORDS.no_school, WORDS.goodbye]


async def test_nor_does_a_phone_that_was_called_long_ago(connected: World, twilio: FakeTwilio) -> None:
    await _missed(connected, twilio)
    connected.clock.time = NOW + timedelta(days=4)
    assert (await _rings_back(connected, twilio)).spoken == [WORDS.not_called, WORDS.goodbye]


async def test_a_key_is_taken_also_while_the_database_is_away(twilio: FakeTwilio) -> None:
    async def away(_: object) -> None:
        raise ConnectionError

    voice = TwilioVoice(twilio.account, twilio.token, twilio.base)
    for hook, query in (("keys", {"message": "7", "keys": "12"}), ("pressed", {"keys": "12", "about": "CA0"})):
        form = {"CallSid": "CA1", "From": OURS, "To": PARENT, "Digits": "1"}
        heard = await voice.hear(Request(f"https://h/{hook}", hook=hook, query=query, form=form, said=away, rung_back=away))
        assert [text.body for text in heard.incoming] == ["1"]


async def test_only_twilio_rings(connected: World, twilio: FakeTwilio) -> None:
    await _missed(connected, twilio)
    address = f"{connected.public_url}/hooks/twilio_voice/main/called"
    assert (await twilio.call(address, {"CallSid": "CA1", "From": PARENT, "To": OURS}, signature="forged"))[0] == 403
