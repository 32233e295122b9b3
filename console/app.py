"""The web process: webhooks, static files, and the pages that are switched on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles

from console import webhooks
from console.demo import pages
from console.demo.stand import Stand
from console.security import SecurityHeaders
from console.webhooks import Hooks

log = structlog.get_logger("web")
STATIC = Path(__file__).resolve().parent / "static"
EVERY_HOST = ("*",)


def create_app(hooks: Hooks, *, stand: Stand | None = None, allowed_hosts: Sequence[str] = EVERY_HOST) -> FastAPI:
    """`stand`: with the demo's pages. `allowed_hosts`: names under which we may be called, against rebinding of foreign names."""
    app = FastAPI(title="fanxiao", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts))
    app.add_middleware(SecurityHeaders)
    app.router.routes.extend(webhooks.routes(hooks))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    app.add_exception_handler(OperationalError, _database_away)
    app.add_exception_handler(Exception, _failed)

    @app.get("/health")
    async def health() -> PlainTextResponse:
        """Whether this process reaches its database (else 503)."""
        async with hooks.web.session() as session:
            await session.execute(text("select 1"))
        return PlainTextResponse("ok")

    if stand is not None:
        app.include_router(pages.router(stand))
    return app


async def _database_away(request: Request, error: Exception) -> PlainTextResponse:
    log.error("database away", action="database_unreachable", path=request.url.path, error=type(error).__name__)
    return PlainTextResponse("database unreachable", status_code=503)


async def _failed(request: Request, error: Exception) -> PlainTextResponse:
    log.error("request failed", action="request_failed", path=request.url.path, error=type(error).__name__, exc_info=error)
    return PlainTextResponse("error", status_code=500)
