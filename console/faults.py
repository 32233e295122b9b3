"""What a browser gets when something is not there, not allowed, or broken."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from console import receipts
from console.entering import language_of
from console.frame import Speech, environment
from console.sought import UNREADABLE, SearchOver
from console.visit import NotEntered, see_other
from storage.database import AWAY

log = structlog.get_logger("web")
BY_SCRIPT = "x-part"
"""A script of ours asks with this header: it can follow no page."""


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


async def _not_entered(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the shape that a handler has
    if BY_SCRIPT in request.headers or request.url.path == "/live":
        return JSONResponse({"error": "login"}, 401)
    return see_other("/login")


async def _search_over(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the shape that a handler has
    """To the page itself, which says so; from a file or an act, which are no pages, to the one above."""
    path: str = request.url.path
    page = path if request.method == "GET" and not path.endswith(".xlsx") else path.rpartition("/")[0]
    filters = {name: value for name, value in request.query_params.items() if name not in UNREADABLE}
    return see_other(page, **{**filters, "refused": "search_over"})


async def _told(request: Request, error: Exception) -> Response:
    """A page that says so, to a browser; JSON to a script."""
    status = error.status_code if isinstance(error, HTTPException) else 422
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"error": status}, status)
    t = Speech(language_of(request), "fault")
    return HTMLResponse(environment().get_template("fault.html").render(t=t, status=status), status)


async def _not_storable(request: Request, error: Exception) -> Response:
    """A value that no column holds, such as a NUL: whoever sent it made a mistake, not we."""
    log.warning("value not taken", action="value_refused", path=_logged(request), error=type(error).__name__)
    return await _told(request, HTTPException(422))


FAULTS: dict[Any, Any] = {**dict.fromkeys(AWAY, _database_away), Exception: _failed}


def page_faults() -> dict[Any, Any]:
    """Of pages only: providers' calls are answered as providers expect."""
    return {
        NotEntered: _not_entered,
        SearchOver: _search_over,
        HTTPException: _told,
        RequestValidationError: _told,
        DataError: _not_storable,
    }
