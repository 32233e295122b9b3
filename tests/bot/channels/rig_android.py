"""SMS Gateway for Android, against a fake of the phone's own server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from bot.channels.android_sms import AndroidSms
from bot.channels.base import Request, Result
from tests.bot.channels.rig import Rig
from tests.fakes.android import Call, FakeAndroid, Fault, Refuse
from tests.fakes.provider import Drop, Malformed, Slow

PATIENCE = 0.2
NOBODY = "http://127.0.0.1:9"
FAULTS: Mapping[str, Fault] = {
    "bad_number": Refuse(400, "not mobile phone number"), "rate_limited": Refuse(429, retry_after=7), "server_error": Refuse(500),
    "account_refused": Refuse(401), "slow": Slow(2 * PATIENCE), "cut": Drop(accepted=True), "malformed": Malformed(),
}  # fmt: skip


class AndroidSmsRig(Rig):
    """One phone with one SIM."""

    fake = FakeAndroid
    exceptions: ClassVar[Mapping[str, Result | None]] = {"opted_out": None}
    retry_after = 7
    address, contact = "+8613800000009", "+8613800000001"

    def __init__(self, phone: FakeAndroid) -> None:
        self.phone = phone
        self.channel = self._connected(phone.base)
        phone.register(self.hooks)

    def _connected(self, base: str) -> AndroidSms:
        return AndroidSms(base, self.phone.login, self.phone.password, self.phone.signing_key, PATIENCE)

    async def arrange(self, fault: str) -> None:
        if fault == "unreachable":
            self.channel = self._connected(NOBODY)
        else:
            self.phone.next.append(FAULTS[fault])

    def accepted(self) -> list[str]:
        return self.phone.sent_to(self.contact)

    async def inbound(self, body: str, number: int = 1) -> Request | None:
        return self._call("inbound", self.phone.text(self.contact, body, number))

    async def report(self, provider_id: str, status: str) -> Request | None:
        return self._call("status", self.phone.report(provider_id, f"sms:{status}"))

    def _call(self, hook: str, call: Call) -> Request:
        body, headers = call
        return Request(f"{self.hooks}/{hook}", hook, body=body, headers={name.lower(): value for name, value in headers.items()})
