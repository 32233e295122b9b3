"""One Twilio account as its channels share it: the official client over our own transport, signatures, and the look into it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from bot.channels.base import Request, Trouble

OFFICIAL_BASE = "https://api.twilio.com"
CALL_SECONDS = 10.0  # below the time after which a call without an answer is looked into
NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
REFUSED = (TwilioRestException, TwilioServiceException)
UNREADABLE = (ValueError, AttributeError, TypeError, KeyError, TwilioException)
"""What the client raises over an answer that is not as documented."""
NOT_ACTIVE = {20005, 30002}
HOSTS = re.compile(r"^https://[a-z0-9.-]+\.twilio\.com(?=/)")


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
        call = self._session.request(
            method, self._url(uri), params=rest["params"], data=rest["data"], headers=headers, allow_redirects=False
        )
        async with call as answer:
            return Response(answer.status, await answer.text(), answer.headers)

    def _url(self, uri: str) -> str:
        """Twilio's products live on hosts of their own; `base` stands for all of them."""
        return uri if self._base == OFFICIAL_BASE else HOSTS.sub(self._base, uri)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


class Account:
    """An account's client, and what only its key can tell."""

    def __init__(self, account_sid: str, auth_token: str, base: str = OFFICIAL_BASE, seconds: float = CALL_SECONDS) -> None:
        self._transport = Transport(base, seconds)
        self.client = Client(account_sid, auth_token, http_client=self._transport)
        self._validator = RequestValidator(auth_token)

    def verify(self, request: Request) -> bool:
        """Whether Twilio signed this call with the account's key (twilio.com/docs/usage/security)."""
        signature = request.headers.get("x-twilio-signature", "")
        return bool(self._validator.validate(request.url, request.form, signature))

    async def check(self, further: Callable[[], Awaitable[list[Trouble]]]) -> list[Trouble]:
        """Troubles of the account itself; where it is open to us, those that `further` finds too."""
        try:
            return await self._state() + await further()
        except REFUSED as error:
            return [_refused(error.status, error.code)]
        except (aiohttp.ClientError, TimeoutError):
            return [Trouble("provider_unreachable", "api.twilio.com")]
        except UNREADABLE:
            return [Trouble("provider_unreadable", "api.twilio.com")]

    async def _state(self) -> list[Trouble]:
        account = await self.client.api.accounts(self.client.account_sid).fetch_async()
        found = [] if account.status == "active" else [Trouble("account_inactive", account.status)]
        return found + ([Trouble("account_trial")] if account.type == "Trial" else [])

    async def number(self, address: str) -> Any:
        """The account's number of exactly this address, or None: the provider's filter also knows wildcards."""
        rows = await self.client.incoming_phone_numbers.list_async(phone_number=address, limit=20)
        return next((row for row in rows if row.phone_number == address), None)

    async def close(self) -> None:
        await self._transport.close()


def _refused(status: int, code: int | None) -> Trouble:
    if code in NOT_ACTIVE:
        return Trouble("account_inactive", str(code))
    if status in (400, 401, 403, 404):
        return Trouble("account_refused", str(code or status))
    return Trouble("provider_unreachable", f"api.twilio.com {code or status}")


def can(number: Any, capability: str) -> bool:
    """Whether a number of the account has this ability (sms, voice)."""
    return any(name.lower() == capability and able for name, able in (number.capabilities or {}).items())
