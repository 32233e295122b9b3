"""The official client of Aliyun SMS, carried by one session of ours.

Its own transport makes a new session and reads all certificates for every call, and does not tell whether a call ever left.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import aiohttp
from alibabacloud_dysmsapi20170525.client import Client as Dysmsapi  # type: ignore[import-untyped]
from alibabacloud_tea_openapi.utils import Utils  # type: ignore[import-untyped]
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params  # type: ignore[import-untyped]
from darabonba.request import DaraRequest  # type: ignore[import-untyped]
from darabonba.runtime import RuntimeOptions  # type: ignore[import-untyped]

from bot.channels.aliyun_codes import ACCEPTED

OFFICIAL_BASE = "https://dysmsapi.aliyuncs.com"
CALL_SECONDS = 10.0  # below the time after which a call without an answer is looked into
NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
NO_ANSWER = (aiohttp.ClientError, TimeoutError)
UNREADABLE = (ValueError, AttributeError, TypeError, KeyError)
"""What comes of an answer that is not as documented."""
ALGORITHM = "ACS3-HMAC-SHA256"
NO_BODY = Utils.hash(b"", ALGORITHM).hex()


class Refused(Exception):
    """Aliyun said no. `retry_after` in seconds. The text is the code alone: Aliyun's words may repeat a number."""

    def __init__(self, status: int, code: str, words: str, retry_after: float | None) -> None:
        self.status, self.code, self.words, self.retry_after = status, code, words, retry_after
        super().__init__(code or str(status))


class Client(Dysmsapi):  # type: ignore[misc]
    """Its methods raise Refused, and what aiohttp and JSON raise. `base` is the endpoint's URL."""

    def __init__(self, key_id: str, key_secret: str, base: str, seconds: float) -> None:
        url = urlsplit(base)
        super().__init__(Config(access_key_id=key_id, access_key_secret=key_secret, endpoint=url.netloc, protocol=url.scheme))
        self._base = base.rstrip("/")
        self._host = url.netloc
        self._key = (key_id, key_secret)
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(5.0, seconds))
        self._carrier: aiohttp.ClientSession | None = None

    async def call_api_async(self, params: Params, request: OpenApiRequest, _runtime: RuntimeOptions) -> dict[str, Any]:
        if self._carrier is None:
            self._carrier = aiohttp.ClientSession(timeout=self._timeout)
        call = self._signed(params, request)
        url = self._base + call.pathname
        async with self._carrier.request(call.method, url, params=call.query, headers=call.headers, allow_redirects=False) as answer:
            return {"body": await _read(answer), "headers": dict(answer.headers), "statusCode": answer.status}

    def _signed(self, params: Params, request: OpenApiRequest) -> DaraRequest:
        call = DaraRequest()
        call.method, call.pathname, call.query = params.method, params.pathname, request.query
        call.headers = {
            "host": self._host,
            "x-acs-version": params.version,
            "x-acs-action": params.action,
            "x-acs-date": Utils.get_timestamp(),
            "x-acs-signature-nonce": Utils.get_nonce(),
            "x-acs-content-sha256": NO_BODY,
            "accept": "application/json",
        }
        call.headers["Authorization"] = Utils.get_authorization(call, ALGORITHM, NO_BODY, *self._key)
        return call

    async def close(self) -> None:
        """Lets go of the connections."""
        if self._carrier is not None:
            await self._carrier.close()
            self._carrier = None


async def _read(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    try:
        body = await answer.json(content_type=None)
        code = str(body["Code"])
    except UNREADABLE:
        if answer.status < 400:
            raise
        raise Refused(answer.status, "", "", _retry_after(answer)) from None
    if code != ACCEPTED:
        raise Refused(answer.status, code, str(body.get("Message")), _retry_after(answer))
    found: dict[str, Any] = body
    return found


def _retry_after(answer: aiohttp.ClientResponse) -> float | None:
    milliseconds = answer.headers.get("x-acs-retry-after", "")
    return int(milliseconds) / 1000 if milliseconds.isdecimal() else None
