"""One Twilio account as its channels share it: the official client over our own transport, signatures, and the look into it."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from yarl import URL

from bot.channels.base import Outcome, Request, Result, Trouble
from bot.channels.twilio_codes import refusal

OFFICIAL_BASE = "https://api.twilio.com"
CALL_SECONDS = 10.0  # below the time after which a call without an answer is looked into
AT_ONCE = 40
"""Calls to the API that one account may have under way together; Twilio refuses with 20429 where it allows fewer."""
NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
REFUSED = (TwilioRestException, TwilioServiceException)
UNREADABLE = (ValueError, AttributeError, TypeError, KeyError, TwilioException)
"""What the client raises over an answer that is not as documented."""
NOT_ACTIVE = {20005, 30002}
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
HOSTS = re.compile(r"^https://[a-z0-9.-]+\.twilio\.com(?=/)")


class Transport(AsyncHttpClient):  # type: ignore[misc]
    """Carries the client's calls to `base`. The client's own transport ignores its time-out and logs numbers."""

    is_async = True

    def __init__(self, base: str, seconds: float) -> None:
        self._base = base.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=seconds, connect=min(5.0, seconds))
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self, method: str, uri: str, params: Any, data: Any, headers: dict[str, str], auth: tuple[str, str], **_: Any
    ) -> Response:
        headers["Authorization"] = aiohttp.encode_basic_auth(*auth)
        return await self.call(method, uri, headers, data, params)

    async def call(self, method: str, uri: str, headers: Mapping[str, str], data: Any = None, params: Any = None) -> Response:
        """One request; `data`: the fields of a form."""
        # Encoded here, in C: what aiohttp does with a form of Chinese text takes a fifth of the whole call.
        body = URL.build(query=data).raw_query_string.encode() if data else None
        request = self._open().request(method, self._url(uri), params=params, data=body, headers=headers, allow_redirects=False)
        async with request as answer:
            return Response(answer.status, (await answer.read()).decode(), answer.headers)

    def _open(self) -> aiohttp.ClientSession:
        """One pool of connections that stay open; the client is built before there is an event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, connector=aiohttp.TCPConnector(limit=AT_ONCE))
        return self._session

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
        self._headers = {
            "Authorization": aiohttp.encode_basic_auth(account_sid, auth_token),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        self._path = f"{OFFICIAL_BASE}/2010-04-01/Accounts/{account_sid}"

    async def create(self, resource: str, fields: Mapping[str, str | Sequence[str]]) -> Outcome:
        """Makes a message or a call. Not by the client's `create_async`: that takes a third more time and hides the headers."""
        try:
            answer = await self._transport.call("POST", f"{self._path}/{resource}.json", self._headers, fields)
        except NOT_CONNECTED:
            return Outcome(Result.RETRY, code="not_connected")
        except (aiohttp.ClientError, TimeoutError):
            return Outcome(Result.UNKNOWN, code="no_answer")
        except UnicodeDecodeError:
            return Outcome(Result.UNKNOWN, code="malformed")
        return _outcome(answer)

    def verify(self, request: Request) -> bool:
        """Whether Twilio signed this call with the account's key (twilio.com/docs/usage/security)."""
        signature = request.headers.get("x-twilio-signature", "")
        # The client's own check computes everything twice, with a port and without; the address as we gave it is nearly always right.
        as_given = self._validator.compute_signature(request.url, request.form)
        return hmac.compare_digest(as_given.encode(), signature.encode()) or bool(
            self._validator.validate(request.url, request.form, signature)
        )

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


def _outcome(answer: Response) -> Outcome:
    said = _read(answer.text)
    if answer.status_code >= 300:
        code = said.get("code")
        code = code if isinstance(code, int) else None
        waits = _seconds(answer.headers.get("Retry-After", ""))
        return Outcome(refusal(answer.status_code, code), code=str(code or answer.status_code), retry_after=waits)
    sid = said.get("sid")
    return Outcome(Result.ACCEPTED, provider_id=sid) if isinstance(sid, str) and sid else Outcome(Result.UNKNOWN, code="malformed")


def _read(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _seconds(retry_after: str) -> float | None:
    """The header may also be a date, which would need a clock that agrees with the provider's."""
    return float(retry_after) if retry_after.isdecimal() else None


def _refused(status: int, code: int | None) -> Trouble:
    if code in NOT_ACTIVE:
        return Trouble("account_inactive", str(code))
    if status in (400, 401, 403, 404):
        return Trouble("account_refused", str(code or status))
    return Trouble("provider_unreachable", f"api.twilio.com {code or status}")


def can(number: Any, capability: str) -> bool:
    """Whether a number of the account has this ability (sms, voice)."""
    return any(name.lower() == capability and able for name, able in (number.capabilities or {}).items())


def webhook_troubles(address: str, url: str | None, method: str | None, wanted: str | None, what: str = "webhook") -> list[Trouble]:
    """Whether texts or calls to `address` are brought to where they are wanted; `what`: the troubles' first word."""
    if wanted is None:  # whoever asks has said so already
        return []
    if not url:
        return [Trouble(f"{what}_missing", f"{address}: {wanted}")]
    if url.partition("#")[0] != wanted:  # how often Twilio tries again may stand behind it (connection overrides)
        return [Trouble(f"{what}_elsewhere", f"{address}: {wanted}")]
    return [] if method == "POST" else [Trouble(f"{what}_not_post", address)]
