"""The web process: webhooks, static files, and the pages that are switched on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import text
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles

from console import webhooks
from console.demo import pages
from console.demo.stand import Stand
from console.security import SecurityHeaders
from console.webhooks import Hooks

STATIC = Path(__file__).resolve().parent / "static"
EVERY_HOST = ("*",)


def create_app(hooks: Hooks, *, stand: Stand | None = None, allowed_hosts: Sequence[str] = EVERY_HOST) -> FastAPI:
    """`stand`: with the demo's pages. `allowed_hosts`: names under which we may be called, against rebinding of foreign names."""
    app = FastAPI(title="fanxiao", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts))
    app.add_middleware(SecurityHeaders)
    app.include_router(webhooks.router(hooks))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/health")
    async def health() -> PlainTextResponse:
        """Whether this process reaches its database."""
        async with hooks.web.session() as session:
            await session.execute(text("select 1"))
        return PlainTextResponse("ok")

    if stand is not None:
        app.include_router(pages.router(stand))
    return app
