"""What every page of ours sends along and asks for: nothing foreign loads, nothing frames us, and only our own page may act."""

from __future__ import annotations

import hmac
import secrets

from fastapi import HTTPException, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
CSRF_COOKIE = "fanxiao_csrf"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
SESSION_COOKIE = "fanxiao_session"
TICKET_COOKIE = "fanxiao_ticket"
HOST_ONLY = "__Host-"
"""Before a cookie's name: the browser takes it only over https, for this very host and all its paths."""


class SecurityHeaders:
    """Puts the headers on every answer; pages with people's data are not kept by browsers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def csrf_token(request: Request) -> str:
    """The browser's token, or a fresh one for `keep_csrf`."""
    return request.cookies.get(CSRF_COOKIE) or secrets.token_urlsafe(32)


def keep_csrf(request: Request, response: Response, token: str) -> None:
    """Gives the browser its token; the page sends the same one back in a header."""
    response.set_cookie(CSRF_COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https")


async def require_csrf(request: Request) -> None:
    """403 unless the header repeats the cookie, which no foreign page can read."""
    _compare(request, request.headers.get(CSRF_HEADER, ""))


async def require_csrf_form(request: Request) -> None:
    """403 unless a form's own field, or the header, repeats the cookie."""
    given = request.headers.get(CSRF_HEADER) or (await request.form()).get(CSRF_FIELD, "")
    _compare(request, given if isinstance(given, str) else "")


def _compare(request: Request, given: str) -> None:
    cookie = request.cookies.get(CSRF_COOKIE, "")
    if not cookie or not hmac.compare_digest(cookie.encode(), given.encode()):
        raise HTTPException(403)


def keep_secret(response: Response, name: str, value: str, *, is_https: bool, seconds: int) -> None:
    """A cookie that no script reads and no foreign page's form sends along."""
    full = HOST_ONLY + name if is_https else name
    response.set_cookie(full, value, max_age=seconds, path="/", httponly=True, secure=is_https, samesite="lax")


def forget_secret(response: Response, name: str, *, is_https: bool) -> None:
    """Takes the cookie away."""
    full = HOST_ONLY + name if is_https else name
    response.delete_cookie(full, path="/", httponly=True, secure=is_https, samesite="lax")


def secret_of(request: Request, name: str) -> str:
    """What the browser keeps under this name; empty where it keeps nothing. Under https only the host's own cookie counts."""
    is_https = request.app.state.parts.is_https
    return request.cookies.get(HOST_ONLY + name if is_https else name, "")


def session_token(request: Request) -> str:
    """The secret of this browser's session."""
    return secret_of(request, SESSION_COOKIE)
