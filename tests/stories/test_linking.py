"""A chat becomes its owner's: by a code, or by the phone number that they share. Told over a fake of Telegram."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.base import Channel, Request
from bot.channels.registry import build_channel
from bot.channels.telegram import Telegram
from bot.channels.wecom import build as build_wecom
from bot.inbox.receive import store
from cases.linking import new_code
from storage.tables import Event, Inbound, LinkCode
from storage.work import working
from tests.fakes.telegram import FakeTelegram
from tests.fakes.wecom import FakeWeCom
from tests.stories import county as counties
from tests.stories.county import County

FATHER, MOTHER, STRANGER = "5000000001", "5000000002", "5000000009"


class Chat:
    """Somebody's private chat with the bot."""

    def __init__(self, county: County, telegram: FakeTelegram, channel: Telegram, number: str) -> None:
        self._county, self._telegram, self._channel, self.number = county, telegram, channel, number
        self._read = 0
        self._queries = itertools.count(1)

    def shows(self) -> list[dict[str, Any]]:
        """The messages below which there are buttons, as they stand now."""
        return [row for row in self._telegram.messages if str(row["chat"]["id"]) == self.number and "reply_markup" in row]

    async def writes(self, text: str) -> None:
        await self._brings(self._telegram.text(self.number, text))

    async def shares(self, phone: str) -> None:
        """Presses the button that sends their own number."""
        contact = {"phone_number": phone.removeprefix("+"), "first_name": "家长", "user_id": int(self.number)}
        await self._brings(self._telegram.without_text(self.number, contact=contact))

    async def presses(self, message: dict[str, Any], answer: str) -> None:
        """A button below a message of ours, which its phone may still show as it stood when it came."""
        await self._brings(self._telegram.press(message, answer, query=f"q{next(self._queries)}"))

    async def blocks(self) -> None:
        await self._brings(self._telegram.membership(self.number, "kicked"))

    def new(self) -> list[str]:
        """Texts not seen before."""
        texts = self._telegram.sent_to(self.number)
        fresh, self._read = texts[self._read :], len(texts)
        return fresh

    def expects(self, *words: str) -> None:
        texts = self.new()
        assert len(texts) == 1, texts
        assert all(word in texts[0] for word in words), texts

    async def _brings(self, update: dict[str, Any]) -> None:
        heard = await self._channel.hear(Request("", body=json.dumps(update).encode()))
        county = self._county
        await store(county.web, county.cipher, self._channel.capabilities, heard, await county.stage.now())
        await county.stage.settle()


class Telling:
    """A county whose families may also use Telegram."""

    def __init__(self, county: County, telegram: FakeTelegram, channel: Telegram) -> None:
        self.county, self._telegram, self._channel = county, telegram, channel

    def chat(self, number: str) -> Chat:
        return Chat(self.county, self._telegram, self._channel, number)

    async def code(self, person: str) -> str:
        async with working(self.county.database, await self.county.stage.now()) as work:
            return await new_code(work, self.county.people[person], self.county.cipher)


@pytest.fixture
async def telling(county: County, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Telling]:
    """Early on a Monday; Ma Xiaolong's parents each have a phone."""
    async with FakeTelegram() as telegram:
        channel = Telegram(telegram.token, telegram.base)

        def build(name: str, *rest: Any) -> Channel:
            return channel if name == "telegram" else build_channel(name, *rest)

        monkeypatch.setattr(counties, "build_channel", build)
        await county.begin("2026-11-02 08:00", channels=("simulator", "telegram"))
        await county.student("马小龙", guardians=["father", "mother"])
        await county.others(5)
        yield Telling(county, telegram, channel)
        await channel.close()


async def _absent(county: County) -> None:
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.stage.advance(minutes=4)


async def test_a_code_makes_the_chat_the_fathers_and_he_is_asked_there(telling: Telling) -> None:
    chat = telling.chat(FATHER)
    await chat.writes(f"/start {await telling.code('father')}")
    chat.expects("东乡县教育局", "绑定好了", "马father")
    await _absent(telling.county)
    chat.expects("小龙")
    await telling.county.phones["father"].expects_nothing()
    await chat.writes("1")
    chat.expects("记下")


@pytest.mark.parametrize(
    "written", [str.lower, lambda code: f" {code[:4]} - {code[4:]}\n", lambda code: "".join(chr(ord(c) + 0xFEE0) for c in code)]
)
async def test_a_code_is_read_however_it_is_typed(telling: Telling, written: Any) -> None:
    chat = telling.chat(FATHER)
    await chat.writes(written(await telling.code("father")))
    chat.expects("绑定好了")


async def test_a_code_counts_once(telling: Telling) -> None:
    code, first, second = await telling.code("father"), telling.chat(FATHER), telling.chat(STRANGER)
    await first.writes(code)
    await second.writes(f"/start {code}")
    second.expects("用过了")
    await _absent(telling.county)
    assert second.new() == []


async def test_a_code_ends_after_a_week_and_when_a_newer_one_is_given(telling: Telling) -> None:
    chat, old = telling.chat(FATHER), await telling.code("father")
    code = await telling.code("father")
    await chat.writes(f"/start {old}")
    chat.expects("已过期")
    await telling.county.to("2026-11-09 08:01")
    await chat.writes(f"/start {code}")
    chat.expects("已过期")


