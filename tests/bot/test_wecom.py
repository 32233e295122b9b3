"""WeCom over real HTTP, against a fake of its API: tokens, codes, messages shown once, encrypted callbacks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.channels import wecom_api
from bot.channels.base import MalformedCall, Outgoing, Request, Result, Trouble
from bot.channels.registry import build_channels
from bot.channels.wecom import CAPABILITIES, WeCom, build
from storage.database import Database
from storage.tables import Inbound
from tests.bot.hooked import hooked
from tests.bot.world import World
from tests.fakes.provider import Drop, Malformed
from tests.fakes.wecom import Accept, FakeWeCom, Fault, Gateway, Refuse

TEACHER = "MaXiaoMing"
HOOKS = "https://fanxiao.test/hooks/wecom/main"
MESSAGE = Outgoing(7, TEACHER, "1000002", "请报三(2)班今天没到校的学生。")


@pytest.fixture
async def wecom() -> AsyncIterator[FakeWeCom]:
    async with FakeWeCom() as fake:
        yield fake


@pytest.fixture
async def channel(wecom: FakeWeCom) -> AsyncIterator[WeCom]:
    made = build(wecom.settings)
    yield made
    await made.close()


@pytest.fixture
async def connected(world: World, wecom: FakeWeCom, web: Database) -> AsyncIterator[World]:
    """Our webhooks are served for the application."""
    world.channels = build_channels(wecom.settings)
    async with hooked(world, web):
        world.public_url += "/hooks/wecom/main/inbound"
        yield world


async def test_a_token_is_fetched_once_for_many(channel: WeCom, wecom: FakeWeCom) -> None:
    sent = await asyncio.gather(*(channel.send(replace(MESSAGE, message_id=number)) for number in range(5)))
    assert [outcome.result for outcome in sent] == [Result.ACCEPTED] * 5
    assert wecom.calls.count("gettoken") == 1


async def test_a_token_is_renewed_before_its_end(wecom: FakeWeCom) -> None:
    wecom.expires_in = wecom_api.RENEW_EARLIER
    channel = build(wecom.settings)
    for number in (1, 2):
        await channel.send(replace(MESSAGE, message_id=number))
    await channel.close()
    assert wecom.calls == ["gettoken", "send", "gettoken", "send"]


@pytest.mark.parametrize("code", [40014, 42001])
async def test_a_token_that_was_taken_back_is_renewed(channel: WeCom, wecom: FakeWeCom, code: int) -> None:
    await channel.send(MESSAGE)
    wecom.next.append(Refuse(code))
    assert (await channel.send(replace(MESSAGE, message_id=8))).result is Result.ACCEPTED
    wecom.revoke()
    assert (await channel.send(replace(MESSAGE, message_id=9))).result is Result.ACCEPTED
    assert wecom.calls.count("gettoken") == 3
    assert len(wecom.sees(TEACHER)) == 3


async def test_a_photograph_is_fetched_with_a_new_token(channel: WeCom, wecom: FakeWeCom) -> None:
    wecom.photo(TEACHER, b"photo")
    await channel.send(MESSAGE)
    wecom.revoke()
    assert (await channel.picture("media1", 1000)).content == b"photo"


async def test_a_token_that_is_never_good_is_not_asked_for_endlessly(channel: WeCom, wecom: FakeWeCom) -> None:
    wecom.next.extend([Refuse(42001), Refuse(42001)])
    assert (await channel.send(MESSAGE)).result is Result.RETRY
    assert wecom.calls == ["gettoken", "send", "gettoken", "send"]


@pytest.mark.parametrize("fault", [Drop(accepted=False), Malformed(), Malformed('{"errcode": 0}'), Gateway(502)])
async def test_without_a_token_nothing_was_sent(channel: WeCom, wecom: FakeWeCom, fault: Fault) -> None:
    """So it is not in doubt, and is simply tried again."""
    wecom.next_token.extend([fault] * (2 if isinstance(fault, Drop) else 1))  # the client repeats a GET that was cut
    outcome = await channel.send(MESSAGE)
    assert (outcome.result, outcome.code) == (Result.RETRY, "not_connected")
    assert (await channel.send(MESSAGE)).result is Result.ACCEPTED


@pytest.mark.parametrize("fault", [Drop(accepted=True), Malformed(), Malformed("[]"), Malformed('{"errcode": null}')])
async def test_sent_again_in_doubt_it_is_shown_once(channel: WeCom, wecom: FakeWeCom, fault: Fault) -> None:
    wecom.next.append(fault)
    assert (await channel.send(MESSAGE)).result is Result.UNKNOWN
    assert (await channel.send(MESSAGE)).result is Result.ACCEPTED
    assert wecom.sees(TEACHER) == [MESSAGE.body]


async def test_two_equal_answers_are_both_shown(channel: WeCom, wecom: FakeWeCom) -> None:
    for number in (7, 8):
        await channel.send(replace(MESSAGE, message_id=number))
    assert wecom.sees(TEACHER) == [MESSAGE.body] * 2


async def test_rare_characters_fit_too(channel: WeCom, wecom: FakeWeCom) -> None:
    longest = "返" * (CAPABILITIES.max_length - 50) + "𠮷" * 50
    await channel.send(replace(MESSAGE, body=longest))
    assert wecom.sees(TEACHER) == [longest]


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        (Refuse(-1), Result.RETRY),
        (Refuse(45009), Result.RETRY),
        (Refuse(45033), Result.RETRY),
        (Refuse(999999), Result.RETRY),
        (Refuse(40031), Result.BAD_CONTACT),
        (Refuse(60111), Result.BAD_CONTACT),
        (Refuse(82001), Result.BAD_CONTACT),
        (Accept({"invaliduser": TEACHER.lower()}), Result.BAD_CONTACT),
        (Accept({"unlicenseduser": f"somebody|{TEACHER.lower()}"}), Result.BLOCKED),
        (Refuse(40013), Result.OUR_FAULT),
        (Refuse(41001), Result.OUR_FAULT),
        (Refuse(48002), Result.OUR_FAULT),
        (Refuse(60020), Result.OUR_FAULT),
        (Gateway(403), Result.OUR_FAULT),
        (Gateway(503), Result.RETRY),
        (Gateway(504), Result.UNKNOWN),
    ],
)
async def test_refusals(channel: WeCom, wecom: FakeWeCom, fault: Fault, result: Result) -> None:
    wecom.next.append(fault)
    assert (await channel.send(MESSAGE)).result is result


async def test_somebody_who_left_is_a_bad_contact(channel: WeCom, wecom: FakeWeCom) -> None:
    wecom.members = {"SomebodyElse"}
    assert (await channel.send(MESSAGE)).result is Result.BAD_CONTACT


async def test_a_gateway_may_ask_for_patience(channel: WeCom, wecom: FakeWeCom) -> None:
    wecom.next.append(Gateway(429, retry_after=9))
    assert (await channel.send(MESSAGE)).retry_after == 9


async def test_a_wrong_secret_is_our_fault_and_stays_secret(wecom: FakeWeCom) -> None:
    channel = build(wecom.settings | {"WECOM_SECRET": "wrong"})
    outcome = await channel.send(MESSAGE)
    assert (outcome.result, outcome.code) == (Result.OUR_FAULT, "40001")
    await channel.close()


async def test_the_address_can_be_saved_at_wecom(connected: World, wecom: FakeWeCom) -> None:
    assert await wecom.saves(connected.public_url) == (200, "1616140317555161061")
    wecom.token = "another"
    assert (await wecom.saves(connected.public_url))[0] == 403


async def test_a_text_is_stored_once_and_handled(connected: World, wecom: FakeWeCom) -> None:
    """WeCom calls again up to three times when we answer late."""
    for _ in range(3):
        assert await wecom.post(connected.public_url, wecom.text(TEACHER, "3人没到 <马&小>")) == 200
    assert await connected.worker().drain(connected.clock.time) == 1
    (inbound,) = await connected.all(select(Inbound))
    assert (inbound.body, inbound.outcome, inbound.to_address) == ("3人没到 <马&小>", "noted", "1000002")
    assert connected.cipher.decrypt(inbound.address_encrypted) == TEACHER


async def test_pictures_are_kept_and_events_are_not(connected: World, wecom: FakeWeCom) -> None:
    picture = wecom.written(TEACHER, "image", "<PicUrl><![CDATA[http://p.test/1]]></PicUrl><MediaId>1</MediaId><MsgId>2</MsgId>")
    entered = wecom.written(TEACHER, "event", "<Event><![CDATA[enter_agent]]></Event><EventKey></EventKey>")
    for inside in (picture, entered):
        assert await wecom.post(connected.public_url, wecom.call(inside)) == 200
    assert [row.body for row in await connected.all(select(Inbound))] == [""]


async def test_forged_and_malformed(connected: World, wecom: FakeWeCom) -> None:
    query, body = wecom.text(TEACHER, "1")
    assert await wecom.post(connected.public_url, (query | {"msg_signature": "字"}, body)) == 403
    assert await wecom.post(connected.public_url, (query | {"timestamp": "1"}, body)) == 403
    assert await wecom.post(connected.public_url, ({}, body)) == 403
    assert await wecom.post(connected.public_url, (query, b"<xml>")) == 403
    without_id = wecom.written(TEACHER, "text", "<Content>1</Content>")
    elsewhere = wecom.call(wecom.written(TEACHER, "text", "<Content>1</Content><MsgId>1</MsgId>"), corp_id="another")
    unsealed = wecom.signed("AAAA"), b"<xml><Encrypt>AAAA</Encrypt></xml>"
    for call in (wecom.call(without_id), wecom.call("no xml"), elsewhere, unsealed):
        assert await wecom.post(connected.public_url, call) == 400
    assert await connected.all(select(Inbound)) == []


LAUGHS = "".join(f'<!ENTITY {name} "{f"&{inner};" * 50}">' for inner, name in zip("abcde", "bcdef", strict=True))


@pytest.mark.parametrize(
    "document",
    [
        f'<!DOCTYPE xml [<!ENTITY a "{"a" * 50}">{LAUGHS}]><xml><Encrypt>&f;</Encrypt></xml>',
        '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/hostname">]><xml><Encrypt>&a;</Encrypt></xml>',
        '<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/x.dtd"><xml><Encrypt>AAAA</Encrypt></xml>',
    ],
    ids=["laughs", "file", "net"],
)
async def test_xml_may_declare_nothing(channel: WeCom, wecom: FakeWeCom, document: str) -> None:
    """Neither outside, where anybody may write it, nor inside; and it costs no work."""
    began = time.process_time()
    outside = Request(HOOKS, query=wecom.signed("AAAA"), body=document.encode())
    assert not channel.verify(outside)
    query, body = wecom.call(document)
    inside = Request(HOOKS, query=query, body=body)
    assert channel.verify(inside)
    with pytest.raises(MalformedCall):
        await channel.hear(inside)
    assert time.process_time() - began < 1


async def _checked(wecom: FakeWeCom, address: str = "1000002", hooks: str | None = HOOKS, **changed: str) -> list[Trouble]:
    channel = build(wecom.settings | changed)
    try:
        return await channel.check(address, hooks)
    finally:
        await channel.close()


async def test_check_of_the_application(wecom: FakeWeCom) -> None:
    assert await _checked(wecom, address="10690", hooks=None) == [Trouble("address_not_agent", "1000002"), Trouble("public_url_missing")]
    assert await _checked(wecom, WECOM_SECRET="wrong") == [Trouble("account_refused", "40001")]
    assert await _checked(wecom, address="3", WECOM_AGENT_ID="3") == [Trouble("agent_unknown", "3")]
    wecom.closed = 1
    assert await _checked(wecom) == [Trouble("agent_closed", "返校")]


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (
            Refuse(60020, "not allow to access from your ip, hint: [1], from ip: 203.0.113.9, more info at"),
            ("ip_not_allowed", "203.0.113.9"),
        ),
        (Refuse(60020), ("ip_not_allowed", "")),
        (Refuse(48002), ("provider_refused", "48002")),
        (Gateway(502), ("provider_unreachable", "WeCom 502")),
        (Drop(accepted=False), ("provider_unreachable", "WeCom")),
        (Malformed(), ("provider_unreadable", "WeCom")),
    ],
)
async def test_check_names_the_trouble(wecom: FakeWeCom, fault: Fault, found: tuple[str, str]) -> None:
    wecom.next_agent.extend([fault] * 2)
    assert await _checked(wecom) == [Trouble(*found)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("WECOM_AES_KEY", "tooshort"), ("WECOM_AES_KEY", "?" * 43), ("WECOM_AES_KEY", "字" * 43), ("WECOM_AGENT_ID", "返校应用")],
)
def test_a_setting_that_cannot_be_read_is_named_without_its_value(name: str, value: str) -> None:
    good = {"WECOM_CORP_ID": "ww1", "WECOM_AGENT_ID": "1", "WECOM_SECRET": "s", "WECOM_TOKEN": "t", "WECOM_AES_KEY": "A" * 43}
    with pytest.raises(ValueError, match=name) as caught:
        build(good | {name: value})
    assert value not in str(caught.value)
