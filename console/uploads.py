"""Files that a browser sends: refused before a byte is read where they are too large."""

from __future__ import annotations

import re

from fastapi import HTTPException, Request
from starlette.datastructures import Headers, UploadFile
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ROOM = 64 * 1024
"""Bytes of a form beside its files."""
LARGEST_FORM, LARGEST_FILES = 1024 * 1024, 160 * 1024 * 1024
"""Of a form without files, and of one with; what a route itself allows is less."""
WITH_FILES = re.compile(r"^/(?:import|activities|tasks/\d+/photos)$")
OWN_LIMIT = "/api/"


class FormLimit:
    """Before a form is read at all: how large a browser says that it is. Without that it is not taken."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _refused(scope) if scope["type"] == "http" and scope["method"] == "POST" else None
        await (self._app if refused is None else PlainTextResponse("", refused))(scope, receive, send)


def _refused(scope: Scope) -> int | None:
    """The status with which a form is refused."""
    path = scope["path"]
    if path.startswith(OWN_LIMIT):
        return None
    said = Headers(scope=scope).get("content-length", "")
    if not said.isdecimal():
        return 411
    return 413 if int(said) > (LARGEST_FILES if WITH_FILES.match(path) else LARGEST_FORM) else None


def refuse_larger(request: Request, most: int) -> None:
    """413 for a form with more than so many bytes of files; 411 where the browser does not say how large it is."""
    said = request.headers.get("content-length", "")
    if not said.isdecimal():
        raise HTTPException(411)
    if int(said) > most + ROOM:
        raise HTTPException(413)


async def files_named(request: Request, field: str) -> list[UploadFile]:
    """What was chosen in this field; a field that was left empty is no file."""
    form = await request.form()
    return [one for one in form.getlist(field) if isinstance(one, UploadFile) and one.filename]
