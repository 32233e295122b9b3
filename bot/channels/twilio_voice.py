"""Phone calls through Twilio: it says the message and hears one key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

import aiohttp

from bot.channels.base import Answer, Capabilities, Heard, MalformedCall, Outcome, Outgoing, Request, Result, Status, Trouble
from bot.channels.twilio_account import CALL_SECONDS, NUMBER, OFFICIAL_BASE, REFUSED, UNREADABLE, Account, can, webhook_troubles
from bot.channels.twilio_codes import CALL_FAILURES, CALLS
from bot.channels.twilio_script import Turn
from bot.channels.twilio_talk import Talk

RINGS = 30
"""Seconds that it rings, about six rings."""
EVENTS = ("initiated", "ringing", "answered", "completed")
LOOK_BACK = 50  # newest calls to one number
NOBODY = ("machine", "fax")

CAPABILITIES = Capabilities(
    name="twilio_voice", contact="phone", variant="voice", max_length=1000, can_be_asked=True, at_once=10, failures=CALL_FAILURES
)


class TwilioVoice:
    """One Twilio account. A call has reached a person when a key is pressed in it. `detect_machines`: or when Twilio hears a person.

    That is found out while the words are said (`AsyncAmd`): otherwise whoever picks up hears nothing for the first seconds, and hangs up.
    """

    capabilities = CAPABILITIES

    def __init__(
        self, account_sid: str, auth_token: str, base: str = OFFICIAL_BASE, seconds: float = CALL_SECONDS, detect_machines: bool = False
    ) -> None:
        self._account = Account(account_sid, auth_token, base, seconds)
        self._detects = detect_machines
        self._talk = Talk()

    async def send(self, message: Outgoing) -> Outcome:
        if message.hooks is None:  # nobody could fetch the words
            return Outcome(Result.OUR_FAULT, code="public_url_missing")
        turn = Turn(message.hooks, message.message_id, recording=message.recording)
        fields = {"To": message.to, "From": message.sender, "Url": turn.url("script"), "Timeout": str(RINGS)}
        reports = {"StatusCallback": f"{message.hooks}/status?message={message.message_id}", "StatusCallbackEvent": EVENTS}
        return await self._account.create("Calls", {**fields, **reports, **self._detection(message.hooks)})

    def _detection(self, hooks: str) -> dict[str, str]:
        """Without an address for its result Twilio warns (21262); the result is also in the call itself, from where we take it."""
        return {"MachineDetection": "Enable", "AsyncAmd": "true", "AsyncAmdStatusCallback": f"{hooks}/detected"} if self._detects else {}

    async def find(self, message: Outgoing, since: datetime) -> list[str]:
        # Twilio keeps nothing of a call by which ours could be told apart but its numbers and its time.
        rows = await self._account.client.calls.list_async(to=message.to, from_=message.sender, limit=LOOK_BACK)
        return [row.sid for row in rows if row.date_created is None or row.date_created >= since]

    def verify(self, request: Request) -> bool:
        return self._account.verify(request)

    async def hear(self, request: Request) -> Heard:
        talk = self._talk
        known = {"script": talk.script, "keys": talk.keys, "called": talk.called, "pressed": talk.pressed}
        read = (known | {"status": self._status, "detected": _nothing}).get(request.hook)
        try:
            if read is None:
                raise MalformedCall(f"no such hook: {request.hook}")
            return await read(request)
        except (KeyError, ValueError) as error:
            raise MalformedCall(type(error).__name__) from error

    async def _status(self, request: Request) -> Heard:
        form = request.form
        state = await self._how_completed(form) if form["CallStatus"] == "completed" else form["CallStatus"]
        status = CALLS[state]
        code = _failure(state, form) if status == "failed" else None
        report = Status(form["CallSid"], status, code, parsedate_to_datetime(form["Timestamp"]), int(form["SequenceNumber"]))
        return Heard(statuses=(report,), answer=Answer(status=204))

    async def _how_completed(self, form: Mapping[str, str]) -> str:
        """That somebody picked up is no proof of a person: so does a voicemail. A key that was pressed has been told of before."""
        answered_by = await self._answered_by(form) if self._detects else ""
        if answered_by.startswith(NOBODY):
            return "machine"
        return "human" if answered_by == "human" else "no-key"

    async def _answered_by(self, form: Mapping[str, str]) -> str:
        """A report need not say who answered; the call itself does once it is over (twilio.com/docs/api/errors/21262)."""
        answered_by = form.get("AnsweredBy")
        if answered_by is None:
            try:
                answered_by = (await self._account.client.calls(form["CallSid"]).fetch_async()).answered_by
            except (*REFUSED, *UNREADABLE, aiohttp.ClientError, TimeoutError):
                return ""
        return answered_by or ""

    def misaddressed(self, address: str) -> list[Trouble]:
        return [] if NUMBER.fullmatch(address) else [Trouble("address_not_a_number", address)]

    async def check(self, address: str, hooks: str | None) -> list[Trouble]:
        return await self._account.check(lambda: self._number_troubles(address, hooks))

    async def _number_troubles(self, address: str, hooks: str | None) -> list[Trouble]:
        if wrong := self.misaddressed(address):
            return wrong
        number = await self._account.number(address)
        if number is None:
            return [Trouble("number_unknown", address)]
        if not can(number, "voice"):
            return [Trouble("number_cannot_call", address)]
        # An application's addresses stand before the number's own.
        url = number.voice_application_sid or number.voice_url
        return webhook_troubles(address, url, number.voice_method, hooks and f"{hooks}/called", "calls")

    async def close(self) -> None:
        await self._account.close()


async def _nothing(_request: Request) -> Heard:
    return Heard(answer=Answer(status=204))


def _failure(state: str, form: Mapping[str, str]) -> str:
    """Why a call failed: in a word of ours, by Twilio's code, or by the telephone network's answer (SIP)."""
    if state != "failed":
        return state.replace("-", "_")
    sip = form.get("SipResponseCode")
    return form.get("ErrorCode") or (f"sip_{sip}" if sip else "failed")


def build(settings: Mapping[str, str]) -> TwilioVoice:
    """The settings of Twilio SMS; `TWILIO_DETECT_MACHINES`, when set, lets Twilio listen for answering machines."""
    return TwilioVoice(
        settings["TWILIO_ACCOUNT_SID"],
        settings["TWILIO_AUTH_TOKEN"],
        settings.get("TWILIO_API_BASE") or OFFICIAL_BASE,
        detect_machines=bool(settings.get("TWILIO_DETECT_MACHINES")),
    )
