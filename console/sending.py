"""How answers travel: pages compressed where nobody else can have asked for them, static files kept by browsers until they change."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC = Path(__file__).resolve().parent / "static"
LEVEL = 5
"""Of gzip: half the time of the standard one, and a page is hardly larger."""
OUR_OWN = ("same-origin", "none")
FOREVER = "public, max-age=31536000, immutable"
MARK = "v="


class Compressed:
    """gzip for pages, not for a call that another site's page may have caused.

    A compressed page tells by its length whether a guess that was sent along also stands in it, such as its secret token
    (BREACH). For that somebody else's page must be able to cause calls in a reader's name, many of them. The browser says who caused a
    call (Sec-Fetch-Site): ours and what was typed are compressed, others, and those of browsers that do not say, are not. On a line
    without https a page can be read as it is, and nothing is lost by compressing it. News (server-sent events) are never held back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._small = GZipMiddleware(app, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._small if _is_ours(scope) else self._app)(scope, receive, send)


def _is_ours(scope: Scope) -> bool:
    if scope["type"] != "http":
        return False
    return scope["scheme"] != "https" or Headers(scope=scope).get("sec-fetch-site") in OUR_OWN


class Kept:
    """Static files under an address that names their content are never asked for again."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._files = GZipMiddleware(StaticFiles(directory=folder), minimum_size=500)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_named = scope.get("query_string", b"").startswith(MARK.encode())

        async def with_age(message: Message) -> None:
            if is_named and message["type"] == "http.response.start" and message["status"] == 200:
                message["headers"] = [*message["headers"], (b"cache-control", FOREVER.encode())]
            await send(message)

        await self._files(scope, receive, with_age)


@cache
def static(name: str) -> str:
    """The address of a static file, with a mark of its content. Raises FileNotFoundError for one that is not there."""
    return f"/static/{name}?{MARK}{sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"
