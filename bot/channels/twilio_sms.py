"""SMS through Twilio, with its official client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from bot.channels.base import Answer, Capabilities, Heard, Incoming, MalformedCall, Outcome, Outgoing, Request, Result, Status, Trouble
from bot.channels.twilio_codes import FAILURES, REPORTS, refusal

OFFICIAL_BASE = "https://api.twilio.com"
CALL_SECONDS = 10.0  # below the time after which a call without an answer is looked into
LOOK_BACK = 200  # newest messages to one number that are compared
NO_REPLY = Answer('<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")
NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)

CAPABILITIES = Capabilities(name="twilio_sms", contact="phone", variant="sms", max_length=1600, can_be_asked=True, failures=FAILURES)


class Transport(AsyncHttpClient):  # type: ignore[misc]
    """Carries the client's calls to `base`. The client's own transport ignores its time-out and logs numbers."""

    def __init__(self, base: str, seconds: float) -> None:
        self._base = base.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(5.0, seconds))
        self._session: aiohttp.ClientSession | None = None

    is_async = True

    async def request(self, method: str, uri: str, **rest: Any) -> Response:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        headers = rest["headers"] | {"Authorization": aiohttp.encode_basic_auth(*rest["auth"])}
        url = uri.replace(OFFICIAL_BASE, self._base, 1)
        call = self._session.request(method, url, params=rest["params"], data=rest["data"], headers=headers, allow_redirects=False)
        async with call as answer:
            return Response(answer.status, await answer.text(), answer.headers)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


class TwilioSms:
    """One Twilio account."""

    capabilities = CAPABILITIES

    def __init__(self, account_sid: str, auth_token: str, base: str = OFFICIAL_BASE, seconds: float = CALL_SECONDS) -> None:
        self._transport = Transport(base, seconds)
        self._client = Client(account_sid, auth_token, http_client=self._transport)
        self._validator = RequestValidator(auth_token)

    async def send(self, message: Outgoing) -> Outcome:
        fields = {"to": message.to, "from_": message.sender, "body": message.body}
        if message.hooks:
            fields["status_callback"] = f"{message.hooks}/status"
        try:
            created = await self._client.messages.create_async(**fields)
        except (TwilioRestException, TwilioServiceException) as error:
            return Outcome(refusal(error.status, error.code), code=str(error.code or error.status))
        except NOT_CONNECTED:
            return Outcome(Result.RETRY, code="not_connected")
        except (aiohttp.ClientError, TimeoutError):
            return Outcome(Result.UNKNOWN, code="no_answer")
        except (ValueError, AttributeError, TypeError, TwilioException):
            return Outcome(Result.UNKNOWN, code="malformed")
        if not created.sid:
            return Outcome(Result.UNKNOWN, code="malformed")
        return Outcome(Result.ACCEPTED, provider_id=created.sid)

    async def find(self, message: Outgoing, since: datetime) -> list[str]:
        # Not filtered by DateSent: a message that still waits at Twilio has none yet.
        rows = await self._client.messages.list_async(to=message.to, from_=message.sender, limit=LOOK_BACK)
        recent = [row for row in rows if row.date_created is None or row.date_created >= since]
        return [row.sid for row in recent if row.body == message.body]

    def verify(self, request: Request) -> bool:
        signature = request.headers.get("x-twilio-signature", "")
        return bool(self._validator.validate(request.url, request.form, signature))

    async def hear(self, request: Request) -> Heard:
        try:
            return self._status(request.form) if request.hook == "status" else self._text(request.form)
        except KeyError as error:
            raise MalformedCall(str(error)) from error

    def _text(self, form: Mapping[str, str]) -> Heard:
        text = Incoming(provider_id=form["MessageSid"], sender=form["From"], to=form["To"], body=form.get("Body", ""))
        return Heard(incoming=(text,), answer=NO_REPLY)

    def _status(self, form: Mapping[str, str]) -> Heard:
        report = Status(form["MessageSid"], REPORTS[form["MessageStatus"]], form.get("ErrorCode") or None)
        return Heard(statuses=(report,), answer=Answer(status=204))

    async def check(self, address: str, hooks: str | None) -> list[Trouble]:
        return []

    async def close(self) -> None:
        await self._transport.close()


def build(settings: Mapping[str, str]) -> TwilioSms:
    """From `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN` and, for another host, `TWILIO_API_BASE`."""
    return TwilioSms(settings["TWILIO_ACCOUNT_SID"], settings["TWILIO_AUTH_TOKEN"], settings.get("TWILIO_API_BASE") or OFFICIAL_BASE)
