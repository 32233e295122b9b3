"""SMS through a phone with a local SIM: SMS Gateway for Android (sms-gate.app), with its own client.

The phone serves the API itself (local mode), or a server between us and it does (cloud or private mode); the calls are the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from android_sms_gateway import AsyncAPIClient, HealthResponse, HealthStatus, Message, ProcessState, TextMessage  # type: ignore[import-untyped]
from android_sms_gateway.ahttp import AiohttpAsyncHttpClient  # type: ignore[import-untyped]
from android_sms_gateway.errors import APIError, InternalServerError, NotFoundError  # type: ignore[import-untyped]

from bot.channels.android_sms_calls import FAILURES, HOOKS, failure_code, read_call
from bot.channels.base import GATEWAYS, SHUT, Capabilities, Heard, MalformedCall, Outcome, Outgoing, Request, Result, Status, Trouble
from storage.clock import SystemClock

CALL_SECONDS = 10.0  # below the time after which a call without an answer is looked into
LIVES_SECONDS = 3600  # a phone that was switched off must not say in the evening what was due in the morning
OFFLINE = timedelta(hours=1)  # the app asks its server for work every 15 minutes
NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
"""What comes of an answer or a call that is not as documented."""

STATUSES = {**SHUT, **GATEWAYS}
"""What a refused message means, by HTTP status. All others: retry, which is safe, as the second time it is known by our id."""

FATES: dict[ProcessState, tuple[str, str | None]] = {
    ProcessState.Pending: ("failed", "phone_offline"),
    ProcessState.Cancelling: ("failed", "cancelled"),
    ProcessState.Cancelled: ("failed", "cancelled"),
    ProcessState.Processed: ("sent", None),
    ProcessState.Sent: ("sent", None),
    ProcessState.Delivered: ("delivered", None),
    ProcessState.Failed: ("failed", None),
}
"""What has become of a message whose time is over, by its state and in our words."""

E164 = re.compile(r"\+[1-9]\d{6,14}")

CAPABILITIES = Capabilities(
    name="android_sms", contact="phone", variant="sms", max_length=500, can_be_asked=True, counts="parts", at_once=4, failures=FAILURES,
    call_bytes=2 * 1024 * 1024,  # an MMS comes with its pictures
)  # fmt: skip


class AndroidSms:
    """One phone, or the one phone of a server's account."""

    capabilities = CAPABILITIES
    silent_after = timedelta(seconds=LIVES_SECONDS) + timedelta(minutes=10)

    def __init__(self, base: str, login: str, password: str, signing_key: str, seconds: float = CALL_SECONDS) -> None:
        self._client = AsyncAPIClient(login, password, base_url=base)
        self._host = urlsplit(base).netloc
        self._key = signing_key.encode()
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(5.0, seconds))
        self._session: aiohttp.ClientSession | None = None

    @property
    def _api(self) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
            self._client.http = AiohttpAsyncHttpClient(self._session)
        return self._client

    async def send(self, message: Outgoing) -> Outcome:
        ours, text = own_id(message), TextMessage(message.body)
        try:
            accepted = await self._api.send(Message(id=ours, phone_numbers=[message.to], text_message=text, ttl=LIVES_SECONDS))
        except APIError as error:
            return _refused(error, ours)
        except NOT_CONNECTED:
            return Outcome(Result.RETRY, code="not_connected")
        except (aiohttp.ClientError, TimeoutError):
            return Outcome(Result.UNKNOWN, code="no_answer")
        except UNREADABLE:
            return Outcome(Result.UNKNOWN, code="malformed")
        return Outcome(Result.ACCEPTED, provider_id=accepted.id)

    async def find(self, message: Outgoing, _since: datetime) -> list[str]:
        try:
            found = await self._api.get_state(own_id(message))
        except NotFoundError:
            return []
        return [found.id]

    async def fate(self, provider_id: str) -> Status:
        """A server keeps what its phone has not fetched. Once its time is over the phone will not send it, and may never say so."""
        try:
            found = await self._api.get_state(provider_id)
        except NotFoundError:
            return Status(provider_id, "failed", "not_told")
        status, code = FATES[found.state]
        return Status(provider_id, status, code or (_why(found) if status == "failed" else None))

    def verify(self, request: Request) -> bool:
        """HMAC-SHA256 over body and X-Timestamp (docs.sms-gate.app, Webhooks, Payload Signing).

        Old timestamps are not refused: a phone's clock may be wrong, and a call that is repeated changes nothing, as the ids
        that it is known by are inside what is signed.
        """
        covered = request.body + request.headers.get("x-timestamp", "").encode()
        signature = hmac.new(self._key, covered, hashlib.sha256).hexdigest()
        return hmac.compare_digest(signature.encode(), request.headers.get("x-signature", "").lower().encode())

    async def hear(self, request: Request) -> Heard:
        try:
            heard = read_call(json.loads(request.document))
        except UNREADABLE as error:
            raise MalformedCall(type(error).__name__) from error
        return replace(heard, statuses=[await self._of_all_parts(report) for report in heard.statuses])

    async def _of_all_parts(self, report: Status) -> Status:
        """Each part of a long text is reported as delivered by itself (docs.sms-gate.app, Webhooks, Multipart Message Behavior): while
        another could not be sent, the family has half of it, and the message has failed."""
        if report.status != "delivered":
            return report
        try:
            found = await self._api.get_state(report.provider_id)
        except (APIError, aiohttp.ClientError, TimeoutError, *UNREADABLE):
            return report  # a phone that calls us need not be reached by us
        if found.state is not ProcessState.Failed:
            return report
        return replace(report, status="failed", code=_why(found))

    def misaddressed(self, address: str) -> list[Trouble]:
        return [] if E164.fullmatch(address) else [Trouble("address_not_a_number", address)]

    async def check(self, address: str, hooks: str | None) -> list[Trouble]:
        found = self.misaddressed(address)
        try:
            return found + await self._hook_troubles(hooks) + await self._phone_troubles()
        except APIError as error:
            return [*found, self._refused_trouble(error.status_code)]
        except (aiohttp.ClientError, TimeoutError):
            return [*found, Trouble("provider_unreachable", self._host)]
        except UNREADABLE:
            return [*found, Trouble("provider_unreadable", self._host)]

    async def _hook_troubles(self, hooks: str | None) -> list[Trouble]:
        there = {(hook.event.value, hook.url) for hook in await self._api.get_webhooks()}
        if hooks is None:
            return [Trouble("public_url_missing")]
        missing = [event for event in HOOKS if not there & {(event, f"{hooks}/inbound"), (event, f"{hooks}/status")}]
        return [Trouble("webhook_missing", f"{event} {hooks}/{HOOKS[event]}") for event in missing]

    async def _phone_troubles(self) -> list[Trouble]:
        try:
            devices = [device for device in await self._api.list_devices() if device.deleted_at is None]
        except NotFoundError:  # only servers have a list: the phone itself answers
            return _unwell(await self._health())
        if len(devices) != 1:
            # a server gives a message to any phone of the account, so that the family would see changing numbers
            return [Trouble("device_several", str(len(devices))) if devices else Trouble("device_missing")]
        seen = devices[0].last_seen
        is_offline = seen is None or await SystemClock().now() - seen > OFFLINE
        return [Trouble("device_offline", devices[0].name)] if is_offline else []

    async def _health(self) -> Any:
        try:
            return await self._api.health_check()
        except InternalServerError as error:  # how an unwell phone answers
            return HealthResponse.from_dict(error.response)

    def _refused_trouble(self, status: int) -> Trouble:
        kind = "account_refused" if status in (401, 403) else "provider_unreachable"
        return Trouble(kind, f"{self._host} {status}")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def own_id(message: Outgoing) -> str:
    """The id under which the phone knows a message: a second call with it is refused, never sent twice.

    Words and number are in it, so that another installation that uses the same phone and counts from 1 too is told apart.
    At most 36 characters.
    """
    digest = hashlib.sha256(f"{message.to}\n{message.body}".encode()).hexdigest()
    return f"fx{message.message_id}-{digest[:12]}"


