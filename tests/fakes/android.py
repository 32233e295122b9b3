"""SMS Gateway for Android over real HTTP: the phone's own server, or a server between, with its webhooks and faults on demand.

Fields and answers follow docs.sms-gate.app; an unknown field is refused, so that we notice.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.fakes.provider import Drop, Malformed, Provider, Slow, cut

SEND_FIELDS = {"id", "phoneNumbers", "textMessage", "withDeliveryReport", "isEncrypted", "ttl", "priority", "simNumber", "deviceId"}
EVENTS = ("sms:received", "mms:received", "mms:downloaded", "sms:sent", "sms:delivered", "sms:failed")
TIMES = {"sms:sent": "sentAt", "sms:delivered": "deliveredAt", "sms:failed": "failedAt"}
BEGINNING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Refuse:
    """An error answer with the app's words."""

    status: int
    words: str = "refused"
    retry_after: int | None = None


Fault = Refuse | Slow | Drop | Malformed
Call = tuple[bytes, dict[str, str]]
"""Body and headers of a webhook call."""


@dataclass
class FakeAndroid(Provider):
    """`async with FakeAndroid() as phone:` serves at `phone.base`. `next` holds faults for the messages to come.

    `devices`: what a server knows; None where the phone itself serves, which has no such list.
    """

    login: str = "sms"
    password: str = "p" * 14
    signing_key: str = "k" * 8
    device: str = "d" * 21
    devices: list[dict[str, Any]] | None = None
    health: dict[str, Any] = field(default_factory=lambda: {"status": "pass", "version": "1.60.0", "releaseId": 1, "checks": {}})
    webhooks: list[dict[str, str]] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    fates: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # state of messages that are no longer pending, and why
    next: deque[Fault] = field(default_factory=deque)
    by_number: dict[str, Fault] = field(default_factory=dict)
    base: str = ""
    _seconds: Iterator[int] = field(default_factory=itertools.count)

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._authenticated])
        routes = [
            web.post("/messages", self._send),
            web.get("/messages/{id}", self._state),
            web.get("/webhooks", self._list),
            web.get("/health", self._health),
        ]
        app.add_routes(routes if self.devices is None else [*routes, web.get("/devices", self._devices)])
        return app

    def sent_to(self, number: str) -> list[str]:
        """Texts accepted for this number."""
        return [message["textMessage"]["text"] for message in self.messages.values() if message["phoneNumbers"] == [number]]

    def register(self, hooks: str, *events: str) -> None:
        """Webhooks as an operator sets them up."""
        self.webhooks += [{"id": event, "url": f"{hooks}/inbound", "event": event, "source": "Local"} for event in events or EVENTS]

    def text(self, writer: str, body: str, number: int = 1, **changed: Any) -> Call:
        """A text that came to the phone. A phone repeats a call with the same `id`; its messageId is a hash."""
        message_id = hashlib.sha256(f"{number}{writer}{body}".encode()).hexdigest()[:8]
        payload = {"messageId": message_id, "message": body, "sender": writer, "phoneNumber": writer, "recipient": None, "simNumber": 1}
        return self.event("sms:received", payload | {"receivedAt": _written(BEGINNING + timedelta(seconds=number))} | changed)

    def picture(self, writer: str, subject: str | None = None, number: int = 1) -> Call:
        """An MMS that came to the phone: the app tells its size and subject, not what is in it."""
        about = {"messageId": f"mms_{number}", "sender": writer, "recipient": None, "simNumber": 1, "transactionId": f"T{number}"}
        at = _written(BEGINNING + timedelta(seconds=number))
        return self.event("mms:received", about | {"subject": subject, "size": 125684, "contentClass": "IMAGE_BASIC", "receivedAt": at})

    def downloaded(self, writer: str, body: str | None, subject: str | None = None, number: int = 1) -> Call:
        """The same MMS once the phone has fetched it: its words, and its pictures as Base64."""
        picture = {"partId": 7, "contentType": "image/jpeg", "name": "1.jpg", "size": 300_000, "data": "A" * 400_000}
        about = {"messageId": f"mms_{number}", "sender": writer, "phoneNumber": writer, "recipient": None, "simNumber": 1}
        at = _written(BEGINNING + timedelta(seconds=number))
        return self.event("mms:downloaded", about | {"subject": subject, "body": body, "attachments": [picture], "receivedAt": at})

    def report(self, message_id: str, event: str, reason: str = "Send result: RESULT_ERROR_NO_SERVICE (…)", **changed: Any) -> Call:
        """What became of a message."""
        (number,) = self.messages[message_id]["phoneNumbers"]
        at = _written(BEGINNING + timedelta(seconds=next(self._seconds)))
        payload = {"messageId": message_id, "phoneNumber": number, "recipient": number, "sender": None, "simNumber": 1, TIMES[event]: at}
        return self.event(event, payload | ({"reason": reason} if event == "sms:failed" else {"partsCount": 1}) | changed)

    def event(self, event: str, payload: Mapping[str, Any]) -> Call:
        """Any call of the app, signed as it signs."""
        call = {"id": f"n{next(self._seconds)}", "webhookId": event, "event": event, "deviceId": self.device, "payload": payload}
        body = json.dumps(call, ensure_ascii=False).encode()
        return body, self.signed(body)

    def signed(self, body: bytes, timestamp: str = "1795000000") -> dict[str, str]:
        signature = hmac.new(self.signing_key.encode(), body + timestamp.encode(), "sha256").hexdigest()
        return {"Content-Type": "application/json; charset=utf-8", "X-Timestamp": timestamp, "X-Signature": signature}

    async def post(self, url: str, call: Call) -> int:
        """Brings a call; gives the HTTP status of the answer."""
        body, headers = call
        async with self._session.post(url, data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    @web.middleware
    async def _authenticated(self, request: web.Request, handler: Any) -> web.StreamResponse:
        wanted = "Basic " + base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != wanted and request.path != "/health":
            return web.Response(status=401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _send(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.asked.append(asked)
        if set(asked) - SEND_FIELDS or not asked["textMessage"]["text"]:
            return _refusal(Refuse(400, "unknown field"))
        fault = self.next.popleft() if self.next else self.by_number.get(asked["phoneNumbers"][0])
        if isinstance(fault, Refuse):
            return _refusal(fault)
        if isinstance(fault, Drop) and not fault.accepted:
            return cut(request)
        if asked["id"] in self.messages:
            return _refusal(Refuse(409, "message with the same ID already exists"))
        self.messages[asked["id"]] = asked
        return await self._accepted(request, self._told(asked), fault)

    async def _accepted(self, request: web.Request, told: dict[str, Any], fault: Fault | None) -> web.StreamResponse:
        if isinstance(fault, Drop):
            return cut(request)
        if isinstance(fault, Malformed):
            return web.Response(status=202, text=fault.text, content_type="application/json" if fault.text[:1] != "<" else "text/html")
        if isinstance(fault, Slow):
            await asyncio.sleep(fault.seconds)
        return web.json_response(told, status=202)

    def _told(self, message: Mapping[str, Any]) -> dict[str, Any]:
        state, error = self.fates.get(message["id"], ("Pending", None))
        recipients = [{"phoneNumber": number, "state": state, "error": error} for number in message["phoneNumbers"]]
        return {
            "id": message["id"], "deviceId": self.device, "state": state, "isHashed": False, "isEncrypted": False,
            "textMessage": message["textMessage"], "recipients": recipients, "states": {"Pending": _written(BEGINNING)},
        }  # fmt: skip

    async def _state(self, request: web.Request) -> web.StreamResponse:
        message = self.messages.get(request.match_info["id"])
        return web.json_response(self._told(message)) if message else web.Response(status=404)

    async def _list(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self.webhooks)

    async def _devices(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self.devices)

    async def _health(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self.health, status=500 if self.health["status"] == "fail" else 200)


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _refusal(fault: Refuse) -> web.Response:
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else None
    return web.json_response({"message": fault.words}, status=fault.status, headers=headers)
