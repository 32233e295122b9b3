"""Twilio's Calls API and the calls themselves: phones that are picked up, keys that are pressed, scripts that are fetched and followed."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

from aiohttp import web

FIELDS = {
    "To", "From", "Url", "Method", "StatusCallback", "StatusCallbackEvent", "StatusCallbackMethod", "Timeout", "MachineDetection",
    "AsyncAmd", "AsyncAmdStatusCallback",
}  # fmt: skip
LISTED_BY = {"To", "From", "Status", "StartTime", "StartTime<", "StartTime>", "PageSize", "Page", "PageToken"}
EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
Post = Callable[[str, Mapping[str, str]], Awaitable[tuple[int, str]]]


@dataclass
class Call:
    """One call: what was asked for, what was heard on the phone, and where the script waits for a key."""

    row: dict[str, Any]
    asked: Mapping[str, str]
    events: Sequence[str]
    spoken: list[str] = field(default_factory=list)
    played: list[str] = field(default_factory=list)
    languages: set[str | None] = field(default_factory=set)
    answers: list[int] = field(default_factory=list)  # HTTP status of our answers, in order
    key_action: str | None = None
    key_attributes: Mapping[str, str] = field(default_factory=dict)
    further: list[ElementTree.Element] = field(default_factory=list)
    sequence: int = 0
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def sid(self) -> str:
        return str(self.row["sid"])


@dataclass
class Calls:
    """All calls of one account. Its verbs are what happens at the other phone; each ends when our hooks have answered."""

    account: str
    post: Post
    made: list[Call] = field(default_factory=list)

    def accept(self, form: Mapping[str, str], events: Sequence[str]) -> dict[str, Any]:
        """Takes a call on, as the API's `create` does."""
        sid = "CA" + secrets.token_hex(16)
        at = format_datetime(datetime.now(UTC))
        row: dict[str, Any] = dict.fromkeys(("start_time", "end_time", "duration", "price", "answered_by", "parent_call_sid"))
        row |= {"sid": sid, "account_sid": self.account, "to": form["To"], "from": form["From"], "status": "queued"}
        row |= {"direction": "outbound-api", "date_created": at, "date_updated": at, "price_unit": "USD", "queue_time": "0"}
        self.made.append(Call(row, form, events))
        return row

    def rows(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """As the API's list, the newest first."""
        found = [call.row for call in reversed(self.made)]
        return [row for row in found if query.get("To", row["to"]) == row["to"] and query.get("From", row["from"]) == row["from"]]

    def routes(self) -> list[web.RouteDef]:
        path = f"/2010-04-01/Accounts/{self.account}/Calls"
        return [web.get(f"{path}.json", self._list), web.get(path + "/{sid}.json", self._fetch)]

    async def ring(self, call: Call) -> None:
        for state in ("initiated", "ringing"):
            await self._event(call, state)

    async def pick_up(self, call: Call, **more: str) -> None:
        """Somebody, or something, answers; it hears what our script says."""
        await self._event(call, "in-progress", **more)
        await self._follow(call, call.asked["Url"], more)

    async def dial(self, theirs: str, ours: str, url: str) -> Call:
        """Somebody rings one of our numbers, whose calls are answered at `url`."""
        row = {"sid": "CA" + secrets.token_hex(16), "from": theirs, "to": ours, "status": "in-progress", "direction": "inbound"}
        call = Call(row, {}, ())
        self.made.append(call)
        await self._follow(call, url, {})
        return call

    async def press(self, call: Call, digits: str) -> None:
        """One key, while or after something is said."""
        assert call.key_action is not None, "the call does not wait for a key"
        await self._follow(call, call.key_action, {"Digits": digits})

    async def keep_silent(self, call: Call) -> None:
        """No key until the script goes on by itself."""
        further, call.further, call.key_action = call.further, [], None
        await self._go_on(call, further)

    async def hang_up(self, call: Call, **more: str) -> None:
        await self.end(call, "completed", CallDuration="12", Duration="1", **more)

    async def end(self, call: Call, status: str, **more: str) -> None:
        """busy, no-answer, canceled, failed or completed."""
        call.key_action = None
        await self._event(call, status, **more)

    def form(self, call: Call, state: str, **more: str) -> dict[str, str]:
        """What a status callback says (twilio.com/docs/voice/api/call-resource#statuscallbackevent)."""
        at = call.begun + timedelta(seconds=call.sequence)
        form = self._parameters(call, state) | {"CallbackSource": "call-progress-events", "Timestamp": format_datetime(at)}
        form |= {"SequenceNumber": str(call.sequence)} | more
        call.sequence += 1
        return form

    async def _event(self, call: Call, state: str, **more: str) -> None:
        call.row["status"] = state
        form = self.form(call, state, **more)
        if EVENTS.get(state, "completed") in call.events:
            status, _ = await self.post(call.asked["StatusCallback"], form)
            call.answers.append(status)

    def _parameters(self, call: Call, state: str) -> dict[str, str]:
        form = {"CallSid": call.sid, "AccountSid": self.account, "From": call.row["from"], "To": call.row["to"], "CallStatus": state}
        return form | {"Caller": call.row["from"], "Called": call.row["to"], "Direction": call.row["direction"], "ApiVersion": "2010-04-01"}

    async def _follow(self, call: Call, url: str, more: Mapping[str, str]) -> None:
        status, script = await self.post(url, {**self._parameters(call, "in-progress"), **more})
        call.answers.append(status)
        root = ElementTree.fromstring(script)
        assert root.tag == "Response"
        await self._go_on(call, list(root), url)

    async def _go_on(self, call: Call, verbs: list[ElementTree.Element], url: str = "") -> None:
        call.key_action = None
        for index, verb in enumerate(verbs):
            if verb.tag == "Gather":
                for inner in verb:
                    self._hear(call, inner)
                call.key_action, call.key_attributes = urljoin(url, verb.attrib["action"]), dict(verb.attrib)
                call.further = verbs[index + 1 :]
                return
            if verb.tag == "Redirect":
                await self._follow(call, verb.text or "", {})
                return
            if verb.tag == "Hangup":
                break
            self._hear(call, verb)
        await self.hang_up(call)

    def _hear(self, call: Call, verb: ElementTree.Element) -> None:
        assert verb.tag in ("Say", "Play"), verb.tag
        (call.spoken if verb.tag == "Say" else call.played).append(verb.text or "")
        if verb.tag == "Say":
            call.languages.add(verb.get("language"))

    async def _list(self, request: web.Request) -> web.StreamResponse:
        unknown = set(request.query) - LISTED_BY
        assert not unknown, unknown
        return web.json_response({"calls": self.rows(request.query), "next_page_uri": None, "page": 0, "page_size": 50})

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(next(call.row for call in self.made if call.sid == request.match_info["sid"]))
