"""A family at the other end of a line: by text, with Telegram's buttons, or with a telephone's keys. What it hears and answers."""

from __future__ import annotations

import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from bot.channels import simulator
from bot.channels.base import Channel, Incoming, Request
from bot.channels.registry import build_channel
from bot.channels.telegram import Telegram
from bot.inbox.receive import receive, store
from storage.tables import Contact, PersonContact
from tests.fakes.telegram import FakeTelegram
from tests.stories import county as counties
from tests.stories.county import PATIENCE, County, Phone

CHAT = "5000000001"
LINES = ("sms", "telegram", "voice")


class Family(ABC):
    """`answers` takes what a keypad has: the same digit is a text, a button or a key."""

    def __init__(self, county: County) -> None:
        self.county = county

    @abstractmethod
    async def hears(self, *words: str) -> str: ...

    @abstractmethod
    async def answers(self, digit: str) -> None: ...

    @abstractmethod
    async def writes(self, text: str) -> None: ...

    async def answers_twice(self, digit: str) -> None:
        """As networks and impatient fingers do it."""
        for _ in range(2):
            await self.answers(digit)


class ByText(Family):
    async def hears(self, *words: str) -> str:
        return await self.county.phones["father"].expects(*words)

    async def answers(self, digit: str) -> None:
        await self.writes(digit)

    async def writes(self, text: str) -> None:
        await self.county.phones["father"].replies(text)


class ByKeys(ByText):
    _calls = itertools.count(1)

    async def answers(self, digit: str) -> None:
        county = self.county
        pressed = Incoming(f"call-{next(self._calls)}", county.phones["father"].number, "10690", digit)
        await receive(county.web, county.cipher, simulator.VOICE, pressed, await county.stage.now())
        await county.stage.settle()


class ByButtons(Family):
    """Only buttons are pressed, of the newest message that has one for the answer."""

    def __init__(self, county: County, telegram: FakeTelegram, channel: Telegram) -> None:
        super().__init__(county)
        self.telegram, self.channel = telegram, channel
        self._read = 0
        self._presses = itertools.count(1)

    async def hears(self, *words: str) -> str:
        for _ in range(PATIENCE):
            texts = self.telegram.sent_to(CHAT)
            for number, text in enumerate(texts[self._read :], start=self._read + 1):
                if all(word in text for word in words):
                    self._read = number
                    return text
            await self.county.stage.advance(minutes=1)
        raise AssertionError(f"no new text with {words}; new are {self.telegram.sent_to(CHAT)[self._read :]}")

    async def answers(self, digit: str) -> None:
        answer = "不对" if digit == "0" else digit
        (*_, message) = [one for one in self.telegram.messages if answer in offered(one)]
        await self.presses(message, answer)

    async def answers_twice(self, digit: str) -> None:
        (*_, message) = [one for one in self.telegram.messages if digit in offered(one)]
        for _ in range(2):
            await self.presses(message, digit)

    async def presses(self, message: dict[str, Any], answer: str) -> None:
        await self._brings(self.telegram.press(message, answer, f"press-{next(self._presses)}"))

    async def writes(self, text: str) -> None:
        await self._brings(self.telegram.text(CHAT, text))

    async def _brings(self, update: dict[str, Any]) -> None:
        heard = await self.channel.hear(Request("", body=json.dumps(update).encode()))
        await store(self.county.web, self.county.cipher, self.channel.capabilities, heard, await self.county.stage.now())
        await self.county.stage.settle()


def offered(message: dict[str, Any]) -> set[str]:
    """What the buttons under a Telegram message send."""
    markup = message.get("reply_markup") or {}
    return {button["callback_data"] for row in markup.get("inline_keyboard", []) for button in row}


@asynccontextmanager
async def family(county: County, line: str, monkeypatch: Any) -> AsyncIterator[Family]:
    """Monday before school; Ma Xiaolong's father is reached by this line only."""
    if line != "telegram":
        lines = ("simulator",) if line == "sms" else ("simulator", "simulator_voice")
        await county.begin("2026-11-02 07:00", channels=lines, calls=line == "voice")
        await county.student("马小龙", guardians=["father"])
        await county.others(5)
        yield ByText(county) if line == "sms" else ByKeys(county)
        return
    async with FakeTelegram() as telegram:
        channel = Telegram(telegram.token, telegram.base)

        def build(name: str, *rest: Any) -> Channel:
            return channel if name == "telegram" else build_channel(name, *rest)

        monkeypatch.setattr(counties, "build_channel", build)
        await county.begin("2026-11-02 07:00", channels=("simulator", "telegram"))
        await county.person("father", "马父", reachable=False)
        await county.student("马小龙", guardians=["father"])
        await county.others(5)
        await _chat(county, county.people["father"])
        yield ByButtons(county, telegram, channel)
        await channel.close()


async def _chat(county: County, person_id: int) -> None:
    async with county.database.session() as session, session.begin():
        contact = Contact(kind="telegram", address_encrypted=county.cipher.encrypt(CHAT), address_index=county.cipher.index(CHAT))
        session.add(contact)
        await session.flush()
        session.add(PersonContact(person_id=person_id, contact_id=contact.id))


async def ask_father(county: County, *children: str, absent: str, channels: Iterable[str] = ("simulator",)) -> Phone:
    """The father's phone, after one message has asked about those of his children whose seats are `absent`."""
    await county.begin("2026-11-02 07:00", channels=channels)
    for name in children:
        await county.student(name, guardians=["father"])
    await county.others(6)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies(absent)
    await county.stage.advance(minutes=5)
    await county.phones["father"].expects(*(children[int(seat) - 1][1:] for seat in absent.split()))
    return county.phones["father"]
