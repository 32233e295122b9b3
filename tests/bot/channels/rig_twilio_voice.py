"""Calls through Twilio, against a fake of its API. What a call says is fetched from us: here, from the texts that the test gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

from bot.channels.base import Outgoing, Request, Result
from bot.channels.twilio_voice import TwilioVoice
from tests.bot.channels.rig import Rig
from tests.bot.channels.rig_twilio import FAULTS, NOBODY, PATIENCE
from tests.fakes.twilio import FakeTwilio, Refuse

FAULTS_OF_CALLS = {**FAULTS, "bad_number": Refuse(400, 21217)}
STATUSES = {"delivered": ("completed", {"AnsweredBy": "human"}), "failed": ("busy", {})}


class TwilioVoiceRig(Rig):
    """One account with one number."""

    fake = FakeTwilio
    exceptions: ClassVar[Mapping[str, Result | None]] = {"opted_out": None}
    retry_after: ClassVar[float | None] = 7.0
    compares_texts: ClassVar[bool] = False
    hooks = "http://hooks.test/hooks/twilio_voice/main"
    address, contact = "+15005550006", "+8613800000001"

    def __init__(self, twilio: FakeTwilio) -> None:
        self.twilio = twilio
        self.channel = TwilioVoice(twilio.account, twilio.token, twilio.base, PATIENCE, detect_machines=True)
        self.texts: dict[int, str] = {}
        twilio.holdings.number(self.address, voice_url=f"{self.hooks}/called")

    def outgoing(self, body: str = "教育局：马小龙今天没到校，请按1。", message_id: int = 7) -> Outgoing:
        self.texts[message_id] = body
        return super().outgoing(body, message_id)

    async def arrange(self, fault: str) -> None:
        if fault == "unreachable":
            self.channel = TwilioVoice(self.twilio.account, self.twilio.token, NOBODY, PATIENCE)
        else:
            self.twilio.next.append(FAULTS_OF_CALLS[fault])

    def accepted(self) -> list[str]:
        return [self.texts[int(_query(call.asked["Url"])["message"])] for call in self.twilio.calls.made]

    async def inbound(self, body: str, number: int = 1) -> Request | None:
        self.outgoing()
        form = {"CallSid": f"CA{number:032x}", "From": self.address, "To": self.contact, "Digits": body, "CallStatus": "in-progress"}
        return self._call("keys?message=7&round=1", form)

    async def report(self, provider_id: str, status: str) -> Request | None:
        call = next(call for call in self.twilio.calls.made if call.sid == provider_id)
        state, more = STATUSES[status]
        return self._call("status?message=7", self.twilio.calls.form(call, state, **more))

    async def said(self, message_id: int) -> str | None:
        return self.texts.get(message_id)

    def _call(self, hook: str, form: Mapping[str, str]) -> Request:
        url = f"{self.hooks}/{hook}"
        headers = {"x-twilio-signature": self.twilio.signature(url, form)}
        return Request(url, hook.partition("?")[0], query=_query(url), form=form, headers=headers, said=self.said)


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))
