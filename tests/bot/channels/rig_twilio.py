"""Twilio SMS, against a fake of its API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from bot.channels.base import Request
from bot.channels.twilio_sms import TwilioSms
from tests.bot.channels.rig import Rig
from tests.fakes.provider import Drop, Malformed, Slow
from tests.fakes.twilio import FakeTwilio, Fault, Refuse

PATIENCE = 0.2
NOBODY = "http://127.0.0.1:9"
FAULTS: Mapping[str, Fault] = {
    "bad_number": Refuse(400, 21211), "opted_out": Refuse(400, 21610), "rate_limited": Refuse(429, 20429, retry_after=7),
    "server_error": Refuse(500, 20500), "account_refused": Refuse(401, 20003), "slow": Slow(2 * PATIENCE),
    "cut": Drop(accepted=True), "malformed": Malformed(),
}  # fmt: skip
STATUSES = {"delivered": ("delivered", None), "failed": ("undelivered", 30003)}


class TwilioSmsRig(Rig):
    """One account with one number."""

    fake = FakeTwilio
    retry_after: ClassVar[float | None] = 7.0
    address, contact = "+15005550006", "+8613800000001"

    def __init__(self, twilio: FakeTwilio) -> None:
        self.twilio = twilio
        self.channel = TwilioSms(twilio.account, twilio.token, twilio.base, PATIENCE)
        twilio.holdings.number(self.address, sms_url=f"{self.hooks}/inbound")

    async def arrange(self, fault: str) -> None:
        if fault == "unreachable":
            self.channel = TwilioSms(self.twilio.account, self.twilio.token, NOBODY, PATIENCE)
        else:
            self.twilio.next.append(FAULTS[fault])

    def accepted(self) -> list[str]:
        return self.twilio.sent_to(self.contact)

    async def inbound(self, body: str, number: int = 1) -> Request | None:
        return self._call("inbound", self.twilio.text_form(self.contact, self.address, body, f"SM{number:032x}"))

    async def report(self, provider_id: str, status: str) -> Request | None:
        return self._call("status", self.twilio.report_form(provider_id, *STATUSES[status]))

    def _call(self, hook: str, form: Mapping[str, str]) -> Request:
        url = f"{self.hooks}/{hook}"
        return Request(url, hook, form=form, headers={"x-twilio-signature": self.twilio.signature(url, form)})
