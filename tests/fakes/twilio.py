"""Twilio's Messages API over real HTTP: create, list, fetch, status callbacks and inbound texts, with faults on demand.

Parameters and answers follow Twilio's published OpenAPI description; an unknown one is refused, so that we notice.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import ClientSession, web
from twilio.request_validator import RequestValidator
from yarl import URL

from tests.fakes.provider import Drop, Malformed, Provider, Slow, cut
from tests.fakes.twilio_account import Holdings
from tests.fakes.twilio_calls import FIELDS as CALL_FIELDS
from tests.fakes.twilio_calls import Calls

CREATE_FIELDS = {"To", "From", "Body", "StatusCallback", "MessagingServiceSid", "ValidityPeriod", "Attempt", "MaxPrice", "SmartEncoded"}
LIST_FIELDS = {"To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"}


@dataclass(frozen=True)
class Refuse:
    """An error answer. `code` 0: without Twilio's usual body. `retry_after`: seconds, in the header of that name."""

    status: int
    code: int
    retry_after: int | None = None


Fault = Refuse | Slow | Drop | Malformed


@dataclass
class FakeTwilio(Provider):
    """`async with FakeTwilio() as twilio:` serves at `twilio.base`. `next` holds faults for the calls to come."""

    account: str = "AC" + "0" * 32
    token: str = "t" * 32
    messages: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)  # the fields of each message that we wanted sent
    callbacks: dict[str, str] = field(default_factory=dict)
    next: deque[Fault] = field(default_factory=deque)
    by_number: dict[str, Fault] = field(default_factory=dict)
    page_size: int = 50
    started: list[float] = field(default_factory=list)
    base: str = ""
    first: asyncio.Event = field(default_factory=asyncio.Event)  # a message has been accepted

    def __post_init__(self) -> None:
        self.holdings = Holdings(self.account)
        self.calls = Calls(self.account, self.call)

    def application(self) -> web.Application:
        path = f"/2010-04-01/Accounts/{self.account}"
        app = web.Application(middlewares=[self._authenticated])
        app.add_routes(
            [
                web.post(f"{path}/Messages.json", self._create),
                web.get(f"{path}/Messages.json", self._list),
                web.get(path + "/Messages/{sid}.json", self._fetch),
                web.post(f"{path}/Calls.json", self._create_call),
                *self.holdings.routes(),
                *self.calls.routes(),
            ]
        )
        return app

    def sent_to(self, number: str) -> list[str]:
        """Bodies of the messages accepted for this number."""
        return [message["body"] for message in self.messages if message["to"] == number]

    @property
    def client(self) -> ClientSession:
        """For other calls of a test."""
        return self._session

    async def report(self, sid: str, status: str, code: int | None = None) -> int:
        """Calls the message's status callback; gives the HTTP status of the answer."""
        return await self.post(self.callbacks[sid], self.report_form(sid, status, code))

    def report_form(self, sid: str, status: str, code: int | None = None) -> dict[str, str]:
        """What a status callback says."""
        message = next(message for message in self.messages if message["sid"] == sid)
        message["status"], message["error_code"] = status, code
        form = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status, "AccountSid": self.account}
        form |= {"To": message["to"], "From": message["from"], "ApiVersion": "2010-04-01"}
        return form | ({"ErrorCode": str(code)} if code else {})

    async def text(self, url: str, sender: str, to: str, body: str, sid: str | None = None) -> int:
        """A text from a phone to one of the account's numbers."""
        return await self.post(url, self.text_form(sender, to, body, sid))

    def text_form(self, sender: str, to: str, body: str, sid: str | None = None) -> dict[str, str]:
        """What the call for an incoming text says."""
        form = {"MessageSid": sid or _sid(), "AccountSid": self.account, "From": sender, "To": to, "Body": body, "NumMedia": "0"}
        return form | {"NumSegments": "1", "ApiVersion": "2010-04-01"}

    def signature(self, url: str, form: Mapping[str, str]) -> str:
        """As Twilio signs."""
        return str(RequestValidator(self.token).compute_signature(url, dict(form)))

    async def post(self, url: str, form: Mapping[str, str], signature: str | None = None) -> int:
        """A webhook call, signed as Twilio signs."""
        status, _ = await self.call(url, form, signature)
        return status

    async def call(self, url: str, form: Mapping[str, str], signature: str | None = None) -> tuple[int, str]:
        """The same, with the text of the answer."""
        signed = signature or self.signature(url, form)
        async with self._session.post(URL(url, encoded=True), data=form, headers={"X-Twilio-Signature": signed}) as answer:
            return answer.status, await answer.text()

    @web.middleware
    async def _authenticated(self, request: web.Request, handler: Any) -> web.StreamResponse:
        wanted = "Basic " + base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            return _refusal(Refuse(401, 20003))
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.started.append(asyncio.get_running_loop().time())
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        if set(form) - CREATE_FIELDS:
            return _refusal(Refuse(400, 20001))
        for names, code in ((("To",), 21604), (("From", "MessagingServiceSid"), 21603), (("Body",), 21602)):
            if not any(form.get(name) for name in names):
                return _refusal(Refuse(400, code))
        return await self._answer(request, form["To"], lambda: self._accept(form))

    async def _create_call(self, request: web.Request) -> web.StreamResponse:
        fields = await request.post()
        form = {name: str(value) for name, value in fields.items()}
        if set(form) - CALL_FIELDS:
            return _refusal(Refuse(400, 20001))
        for name, code in (("To", 21201), ("From", 21213), ("Url", 21205)):
            if not form.get(name):
                return _refusal(Refuse(400, code))
        events = [str(event) for event in fields.getall("StatusCallbackEvent", ["completed"])]
        return await self._answer(request, form["To"], lambda: self.calls.accept(form, events))

    async def _answer(self, request: web.Request, to: str, accept: Callable[[], dict[str, Any]]) -> web.StreamResponse:
        fault = self.next.popleft() if self.next else self.by_number.get(to)
        if isinstance(fault, Refuse):
            return _refusal(fault)
        if isinstance(fault, Drop) and not fault.accepted:
            return cut(request)
        return await self._accepted(request, accept(), fault)

    async def _accepted(self, request: web.Request, message: dict[str, Any], fault: Fault | None) -> web.StreamResponse:
        if isinstance(fault, Drop):
            return cut(request)
        if isinstance(fault, Malformed):
            return web.Response(status=201, text=fault.text)
        if isinstance(fault, Slow):
            await asyncio.sleep(fault.seconds)
        return web.json_response(message, status=201)

    def _accept(self, form: Mapping[str, str]) -> dict[str, Any]:
        sid = _sid()
        at = format_datetime(datetime.now(UTC))
        path = f"/2010-04-01/Accounts/{self.account}/Messages/{sid}"
        message: dict[str, Any] = dict.fromkeys(("date_sent", "error_code", "error_message", "price"))
        message |= {"sid": sid, "account_sid": self.account, "api_version": "2010-04-01", "status": "queued", "direction": "outbound-api"}
        service = form.get("MessagingServiceSid")
        sender = self.holdings.services[service]["numbers"][0] if service else form["From"]
        message |= {"body": form["Body"], "to": form["To"], "from": sender, "messaging_service_sid": service}
        message |= {"date_created": at, "date_updated": at}
        message |= {"num_media": "0", "num_segments": "1", "price_unit": "USD", "uri": f"{path}.json"}
        message |= {"subresource_uris": {"media": f"{path}/Media.json"}}
        self.messages.append(message)
        self.first.set()
        if "StatusCallback" in form:
            self.callbacks[sid] = form["StatusCallback"]
        return message

    async def _list(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        if set(asked) - LIST_FIELDS:
            return _refusal(Refuse(400, 20001))
        rows = [
            row
            for row in reversed(self.messages)
            if asked.get("To", row["to"]) == row["to"] and asked.get("From", row["from"]) == row["from"]
        ]
        size, page = min(int(asked.get("PageSize", self.page_size)), self.page_size), int(asked.get("Page", 0))
        begin, end = page * size, (page + 1) * size
        following = request.url.update_query(Page=str(page + 1)).path_qs if end < len(rows) else None
        paging = {
            "page": page,
            "page_size": size,
            "start": begin,
            "end": end - 1,
            "uri": request.path_qs,
            "first_page_uri": request.path_qs,
        }
        return web.json_response(paging | {"messages": rows[begin:end], "next_page_uri": following, "previous_page_uri": None})

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        for message in self.messages:
            if message["sid"] == request.match_info["sid"]:
                return web.json_response(message)
        return _refusal(Refuse(404, 20404))


def _sid() -> str:
    return "SM" + secrets.token_hex(16)


def _refusal(fault: Refuse) -> web.Response:
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
    if not fault.code:
        return web.Response(status=fault.status, text="unavailable", headers=headers)
    more = f"https://www.twilio.com/docs/errors/{fault.code}"
    body = {"code": fault.code, "message": "refused", "more_info": more, "status": fault.status}
    return web.json_response(body, status=fault.status, headers=headers)
