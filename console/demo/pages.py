"""The demo's routes: the page, what it shows, and the two things a visitor can do."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, Field

import templates
from console.demo.cast import cast_of
from console.demo.picker import pick_child
from console.demo.stand import Stand
from console.demo.state import State, View, case_of, state_of
from console.security import csrf_token, keep_csrf, require_csrf
from console.words import Words
from plan.calendar import Calendar

LONGEST = 500
Acting = Depends(require_csrf)


class Looking(BaseModel):
    """What the visitor looks at."""

    lang: str = "zh"
    child: int | None = None
    guardian: int | None = None
    officer: int | None = None

    def view(self) -> View:
        return View(Words.of(self.lang), self.child, self.guardian, self.officer)


class Reply(Looking):
    """A text typed on one of the phones."""

    contact: int
    text: str = Field(min_length=1, max_length=LONGEST)


class Step(Looking):
    """Where the clock goes."""

    to: Literal["event", "hour", "day"]


@cache
def _pages() -> Environment:
    folder = Path(str(templates.__file__)).parent / "pages"
    return Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)


def router(stand: Stand) -> APIRouter:
    """The demo over one stand."""
    made = APIRouter()

    @made.get("/")
    async def root() -> Response:
        return RedirectResponse("/demo")

    @made.get("/demo")
    async def page(request: Request, lang: str = "zh") -> Response:
        token = csrf_token(request)
        response = HTMLResponse(_pages().get_template("demo.html").render(words=Words.of(lang), token=token, longest=LONGEST))
        keep_csrf(request, response, token)
        return response

    @made.get("/demo/state", response_model=None)
    async def state(looking: Annotated[Looking, Depends()], since: str = "") -> State | Response:
        if since and since == str(await stand.mark()):
            return Response(status_code=204)
        return await _shown(stand, looking)

    @made.post("/demo/reply", dependencies=[Acting])
    async def reply(given: Reply) -> State:
        if not given.text.strip() or not await _on_page(stand, given):
            raise HTTPException(404)
        await stand.reply(given.contact, given.text)
        return await _shown(stand, given)

    @made.post("/demo/step", dependencies=[Acting])
    async def step(wanted: Step) -> State:
        before = await stand.mark()
        await {"event": stand.next_event, "hour": stand.next_hour, "day": stand.next_day}[wanted.to]()
        shown = await _shown(stand, wanted)
        sent = await stand.sent_since(before)
        return {**shown, "moved": Words.of(wanted.lang).ui("moved", to=shown["clock"]["text"], sent=sent)}

    return made


async def _shown(stand: Stand, looking: Looking) -> State:
    try:
        return await state_of(stand, looking.view())
    except LookupError as error:
        raise HTTPException(404) from error


async def _on_page(stand: Stand, given: Reply) -> bool:
    """Only the phones that the page shows for this child may be typed on."""
    now = await stand.stage.now()
    async with stand.web.reading(stand.area_code) as session:
        try:
            child = await pick_child(session, stand.played, given.child)
        except LookupError:
            return False
        case = await case_of(session, child.id)
        cast = await cast_of(session, stand.plan, child, case.id if case else None, Calendar(stand.plan).day_of(now))
    return given.contact in {phone.contact_id for phone in cast.everyone}
