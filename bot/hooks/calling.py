"""One call to a hook: to the address that was looked at, without following anybody elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import time

import httpx

from bot.hooks.addresses import NotAllowed, check_url, resolve
from bot.hooks.signing import headers

SECONDS = 10.0
"""For one call from its beginning to its end: who answers a word at a time must not hold up what others wait for."""


@dataclass(frozen=True)
class Call:
    """What is to be said where. `id` is the same at each try, so that its receiver can tell a repetition."""

    id: str
    url: str
    secret: str
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """`status`: what the other side answered; `error`: why there is no answer."""

    status: int | None = None
    error: str | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def call(asked: Call, *, allow_private: bool) -> Outcome:
    """Whatever goes wrong is an outcome: nothing is raised but cancellation."""
    try:
        parts = check_url(asked.url, allow_private=allow_private)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        async with asyncio.timeout(SECONDS):
            address = await resolve(host, port, allow_private=allow_private)
            return Outcome(status=await _post(asked, httpx.URL(asked.url), address))
    except NotAllowed as error:
        return Outcome(error=str(error))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        return Outcome(error=type(error).__name__)


async def _post(asked: Call, url: httpx.URL, address: str) -> int:
    """Connects to the address that was checked; the certificate must be of the name. The answer's body is not read."""
    told = {**headers(asked.secret, asked.id, int(time()), asked.body), "Host": url.netloc.decode()}
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False, follow_redirects=False) as client:
        request = client.build_request(
            "POST", url.copy_with(host=address), content=asked.body, headers=told, extensions={"sni_hostname": url.host}
        )
        answer = await client.send(request, stream=True)
        try:
            return answer.status_code
        finally:
            await answer.aclose()
