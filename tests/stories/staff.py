"""One responsible person at the other end of a line: by text, in Telegram with its buttons, or in WeCom. Everybody else has a phone."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.channels.base import Channel, Request
from bot.channels.registry import build_channel
from bot.channels.telegram import Telegram
from bot.channels.wecom import build as build_wecom
from bot.inbox.receive import store
from storage.tables import Contact, PersonContact
from tests.fakes.telegram import FakeTelegram
from tests.fakes.wecom import FakeWeCom
from tests.stories import county as counties
from tests.stories.county import PATIENCE, STAFF, County
from tests.stories.families import offered

LINES = ("sms", "telegram", "wecom")
ADDRESSES = {"telegram": "5000000001", "wecom": "majianguo"}


class Colleague:
    """`expects` and `replies` as a phone has them; `presses` is a button where the line has any, and its answer written where not."""

    def __init__(
        self, county: County, role: str, line: str, telegram: FakeTelegram, wecom: FakeWeCom, channels: dict[str, Channel]
    ) -> None:
        self.county, self.role, self.line = county, role, line
        self._telegram, self._wecom, self._channels = telegram, wecom, channels
        self._read = 0
        self._numbers = itertools.count(1)

    async def texts(self) -> list[str]:
        if self.line == "telegram":
            return self._telegram.sent_to(ADDRESSES["telegram"])
        if self.line == "wecom":
            return self._wecom.sees(ADDRESSES["wecom"])
        return [message.body for message in await self.county.phones[self.role].inbox()]

    async def expects(self, *words: str) -> str:
        """The first new text with all these words; one recipient gets one text a minute, so it may take a few."""
        for _ in range(PATIENCE):
            texts = await self.texts()
            for number, text in enumerate(texts[self._read :], start=self._read + 1):
                if all(word in text for word in words):
                    self._read = number
                    return text
            await self.county.stage.advance(minutes=1)
        raise AssertionError(f"no new text with {words}; new are {(await self.texts())[self._read :]}")

    async def replies(self, text: str) -> None:
        if self.line == "sms":
            await self.county.phones[self.role].replies(text)
        elif self.line == "telegram":
            await self._bring("telegram", Request("", body=json.dumps(self._telegram.text(ADDRESSES["telegram"], text)).encode()))
        else:
            query, body = self._wecom.text(ADDRESSES["wecom"], text, next(self._numbers))
            await self._bring("wecom", Request("", query=query, body=body))

    async def photographs(self, content: bytes) -> None:
        """Chats only: a text cannot carry a photograph."""
        if self.line == "telegram":
            await self._bring("telegram", Request("", body=json.dumps(self._telegram.photo(ADDRESSES["telegram"], content)).encode()))
        else:
            query, body = self._wecom.photo(ADDRESSES["wecom"], content, next(self._numbers))
            await self._bring("wecom", Request("", query=query, body=body))

    async def presses(self, answer: str) -> None:
        if self.line != "telegram":
            await self.replies(answer)
            return
        (*_, message) = [one for one in self._telegram.messages if answer in offered(one)]
        update = self._telegram.press(message, answer, f"press-{next(self._numbers)}")
        await self._bring("telegram", Request("", body=json.dumps(update).encode()))

    async def _bring(self, name: str, request: Request) -> None:
        channel = self._channels[name]
        heard = await channel.hear(request)
        await store(self.county.web, self.county.cipher, channel.capabilities, heard, await self.county.stage.now())
        await self.county.stage.settle()


@asynccontextmanager
async def colleague(county: County, role: str, line: str, monkeypatch: Any) -> AsyncIterator[Colleague]:
    """Monday before school; the holder of this role is reached by this line only."""
    async with FakeTelegram() as telegram, FakeWeCom() as wecom:
        channels: dict[str, Channel] = {"telegram": Telegram(telegram.token, telegram.base), "wecom": build_wecom(wecom.settings)}

        def build(name: str, *rest: Any) -> Channel:
            return channels[name] if name in channels else build_channel(name, *rest)

        monkeypatch.setattr(counties, "build_channel", build)
        lines = ("simulator",) if line == "sms" else ("simulator", line)
        await county.begin("2026-11-02 07:00", channels=lines, roles=[one for one in STAFF if one != role])
        await county.staff(role, reachable=line == "sms")
        if line != "sms":
            await _account(county, county.people[role], line)
        await county.student("马小龙", guardians=["father"], seat=21)
        await county.student("马小虎", guardians=["mother"], seat=22)
        await county.others(6)
        yield Colleague(county, role, line, telegram, wecom, channels)
        for channel in channels.values():
            await channel.close()


async def _account(county: County, person_id: int, line: str) -> None:
    async with county.database.session() as session, session.begin():
        address = ADDRESSES[line]
        contact = Contact(kind=line, address_encrypted=county.cipher.encrypt(address), address_index=county.cipher.index(address))
        session.add(contact)
        await session.flush()
        session.add(PersonContact(person_id=person_id, contact_id=contact.id))


async def at_the_third_level(county: County) -> County:
    """Tuesday noon: nobody has answered, and principal and village committee have just been asked about 马小龙."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-03 12:01")
    return county
