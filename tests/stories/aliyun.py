"""A county that has Aliyun SMS and nothing else: sends, reports and replies go over HTTP and through Aliyun's own formats, to a fake."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bot.channels.aliyun_keys import Keys
from bot.channels.aliyun_sms import AliyunSms
from bot.channels.aliyun_templates import Entry, texts_of_ours
from bot.channels.base import Request
from bot.channels.registry import MAIN
from bot.inbox.receive import store
from bot.outbox.senders import ensure_sender
from bot.rendering.frames import saying
from storage.crypto import Cipher
from storage.database import Database
from storage.work import working
from tests.fakes.aliyun import PASSED, FakeAliyun
from tests.stories.county import CATALOGUE, STAFF, County, local

SIGNATURE = "东乡县教育局"
KEYS = Keys("unguessable")
HOOKS = "https://fanxiao.test/hooks/aliyun_sms/main"


@dataclass
class AliyunCounty(County):
    """`without`: messages or frames that Aliyun has not approved."""

    aliyun: FakeAliyun = field(default_factory=FakeAliyun)
    without: frozenset[str] = frozenset()
    channel: AliyunSms = field(init=False)
    codes: dict[str, Entry] = field(default_factory=dict)
    _sequence: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def begin(self, at: str, *, roles: Iterable[str] = STAFF, **said: Any) -> None:
        await super().begin(at, roles=roles, channels=(), **said)
        ours = {name: text for name, text in texts_of_ours().items() if name not in self.without}
        self.codes = {name: Entry(f"SMS_{number}", text) for number, (name, text) in enumerate(ours.items(), 1)}
        for entry in self.codes.values():
            self.aliyun.approve(entry.code, entry.text)
        self.aliyun.signatures[SIGNATURE] = PASSED
        self.channel = AliyunSms(self.aliyun.key, self.codes, KEYS, self.aliyun.base)
        self.settings = replace(
            self.settings, channels={("aliyun_sms", MAIN): self.channel}, registered=partial(saying, CATALOGUE), public_url=HOOKS
        )
        async with working(self.database, local(at)) as work:
            await ensure_sender(work.session, "aliyun_sms", SIGNATURE, rate_per_second=5000)
        self.restarts()

    async def receive(self, number: str, text: str) -> None:
        await self.hears("inbound", self.aliyun.uplink(number.removeprefix("+86"), text, f"【{SIGNATURE}】", next(self._sequence)))

    async def reports(self, code: str = "DELIVERED") -> None:
        """Aliyun says of all that it took what became of it, all at once."""
        rows = [json.loads(self.aliyun.report(message["OutId"], code))[0] for message in self.aliyun.sent]
        await self.hears("report", json.dumps(rows).encode())
        await self.stage.settle()

    async def hears(self, hook: str, body: bytes) -> None:
        """A push of Aliyun."""
        heard = await self.channel.hear(Request(f"{HOOKS}/{hook}", hook, body=body))
        await store(self.web, self.cipher, self.channel.capabilities, heard, await self.stage.now())


@asynccontextmanager
async def on_aliyun(database: Database, web: Database, cipher: Cipher, without: Iterable[str] = ()) -> AsyncIterator[AliyunCounty]:
    """Before it begins."""
    async with FakeAliyun() as aliyun:
        county = AliyunCounty(database, web, cipher, aliyun=aliyun, without=frozenset(without))
        yield county
        await county.channel.close()