def _why(found: Any) -> str:
    """Why a message has failed, as its state tells."""
    return failure_code(next((recipient.error for recipient in found.recipients if recipient.error), ""))


def _refused(error: Any, ours: str) -> Outcome:
    if error.status_code == 409:  # it has this message already
        return Outcome(Result.ACCEPTED, provider_id=ours)
    result = _unfit(error.response) if error.status_code == 400 else STATUSES.get(error.status_code, Result.RETRY)
    return Outcome(result, code=str(error.status_code), retry_after=_retry_after(error.__cause__))


def _unfit(answer: Any) -> Result:
    """A call that was not understood is told in words only."""
    words = str(answer.get("message", "") if isinstance(answer, dict) else "").lower()
    if "phone" in words:
        return Result.BAD_CONTACT
    return Result.OUR_FAULT if "device" in words else Result.RETRY


def _retry_after(cause: BaseException | None) -> float | None:
    headers = cause.headers if isinstance(cause, aiohttp.ClientResponseError) else None
    seconds = headers.get("Retry-After", "") if headers else ""
    return float(seconds) if seconds.isdecimal() else None


def _unwell(health: Any) -> list[Trouble]:
    failing = [name for name, found in (health.checks or {}).items() if found.status is HealthStatus.FAIL]
    return [Trouble("device_unwell", ", ".join(failing))] if health.status is HealthStatus.FAIL else []


def build(settings: Mapping[str, str]) -> AndroidSms:
    """From `ANDROID_SMS_URL`, `ANDROID_SMS_LOGIN`, `ANDROID_SMS_PASSWORD` and `ANDROID_SMS_SIGNING_KEY`."""
    return AndroidSms(
        settings["ANDROID_SMS_URL"], settings["ANDROID_SMS_LOGIN"], settings["ANDROID_SMS_PASSWORD"], settings["ANDROID_SMS_SIGNING_KEY"]
    )
