"""Phone calls through Twilio: it says the message and hears one key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from bot.channels.base import Answer, Capabilities, Heard, Incoming, MalformedCall, Outcome, Outgoing, Request, Result, Status, Trouble
from bot.channels.twilio_account import CALL_SECONDS, NUMBER, OFFICIAL_BASE, Account, can
from bot.channels.twilio_codes import CALL_FAILURES, CALLS
from bot.channels.twilio_script import Turn, Words, asking, ending, hanging_up

RINGS = 30
"""Seconds that it rings, about six rings."""
EVENTS = ("initiated", "ringing", "answered", "completed")
LOOK_BACK = 50  # newest calls to one number
KEYS = frozenset("012345678")
SILENT_ROUNDS = 2
"""How often it is said to somebody who presses nothing."""
MOST_ROUNDS = 6
"""How often it is said in all, so that no call lasts for ever."""
NOBODY = ("machine", "fax")

CAPABILITIES = Capabilities(
    name="twilio_voice", contact="phone", variant="voice", max_length=1000, can_be_asked=True, at_once=10, failures=CALL_FAILURES
)


class TwilioVoice:
    """One Twilio account. `detect_machines`: hang up on answering machines, as nobody was reached."""

    capabilities = CAPABILITIES

    def __init__(
        self, account_sid: str, auth_token: str, base: str = OFFICIAL_BASE, seconds: float = CALL_SECONDS, detect_machines: bool = False
    ) -> None:
        self._account = Account(account_sid, auth_token, base, seconds)
        self._detection = {"MachineDetection": "Enable"} if detect_machines else {}
        self._words = Words.load()

    async def send(self, message: Outgoing) -> Outcome:
        if message.hooks is None:  # nobody could fetch the words
            return Outcome(Result.OUR_FAULT, code="public_url_missing")
        turn = Turn(message.hooks, message.message_id, recording=message.recording)
        fields = {"To": message.to, "From": message.sender, "Url": turn.url("script"), "Timeout": str(RINGS)}
        reports = {"StatusCallback": f"{message.hooks}/status?message={message.message_id}", "StatusCallbackEvent": EVENTS}
        return await self._account.create("Calls", {**fields, **reports, **self._detection})

    async def find(self, message: Outgoing, since: datetime) -> list[str]:
        # Twilio keeps nothing of a call by which ours could be told apart but its numbers and its time.
        rows = await self._account.client.calls.list_async(to=message.to, from_=message.sender, limit=LOOK_BACK)
        return [row.sid for row in rows if row.date_created is None or row.date_created >= since]

    def verify(self, request: Request) -> bool:
        return self._account.verify(request)

    async def hear(self, request: Request) -> Heard:
        read = {"script": self._script, "keys": self._keys, "status": self._status}.get(request.hook)
        try:
            if read is None:
                raise MalformedCall(f"no such hook: {request.hook}")
            return await read(request)
        except (KeyError, ValueError) as error:
            raise MalformedCall(type(error).__name__) from error

    async def _script(self, request: Request) -> Heard:
        if request.form.get("AnsweredBy", "").startswith(NOBODY):
            return Heard(answer=hanging_up())
        return Heard(answer=await self._said(request, Turn.of(request)))

    async def _keys(self, request: Request) -> Heard:
        call, key, turn = request.form["CallSid"], request.form["Digits"], Turn.of(request)
        if key not in KEYS:
            return Heard(answer=await self._said(request, turn.next()))
        text = Incoming(f"{call}-{turn.round}", sender=request.form["To"], to=request.form["From"], body=key, reply_to=call)
        return Heard(incoming=(text,), answer=ending(self._words, self._words.received))

    async def _said(self, request: Request, turn: Turn) -> Answer:
        body = await request.said(turn.message_id) if turn.round <= MOST_ROUNDS else None
        if body is None:
            return ending(self._words, self._words.goodbye)
        return asking(self._words, turn, body, repeat=turn.round < SILENT_ROUNDS)

    async def _status(self, request: Request) -> Heard:
        form = request.form
        state = "machine" if form.get("AnsweredBy", "").startswith(NOBODY) and form["CallStatus"] == "completed" else form["CallStatus"]
        status = CALLS[state]
        code = _failure(state, form) if status == "failed" else None
        report = Status(form["CallSid"], status, code, parsedate_to_datetime(form["Timestamp"]), int(form["SequenceNumber"]))
        return Heard(statuses=(report,), answer=Answer(status=204))

    def misaddressed(self, address: str) -> list[Trouble]:
        return [] if NUMBER.fullmatch(address) else [Trouble("address_not_a_number", address)]

    async def check(self, address: str, _hooks: str | None) -> list[Trouble]:
        return await self._account.check(lambda: self._number_troubles(address))

    async def _number_troubles(self, address: str) -> list[Trouble]:
        if wrong := self.misaddressed(address):
            return wrong
        number = await self._account.number(address)
        if number is None:
            return [Trouble("number_unknown", address)]
        return [] if can(number, "voice") else [Trouble("number_cannot_call", address)]

    async def close(self) -> None:
        await self._account.close()


def _failure(state: str, form: Mapping[str, str]) -> str:
    """Why a call failed: in a word of ours, by Twilio's code, or by the telephone network's answer (SIP)."""
    if state != "failed":
        return state.replace("-", "_")
    sip = form.get("SipResponseCode")
    return form.get("ErrorCode") or (f"sip_{sip}" if sip else "failed")


def build(settings: Mapping[str, str]) -> TwilioVoice:
    """The settings of Twilio SMS; `TWILIO_DETECT_MACHINES`, when set, makes it hang up on answering machines."""
    return TwilioVoice(
        settings["TWILIO_ACCOUNT_SID"],
        settings["TWILIO_AUTH_TOKEN"],
        settings.get("TWILIO_API_BASE") or OFFICIAL_BASE,
        detect_machines=bool(settings.get("TWILIO_DETECT_MACHINES")),
    )
