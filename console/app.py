"""The web process: webhooks, static files, and the pages that are switched on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from console import receipts, webhooks
from console.demo import pages
from console.demo.stand import Stand
from console.security import SecurityHeaders
from console.webhooks import Hooks

log = structlog.get_logger("web")
STATIC = Path(__file__).resolve().parent / "static"
EVERY_HOST = ("*",)
HOOKS = "/hooks/"


class Fork:
    """Providers' calls go straight to the webhooks: thousands come in the first half hour, and nothing of a page concerns them."""

    def __init__(self, hooks: ASGIApp, pages: ASGIApp) -> None:
        self._hooks = hooks
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = self._hooks if scope["type"] == "http" and scope["path"].startswith(HOOKS) else self._pages
        await chosen(scope, receive, send)


def create_app(hooks: Hooks, *, stand: Stand | None = None, allowed_hosts: Sequence[str] = EVERY_HOST) -> ASGIApp:
    """`stand`: with the demo's pages. `allowed_hosts`: names under which we may be called, against rebinding of foreign names."""
    called = Starlette(routes=webhooks.routes(hooks), exception_handlers=FAULTS)
    return TrustedHostMiddleware(Fork(called, SecurityHeaders(_pages(hooks, stand))), allowed_hosts=list(allowed_hosts))


def _pages(hooks: Hooks, stand: Stand | None) -> FastAPI:
    app = FastAPI(title="fanxiao", docs_url=None, redoc_url=None, openapi_url=None, exception_handlers=FAULTS)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/health")
    async def health() -> PlainTextResponse:
        """Whether this process reaches its database (else 503)."""
        async with hooks.web.session() as session:
            await session.execute(text("select 1"))
        return PlainTextResponse("ok")

    app.include_router(receipts.router(receipts.Receipts(hooks.web, hooks.cipher, hooks.clock)))
    if stand is not None:
        app.include_router(pages.router(stand))
    return app


def _logged(request: Request) -> str:
    """The path, without the word that a receipt's address is."""
    path: str = request.url.path
    return receipts.PREFIX if path.startswith(receipts.PREFIX) else path


async def _database_away(request: Request, error: Exception) -> PlainTextResponse:
    log.error("database away", action="database_unreachable", path=_logged(request), error=type(error).__name__)
    return PlainTextResponse("database unreachable", status_code=503)


async def _failed(request: Request, error: Exception) -> PlainTextResponse:
    log.error("request failed", action="request_failed", path=_logged(request), error=type(error).__name__, exc_info=error)
    return PlainTextResponse("error", status_code=500)


FAULTS: dict[Any, Any] = {OperationalError: _database_away, TimeoutError: _database_away, Exception: _failed}
