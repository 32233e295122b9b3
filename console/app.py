"""The web process: webhooks, static files, and the pages that are switched on."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from console import api, entering, live_route, receipts, webhooks
from console.demo import pages
from console.demo.stand import Stand
from console.faults import FAULTS, page_faults
from console.pages import MENU, ROUTERS
from console.parts import Parts
from console.security import SecurityHeaders
from console.sending import Compressed, Kept
from console.uploads import FormLimit
from console.webhooks import Hooks

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


def create_app(
    hooks: Hooks, *, parts: Parts | None = None, stand: Stand | None = None, allowed_hosts: Sequence[str] = EVERY_HOST
) -> ASGIApp:
    """`parts`: with the officials' pages. `stand`: with the demo's. `allowed_hosts`: names under which we may be called.

    A foreign name that was bound to our address is refused.
    """
    called = Starlette(routes=webhooks.routes(hooks), exception_handlers=FAULTS)
    pages = SecurityHeaders(Compressed(FormLimit(_pages(hooks, parts, stand))))
    return TrustedHostMiddleware(Fork(called, pages), allowed_hosts=list(allowed_hosts))


def _pages(hooks: Hooks, parts: Parts | None, stand: Stand | None) -> FastAPI:
    app = FastAPI(title="fanxiao", docs_url=None, redoc_url=None, openapi_url=None, exception_handlers={**FAULTS, **page_faults()})
    app.mount("/static", Kept(), name="static")

    @app.get("/health")
    async def health() -> PlainTextResponse:
        """Whether this process reaches its database (else 503)."""
        async with hooks.web.session() as session:
            await session.execute(text("select 1"))
        return PlainTextResponse("ok")

    app.include_router(receipts.router(receipts.Receipts(hooks.web, hooks.cipher, hooks.clock)))
    if stand is not None:
        app.state.stand = stand
        app.include_router(pages.router)
    if parts is not None:
        app.state.parts, app.state.menu = parts, MENU
        app.mount(api.PATH, api.create_api(parts))
        for router in (entering.router, live_route.router, *ROUTERS):
            app.include_router(router)
    return app