async def test_a_code_is_kept_nowhere(telling: Telling) -> None:
    code = await telling.code("father")
    async with telling.county.database.session() as session:
        (kept,) = (await session.scalars(select(LinkCode))).all()
        events = (await session.scalars(select(Event).where(Event.action == "link_code_given"))).all()
    assert code.encode() not in kept.code_index
    assert [code in json.dumps(event.facts) for event in events] == [False]


async def test_ones_own_number_links_everybody_who_is_reached_at_it(telling: Telling) -> None:
    county = telling.county
    await county.student("马小虎", guardians=["uncle"], shares="father")
    chat = telling.chat(FATHER)
    await chat.shares(county.phones["father"].number)
    chat.expects("绑定好了", "马father", "马uncle")


async def test_a_number_that_is_nobodys_any_more_links_nobody(telling: Telling) -> None:
    county, chat = telling.county, telling.chat(FATHER)
    await _absent(county)
    await county.phones["father"].replies("7")
    await chat.shares(county.phones["father"].number)
    chat.expects("没有登记")
    await county.phones["county_officer"].expects("陌生号码")


async def test_whoever_is_not_known_is_told_how_once_an_hour_and_a_person_reads_every_text_as_one_task(telling: Telling) -> None:
    county, chat = telling.county, telling.chat(STRANGER)
    await chat.writes("孩子在哪里")
    chat.expects("东乡县教育局", "绑定码", "发送我的手机号")
    await county.stage.advance(minutes=30)
    await chat.writes("有人吗")
    assert chat.new() == []
    assert [task.kind for task in await county.tasks()].count("triage_unknown") == 1
    await county.stage.advance(minutes=40)
    await chat.writes("喂")
    chat.expects("绑定码")


async def test_starting_the_bot_troubles_no_officer(telling: Telling) -> None:
    chat = telling.chat(STRANGER)
    await chat.writes("/start")
    chat.expects("绑定码")
    await chat.writes("/start WRQNGCDE")
    chat.expects("绑定码不对")
    await chat.blocks()
    assert chat.new() == []
    assert await telling.county.tasks() == []


async def test_codes_cannot_be_guessed_at(telling: Telling) -> None:
    county, chat = telling.county, telling.chat(STRANGER)
    for number in range(2, 7):
        await chat.writes(f"/start AAAAAAA{number}")
        chat.expects("绑定码不对")
        await county.stage.advance(minutes=6)
    code = await telling.code("father")
    await chat.writes(f"/start {code}")
    assert chat.new() == []
    await county.stage.advance(minutes=61)
    await chat.writes(f"/start {code}")
    chat.expects("绑定好了")


async def test_a_danger_word_from_a_chat_that_nobody_knows_is_told_at_once(telling: Telling) -> None:
    await telling.chat(STRANGER).writes("有人要杀我孩子，救命")
    await telling.county.phones["county_officer"].expects("紧急")


async def test_in_a_known_chat_words_that_look_like_a_code_are_words(telling: Telling) -> None:
    chat = telling.chat(FATHER)
    await chat.writes(await telling.code("father"))
    chat.new()
    await _absent(telling.county)
    chat.new()
    await chat.writes("XXXXXXAY")
    chat.expects("请回数字")
    await chat.writes("/start")
    chat.expects("绑定好了", "马father")


async def test_two_parents_may_share_a_chat(telling: Telling) -> None:
    chat = telling.chat(FATHER)
    await chat.writes(await telling.code("father"))
    await chat.writes(f"/start {await telling.code('mother')}")
    assert ["马father" in text for text in chat.new()] == [True, False]
    await chat.writes("/start")
    chat.expects("马father、马mother")


async def test_a_number_by_sms_needs_no_linking(telling: Telling) -> None:
    county = telling.county
    await county.receive("+8613999999999", "你是谁")
    await county.stage.settle()
    await county.phones["county_officer"].expects("陌生号码")
    async with county.database.session() as session:
        assert (await session.scalars(select(Inbound.outcome))).all() == ["unknown_sender"]


async def test_a_member_whom_nobody_knows_is_answered_in_wecom(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """WeCom is for staff only, but whoever writes there is answered there: how to be linked, then that they are."""
    async with FakeWeCom() as wecom:
        channel = build_wecom(wecom.settings)
        monkeypatch.setattr(counties, "build_channel", lambda name, *rest: channel if name == "wecom" else build_channel(name, *rest))
        await county.begin("2026-11-02 08:00", channels=("simulator", "wecom"))
        await county.person("newcomer", "马新来")
        async with working(county.database, await county.stage.now()) as work:
            code = await new_code(work, county.people["newcomer"], county.cipher)
        for number, text in enumerate(("在吗", code)):
            query, body = wecom.text("maxinlai", text, number)
            heard = await channel.hear(Request("", query=query, body=body))
            await store(county.web, county.cipher, channel.capabilities, heard, await county.stage.now())
            await county.stage.advance(minutes=2)
        asked, linked = wecom.sees("maxinlai")
        assert ("绑定码" in asked, "绑定好了" in linked, "马新来" in linked) == (True, True, True)
        await channel.close()
