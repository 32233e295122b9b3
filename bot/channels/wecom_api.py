"""Calls of WeCom's API with its access token, which is kept and renewed (developer.work.weixin.qq.com/document/path/91039)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import aiohttp

from bot.channels.wecom_codes import STALE_TOKEN

OFFICIAL_BASE = "https://qyapi.weixin.qq.com"
Got = TypeVar("Got")
RENEW_EARLIER = 300  # seconds before the token's end
NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Refused(Exception):
    """WeCom said no: `code` is its errcode, or the HTTP status where there is none."""

    def __init__(self, code: int, words: str = "", is_http: bool = False, retry_after: float | None = None) -> None:
        super().__init__(str(code))
        self.code, self.words, self.is_http, self.retry_after = code, words, is_http, retry_after


class NotConnected(Exception):
    """The call was surely not made: WeCom is out of reach, or gave no token."""


class NoAnswer(Exception):
    """The call may have been made."""


class Malformed(NoAnswer):
    """The answer does not read as documented."""


class TooLarge(Exception):
    """What was fetched has more bytes than allowed."""


class WeComApi:
    """One application's way to the API. Nothing but these exceptions comes out: the client's own hold the secret in their URL."""

    def __init__(self, base: str, corp_id: str, secret: str, seconds: float) -> None:
        self._base = base.rstrip("/")
        self._credentials = {"corpid": corp_id, "corpsecret": secret}
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(5.0, seconds))
        self._session: aiohttp.ClientSession | None = None
        self._token, self._until = "", 0.0
        self._renewing = asyncio.Lock()

    async def call(self, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A GET, or with a body a POST. Raises Refused, NotConnected, NoAnswer, Malformed."""
        return await self._twice(lambda token: self._call(path, {"access_token": token, **(query or {})}, body))

    async def _twice(self, doing: Callable[[str], Awaitable[Got]]) -> Got:
        """With the token that is kept; where WeCom has taken that back, once more with a new one."""
        try:
            return await self._with_token(doing)
        except Refused as refusal:
            if refusal.code not in STALE_TOKEN:
                raise
        return await self._with_token(doing)

    async def _with_token(self, doing: Callable[[str], Awaitable[Got]]) -> Got:
        token = await self.token()
        try:
            return await doing(token)
        except Refused as refusal:
            if refusal.code in STALE_TOKEN and token == self._token:
                self._token = ""
            raise

    async def media(self, media_id: str, most_bytes: int) -> tuple[bytes, str]:
        """A file that somebody sent, and its type. Raises Refused, NotConnected, NoAnswer, TooLarge."""
        return await self._twice(lambda token: self._file(media_id, most_bytes, token))

    async def _file(self, media_id: str, most_bytes: int, token: str) -> tuple[bytes, str]:
        query = {"access_token": token, "media_id": media_id}
        try:
            async with self._opened().get(f"{self._base}/cgi-bin/media/get", params=query) as answer:
                if answer.status != 200 or "json" in answer.content_type or answer.content_type.startswith("text/"):
                    _read(answer, await answer.read())
                    raise Malformed
                return await _bounded(answer, most_bytes), answer.content_type
        except NOT_CONNECTED:
            raise NotConnected from None
        except (aiohttp.ClientError, TimeoutError):
            raise NoAnswer from None

    async def token(self) -> str:
        """Fetched once for all calls that wait. Raises Refused, NotConnected."""
        async with self._renewing:
            if not self._token or time.monotonic() >= self._until:
                await self._renew()
            return self._token

    async def _renew(self) -> None:
        try:
            answer = await self._call("gettoken", self._credentials)
            self._token, lasts = str(answer["access_token"]), float(answer["expires_in"])
        except Refused as refusal:
            if refusal.is_http:
                raise NotConnected from refusal
            raise
        except (NoAnswer, KeyError, TypeError, ValueError) as error:
            raise NotConnected from error
        self._until = time.monotonic() + max(0.0, lasts - RENEW_EARLIER)

    async def _call(self, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        # WeCom refuses characters written as \uXXXX (40033).
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        url = f"{self._base}/cgi-bin/{path}"
        call = self._opened().request("POST" if data else "GET", url, params=query, data=data, headers={"Content-Type": "application/json"})
        try:
            async with call as answer:
                return _read(answer, await answer.read())
        except NOT_CONNECTED:
            raise NotConnected from None
        except (aiohttp.ClientError, TimeoutError):
            raise NoAnswer from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session

    async def close(self) -> None:
        """Lets go of connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _bounded(answer: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    content = bytearray()
    async for piece in answer.content.iter_chunked(64 * 1024):
        content += piece
        if len(content) > most_bytes:
            raise TooLarge
    return bytes(content)


def _read(answer: aiohttp.ClientResponse, content: bytes) -> dict[str, Any]:
    if answer.status != 200:
        seconds = answer.headers.get("Retry-After", "")
        raise Refused(answer.status, is_http=True, retry_after=float(seconds) if seconds.isdecimal() else None)
    try:
        fields = json.loads(content)
        code = int(fields["errcode"])
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed from error
    if code:
        raise Refused(code, str(fields.get("errmsg", "")))
    return dict(fields)
