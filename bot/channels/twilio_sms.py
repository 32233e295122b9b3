"""SMS through Twilio, with its official client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import aiohttp

from bot.channels.base import Answer, Capabilities, Heard, Incoming, MalformedCall, Outcome, Outgoing, Request, Result, Status, Trouble
from bot.channels.twilio_account import CALL_SECONDS, NOT_CONNECTED, OFFICIAL_BASE, REFUSED, UNREADABLE, Account, can
from bot.channels.twilio_codes import FAILURES, REPORTS, refusal

LOOK_BACK = 200  # newest messages to one number that are compared
NO_REPLY = Answer('<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
SERVICE = re.compile(r"MG[0-9a-f]{32}")

CAPABILITIES = Capabilities(name="twilio_sms", contact="phone", variant="sms", max_length=1600, can_be_asked=True, failures=FAILURES)


class TwilioSms:
    """One Twilio account."""

    capabilities = CAPABILITIES

    def __init__(self, account_sid: str, auth_token: str, base: str = OFFICIAL_BASE, seconds: float = CALL_SECONDS) -> None:
        self._account = Account(account_sid, auth_token, base, seconds)
        self._client = self._account.client

    async def send(self, message: Outgoing) -> Outcome:
        fields = {"to": message.to, "from_": message.sender, "body": message.body}
        if message.hooks:
            fields["status_callback"] = f"{message.hooks}/status"
        try:
            created = await self._client.messages.create_async(**fields)
        except REFUSED as error:
            return Outcome(refusal(error.status, error.code), code=str(error.code or error.status))
        except NOT_CONNECTED:
            return Outcome(Result.RETRY, code="not_connected")
        except (aiohttp.ClientError, TimeoutError):
            return Outcome(Result.UNKNOWN, code="no_answer")
        except UNREADABLE:
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
        return self._account.verify(request)

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
        return await self._account.check(lambda: self._sender_troubles(address, hooks))

    async def _sender_troubles(self, address: str, hooks: str | None) -> list[Trouble]:
        if SERVICE.fullmatch(address):
            return await self._service_troubles(address, hooks)
        if NUMBER.fullmatch(address):
            return await self._number_troubles(address, hooks)
        return [Trouble("sender_not_a_number", address)]

    async def _number_troubles(self, address: str, hooks: str | None) -> list[Trouble]:
        number = await self._account.number(address)
        if number is None:
            return [Trouble("number_unknown", address)]
        if not can(number, "sms"):
            return [Trouble("number_cannot_send", address)]
        if number.sms_application_sid:  # then its addresses count, and the number's own are ignored
            return [Trouble("webhook_elsewhere", f"{address}: {number.sms_application_sid}")]
        return _webhook_troubles(address, number.sms_url, number.sms_method, hooks)

    async def _service_troubles(self, address: str, hooks: str | None) -> list[Trouble]:
        context = self._client.messaging.v1.services(address)
        try:
            service = await context.fetch_async()
        except REFUSED as error:
            if error.status == 404:
                return [Trouble("service_unknown", address)]
            raise
        senders = await context.phone_numbers.list_async(limit=1) or await context.short_codes.list_async(limit=1)
        found = [] if senders else [Trouble("service_without_numbers", address)]
        if service.use_inbound_webhook_on_number:
            return [*found, Trouble("webhook_on_numbers", address)]
        return found + _webhook_troubles(address, service.inbound_request_url, service.inbound_method, hooks)

    async def close(self) -> None:
        await self._account.close()


def _webhook_troubles(address: str, url: str | None, method: str | None, hooks: str | None) -> list[Trouble]:
    """Whether texts to `address` are brought to us."""
    if hooks is None:
        return [Trouble("public_url_missing")]
    wanted = f"{hooks}/inbound"
    if not url:
        return [Trouble("webhook_missing", f"{address}: {wanted}")]
    if url != wanted:
        return [Trouble("webhook_elsewhere", f"{address}: {wanted}")]
    return [] if method == "POST" else [Trouble("webhook_not_post", address)]


def build(settings: Mapping[str, str]) -> TwilioSms:
    """From `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN` and, for another host, `TWILIO_API_BASE`."""
    return TwilioSms(settings["TWILIO_ACCOUNT_SID"], settings["TWILIO_AUTH_TOKEN"], settings.get("TWILIO_API_BASE") or OFFICIAL_BASE)
