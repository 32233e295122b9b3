"""SMS through Twilio, with its official client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from bot.channels.base import Answer, Capabilities, Heard, Incoming, MalformedCall, Outcome, Outgoing, Request, Status, Trouble
from bot.channels.twilio_account import AT_ONCE, CALL_SECONDS, NUMBER, OFFICIAL_BASE, REFUSED, Account, can, webhook_troubles
from bot.channels.twilio_codes import FAILURES, REPORTS

LIVES_SECONDS = 3600
"""How long Twilio keeps a message that it cannot hand on; left to itself, ten hours: what was due in the morning is not said at night."""
LOOK_BACK = 200  # newest messages to one number that are compared
NO_REPLY = Answer('<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")
SERVICE = re.compile(r"MG[0-9a-f]{32}")

CHOICES = {"STOP": "out", "START": "in"}
"""`OptOutType` of a text that the service's own opt-out has answered (twilio.com/docs/messaging/tutorials/advanced-opt-out)."""

CAPABILITIES = Capabilities(
    name="twilio_sms",
    contact="phone",
    variant="sms",
    max_length=1600,
    can_be_asked=True,
    counts="parts",
    at_once=AT_ONCE,
    failures=FAILURES,
)


class TwilioSms:
    """One Twilio account."""

    capabilities = CAPABILITIES

    def __init__(self, account_sid: str, auth_token: str, base: str = OFFICIAL_BASE, seconds: float = CALL_SECONDS) -> None:
        self._account = Account(account_sid, auth_token, base, seconds)
        self._client = self._account.client

    async def send(self, message: Outgoing) -> Outcome:
        sender = "MessagingServiceSid" if SERVICE.fullmatch(message.sender) else "From"
        fields = {"To": message.to, sender: message.sender, "Body": message.body, "ValidityPeriod": str(LIVES_SECONDS)}
        if message.hooks:
            fields["StatusCallback"] = f"{message.hooks}/status"
        return await self._account.create("Messages", fields)

    async def find(self, message: Outgoing, since: datetime) -> list[str]:
        # Not filtered by DateSent: a message that still waits at Twilio has none yet. Not by From either where a service chooses it.
        by_service = SERVICE.fullmatch(message.sender)
        sender = {} if by_service else {"from_": message.sender}
        rows = await self._client.messages.list_async(to=message.to, limit=LOOK_BACK, **sender)
        recent = [row for row in rows if row.date_created is None or row.date_created >= since]
        ours = [row for row in recent if not by_service or row.messaging_service_sid == message.sender]
        return [row.sid for row in ours if row.body == message.body]

    def verify(self, request: Request) -> bool:
        return self._account.verify(request)

    async def hear(self, request: Request) -> Heard:
        read = {"inbound": self._text, "status": self._status}.get(request.hook)
        try:
            if read is None:
                raise MalformedCall(f"no such hook: {request.hook}")
            return read(request.form)
        except KeyError as error:
            raise MalformedCall(str(error)) from error

    def _text(self, form: Mapping[str, str]) -> Heard:
        choice = CHOICES.get(form.get("OptOutType", ""))
        text = Incoming(form["MessageSid"], form["From"], form["To"], form.get("Body", ""), choice=choice)
        return Heard(incoming=(text,), answer=NO_REPLY)

    def _status(self, form: Mapping[str, str]) -> Heard:
        report = Status(form["MessageSid"], REPORTS[form["MessageStatus"]], form.get("ErrorCode") or None)
        return Heard(statuses=(report,), answer=Answer(status=204))

    def misaddressed(self, address: str) -> list[Trouble]:
        is_ours = SERVICE.fullmatch(address) or NUMBER.fullmatch(address)
        return [] if is_ours else [Trouble("sender_not_a_number", address)]

    async def check(self, address: str, hooks: str | None) -> list[Trouble]:
        return await self._account.check(lambda: self._sender_troubles(address, hooks))

    async def _sender_troubles(self, address: str, hooks: str | None) -> list[Trouble]:
        if SERVICE.fullmatch(address):
            return await self._service_troubles(address, hooks)
        return self.misaddressed(address) or await self._number_troubles(address, hooks)

    async def _number_troubles(self, address: str, hooks: str | None) -> list[Trouble]:
        number = await self._account.number(address)
        if number is None:
            return [Trouble("number_unknown", address)]
        if not can(number, "sms"):
            return [Trouble("number_cannot_send", address)]
        # An application's addresses stand before the number's own.
        return webhook_troubles(address, number.sms_application_sid or number.sms_url, number.sms_method, hooks and f"{hooks}/inbound")

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
        return found + webhook_troubles(address, service.inbound_request_url, service.inbound_method, hooks and f"{hooks}/inbound")

    async def close(self) -> None:
        await self._account.close()


def build(settings: Mapping[str, str]) -> TwilioSms:
    """From `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN` and, for another host, `TWILIO_API_BASE`."""
    return TwilioSms(settings["TWILIO_ACCOUNT_SID"], settings["TWILIO_AUTH_TOKEN"], settings.get("TWILIO_API_BASE") or OFFICIAL_BASE)
