"""What every channel must do, whatever its provider: one leg a test, run over every rig."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.base import Heard, Incoming, MalformedCall, Request, Result, Status
from bot.channels.registry import PROVIDERS
from bot.inbox.receive import store
from bot.outbox.statuses import apply_statuses
from fanxiao.engine import load_catalogue
from storage.tables import Contact
from tests.bot.channels.rig import FAULTS, Rig
from tests.bot.channels.rig_aliyun import AliyunSmsRig
from tests.bot.channels.rig_android import AndroidSmsRig
from tests.bot.channels.rig_simulator import SimulatorChatRig, SimulatorRig, SimulatorVoiceRig
from tests.bot.channels.rig_telegram import TelegramRig
from tests.bot.channels.rig_twilio import TwilioSmsRig
from tests.bot.channels.rig_twilio_voice import TwilioVoiceRig
from tests.bot.channels.rig_wecom import WeComRig
from tests.bot.world import NOW, World

RIGS: list[type[Rig]] = [
    SimulatorRig,
    SimulatorVoiceRig,
    SimulatorChatRig,
    TwilioSmsRig,
    TwilioVoiceRig,
    AndroidSmsRig,
    TelegramRig,
    WeComRig,
    AliyunSmsRig,
]
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
IN_DOUBT = ("slow", "cut", "malformed")
ODD = "【教育局】𠮷尕，a+b=c&d=100% “回1”\n第二行 😀"


def _with(*faults: str) -> pytest.MarkDecorator:
    """Every rig with each of these faults that its provider knows."""
    known = [(rig, fault) for rig in RIGS for fault in faults if rig.means(fault) is not None]
    return pytest.mark.parametrize(("kind", "fault"), known, ids=[f"{rig.__name__}-{fault}" for rig, fault in known])


@pytest.fixture(params=RIGS, ids=[rig.__name__ for rig in RIGS])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with request.param.open() as opened:
        yield opened


async def _inbound(rig: Rig, body: str = "1", number: int = 1) -> Request:
    call = await rig.inbound(body, number)
    if call is None:
        pytest.skip("the provider never calls us")
    return call


async def _heard(rig: Rig, call: Request) -> list[Incoming]:
    assert rig.channel.verify(call)
    return list((await rig.channel.hear(call)).incoming)


async def _reported(rig: Rig, provider_id: str, status: str) -> Status:
    call = await rig.report(provider_id, status)
    if call is None:
        pytest.skip("the provider never says what became of a message")
    assert rig.channel.verify(call)
    (heard,) = (await rig.channel.hear(call)).statuses
    return heard


def test_capabilities_are_those_of_the_registry(rig: Rig) -> None:
    can = rig.channel.capabilities
    assert can.name in PROVIDERS
    assert can.counts in ("messages", "parts")
    assert can.variant in ("sms", "chat", "voice")
    assert can.max_length > 0
    assert can.at_once > 0


async def test_send(rig: Rig) -> None:
    message = rig.outgoing()
    outcome = await rig.channel.send(message)
    assert outcome.result is Result.ACCEPTED
    assert outcome.provider_id
    assert rig.accepted() == [message.body]


async def test_send_where_nobody_can_call_us(rig: Rig) -> None:
    message = replace(rig.outgoing(), hooks=None)
    if rig.channel.capabilities.variant == "voice":
        pytest.skip("a call is spoken by what the provider fetches from us")
    assert (await rig.channel.send(message)).result is Result.ACCEPTED
    assert rig.accepted() == [message.body]


async def test_odd_characters_arrive_as_they_are(rig: Rig) -> None:
    message = rig.outgoing(ODD)
    assert (await rig.channel.send(message)).result is Result.ACCEPTED
    assert rig.accepted() == [message.body]


async def test_a_long_text_is_not_cut(rig: Rig) -> None:
    message = rig.outgoing("返校" * (rig.channel.capabilities.max_length // 2))
    assert (await rig.channel.send(message)).result is Result.ACCEPTED
    assert rig.accepted() == [message.body]


async def test_equal_texts_are_two_messages(rig: Rig) -> None:
    first, second = [await rig.channel.send(rig.outgoing(message_id=number)) for number in (7, 8)]
    assert first.provider_id != second.provider_id


@_with(*FAULTS)
async def test_refusals_are_named_and_tell_nothing_personal(kind: type[Rig], fault: str) -> None:
    async with kind.open() as rig:
        await rig.arrange(fault)
        message = rig.outgoing()
        outcome = await rig.channel.send(message)
        assert outcome.result is kind.means(fault)
        assert rig.contact not in (outcome.code or "")
        assert message.body not in (outcome.code or "")


@_with("rate_limited")
async def test_it_waits_as_long_as_the_provider_asks(kind: type[Rig], fault: str) -> None:
    async with kind.open() as rig:
        await rig.arrange(fault)
        assert (await rig.channel.send(rig.outgoing())).retry_after == kind.retry_after


@_with("bad_number", "rate_limited", "server_error", "account_refused")
async def test_the_next_message_goes_through(kind: type[Rig], fault: str) -> None:
    async with kind.open() as rig:
        await rig.arrange(fault)
        await rig.channel.send(rig.outgoing("第一条"))
        message = rig.outgoing("第二条", message_id=8)
        assert (await rig.channel.send(message)).result is Result.ACCEPTED
        assert rig.accepted() == [message.body]


@_with(*IN_DOUBT)
async def test_what_was_accepted_without_a_word_can_be_found(kind: type[Rig], fault: str) -> None:
    async with kind.open() as rig:
        if not rig.channel.capabilities.can_be_asked:
            pytest.skip("the provider cannot be asked")
        before = await rig.channel.send(rig.outgoing("别的话", message_id=6))
        await rig.arrange(fault)
        await rig.channel.send(rig.outgoing())
        found = await rig.channel.find(rig.outgoing(), BEGINNING)
        assert len([provider_id for provider_id in found if provider_id != before.provider_id]) == 1
        if rig.compares_texts:
            assert before.provider_id not in found
            assert await rig.channel.find(rig.outgoing("没有发过", message_id=9), BEGINNING) == []


async def test_inbound(rig: Rig) -> None:
    (text,) = await _heard(rig, await _inbound(rig))
    assert (text.body, text.sender) == ("1", rig.contact)
    assert text.provider_id


async def test_the_same_text_twice_has_the_same_id(rig: Rig) -> None:
    first, again, other = [(await _heard(rig, await _inbound(rig, number=number)))[0] for number in (1, 1, 2)]
    assert first.provider_id == again.provider_id != other.provider_id


async def test_a_forged_call_is_refused(rig: Rig) -> None:
    assert not rig.channel.verify(rig.forged(await _inbound(rig)))


async def test_a_call_without_any_proof_is_refused(rig: Rig) -> None:
    assert not rig.channel.verify(Request(f"{rig.hooks}/inbound"))


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff"])
async def test_a_call_that_does_not_read_as_documented(rig: Rig, body: bytes) -> None:
    call = replace(await _inbound(rig), form={}, body=body)
    with pytest.raises(MalformedCall) as caught:
        await rig.channel.hear(call)
    assert rig.contact not in str(caught.value)


@pytest.mark.parametrize("status", ["delivered", "failed"])
async def test_reports(rig: Rig, status: str) -> None:
    sent = await rig.channel.send(rig.outgoing())
    heard = await _reported(rig, sent.provider_id or "", status)
    assert (heard.provider_id, heard.status) == (sent.provider_id, status)


async def test_later_reports_are_later(rig: Rig) -> None:
    """They may come in any order: what the provider gives to tell it by is passed on."""
    sent = await rig.channel.send(rig.outgoing())
    failed, delivered = [await _reported(rig, sent.provider_id or "", status) for status in ("failed", "delivered")]
    if failed.sequence is not None and delivered.sequence is not None:
        assert failed.sequence < delivered.sequence
    if failed.at is not None and delivered.at is not None:
        assert failed.at <= delivered.at


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1, 0, 1, 0)])
async def test_reports_in_any_order_end_with_what_is_true(
    rig: Rig, world: World, trouble: list[tuple[str, Any]], order: Sequence[int]
) -> None:
    """Said to have failed, and then delivered: that is what stands, in whatever order it reaches us, and nobody's number suffers."""
    can = rig.channel.capabilities
    world.channels = {(can.name, "main"): rig.channel}
    sent = await rig.channel.send(rig.outgoing())
    await world.taken(can.name, sent.provider_id or "")
    reports = [await _reported(rig, sent.provider_id or "", status) for status in ("failed", "delivered")]
    for number in order:
        await store(world.database, world.cipher, can, Heard(statuses=(reports[number],)), NOW)
        await apply_statuses(world.database, NOW, world.settings())
    (message,) = await world.messages()
    assert message.state == "delivered"
    assert (await world.one(select(Contact.state))) == "usable"


async def test_nothing_to_complain_of(rig: Rig) -> None:
    assert await rig.channel.check(rig.address, rig.hooks) == []


@_with("unreachable")
async def test_a_check_that_reaches_nobody_says_so_in_a_sentence(kind: type[Rig], fault: str) -> None:
    async with kind.open() as rig:
        await rig.arrange(fault)
        found = await rig.channel.check(rig.address, rig.hooks)
    assert found
    catalogue = load_catalogue()
    assert all(catalogue.phrase(f"check.{trouble.kind}", {"detail": trouble.detail}) for trouble in found)
