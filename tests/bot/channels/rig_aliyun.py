"""Aliyun SMS, against a fake of its API. Every text of the suite is registered as a template of its own first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from bot.channels.aliyun_keys import Keys
from bot.channels.aliyun_sms import AliyunSms
from bot.channels.aliyun_templates import Entry, texts_of_ours
from bot.channels.base import Outgoing, Request
from bot.rendering.catalogue import unsigned
from tests.bot.channels.rig import Rig
from tests.fakes.aliyun import PASSED, FakeAliyun, Fault, Refuse
from tests.fakes.provider import Drop, Malformed, Slow

PATIENCE = 0.2
NOBODY = "http://127.0.0.1:9"
KEYS = Keys("unguessable")
FAULTS: Mapping[str, Fault] = {
    "bad_number": Refuse("isv.MOBILE_NUMBER_ILLEGAL"), "opted_out": Refuse("isv.CUSTOMER_REFUSED"),
    "rate_limited": Refuse("Throttling.User", 400, retry_after=7000), "server_error": Refuse("InternalError", 500),
    "account_refused": Refuse("InvalidAccessKeyId.NotFound", 404), "slow": Slow(2 * PATIENCE), "cut": Drop(), "malformed": Malformed(),
}  # fmt: skip
REPORTS = {"delivered": "DELIVERED", "failed": "MOBILE_NOT_ON_SERVICE"}


class AliyunSmsRig(Rig):
    """One account with one signature; every message of the catalogue that can be is approved."""

    fake = FakeAliyun
    retry_after: ClassVar[float | None] = 7.0
    address, contact = "教育局", "+8613800000001"

    def __init__(self, aliyun: FakeAliyun) -> None:
        self.aliyun = aliyun
        self.entries = {name: Entry(f"SMS_{number}", text) for number, (name, text) in enumerate(texts_of_ours().items(), 1000)}
        aliyun.signatures[self.address] = PASSED
        for entry in self.entries.values():
            aliyun.approve(entry.code, entry.text)
        self.channel = self.connected(aliyun.base)

    def connected(self, base: str) -> AliyunSms:
        """A channel of this account that calls `base`."""
        return AliyunSms(self.aliyun.key, self.entries, KEYS, base, seconds=PATIENCE)

    def outgoing(self, body: str = "【教育局】马小龙今天没到校，回1已知道。", message_id: int = 7) -> Outgoing:
        """The first letters of the text are the value of a variable."""
        text = unsigned(body)
        code = f"SMS_{len(self.entries) + 1}"
        self.entries[code] = Entry(code, "${p1}" + text[20:])
        self.aliyun.approve(code, self.entries[code].text)
        message = super().outgoing(f"【{self.address}】{text}", message_id)
        return replace(message, template=code, values={"p1": text[:20]})

    async def arrange(self, fault: str) -> None:
        if fault == "unreachable":
            await self.channel.close()
            self.channel = self.connected(NOBODY)
        else:
            self.aliyun.next.append(FAULTS[fault])

    def accepted(self) -> list[str]:
        return self.aliyun.bodies()

    async def inbound(self, body: str, number: int = 1) -> Request | None:
        return self.push("inbound", self.aliyun.uplink(self.contact.removeprefix("+86"), body, self.address, number))

    async def report(self, provider_id: str, status: str) -> Request | None:
        return self.push("report", self.aliyun.report(provider_id, REPORTS[status]))

    def push(self, hook: str, body: bytes) -> Request:
        """A call of Aliyun to the address that was entered there."""
        url = KEYS.callbacks(self.hooks)[hook]
        return Request(url, hook, query={"key": url.partition("key=")[2]}, body=body, headers={"content-type": "application/json"})

    def forged(self, request: Request) -> Request:
        return replace(request, query={"key": "guessed"})
