"""Files that a browser sends: refused before a byte is read where they are too large."""

from __future__ import annotations

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile

ROOM = 64 * 1024
"""Bytes of a form beside its files."""


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
