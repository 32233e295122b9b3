"""The demo's routes: the page, what it shows, and what a visitor can do."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, Field

import templates
from bot.channels.simulator import Plight
from cases.access.sessions import LIFE
from console.demo.cast import PARTS, Phone, cast_of
from console.demo.doorway import open_door
from console.demo.picker import pick_child
from console.demo.scripts import scripts
from console.demo.stand import Stand
from console.demo.state import State, View, case_of, state_of
from console.parts import Parts
from console.security import SESSION_COOKIE, csrf_token, keep_csrf, keep_secret, require_csrf, require_csrf_form
from console.words import Words
from plan.calendar import Calendar

LONGEST = 500
Acting = Depends(require_csrf)


class Looking(BaseModel):
    """What the visitor looks at; phones by part."""

    lang: str = "zh"
    child: int | None = None
    guardian: int | None = None
    teacher: int | None = None
    village: int | None = None
    township: int | None = None
    county: int | None = None

    def view(self) -> View:
        chosen = {part: getattr(self, part) for part in PARTS}
        return View(Words.of(self.lang), self.child, {part: contact for part, contact in chosen.items() if contact is not None})


class OnPhone(Looking):
    """Something done with one of the phones."""

    contact: int


class InOffice(OnPhone):
    """Its owner goes to the console, to this case where one is named."""

    case: int | None = None
    csrf: str = ""


class Reply(OnPhone):
    """A text typed on it."""

    text: str = Field(min_length=1, max_length=LONGEST)


class Press(OnPhone):
    """A button below a message on it, or a key during its call."""

    message: int
    key: str = Field(min_length=1, max_length=20)


class Chat(OnPhone):
    """Its owner connects a chat, or blocks the bot."""

    on: bool


class Afflict(OnPhone):
    """What is done to it; None mends it."""

    plight: Plight | None = None


class Play(Looking):
    """A story that plays by itself."""

    script: str


class Step(Looking):
    """Where the clock goes."""

    to: Literal["event", "hour", "day"]


@cache
def _pages() -> Environment:
    folder = Path(str(templates.__file__)).parent / "pages"
    return Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)


async def _stand(request: Request) -> Stand:
    stand: Stand = request.app.state.stand
    return stand


Standing = Annotated[Stand, Depends(_stand)]
router = APIRouter()
"""To be put into an application whose state has the `stand`."""


@router.get("/")
async def root() -> Response:
    return RedirectResponse("/demo")


@router.get("/demo")
async def page(request: Request, lang: str = "zh") -> Response:
    token = csrf_token(request)
    shown = {"token": token, "longest": LONGEST, "parts": PARTS, "plights": list(Plight), "scripts": scripts()}
    response = HTMLResponse(_pages().get_template("demo.html").render(words=Words.of(lang), **shown))
    keep_csrf(request, response, token)
    return response


@router.get("/demo/state", response_model=None)
async def state(stand: Standing, looking: Annotated[Looking, Depends()], since: str = "") -> State | Response:
    if since and since == str(await stand.mark()):
        return Response(status_code=204)
    return await _shown(stand, looking)


@router.post("/demo/reply", dependencies=[Acting])
async def reply(stand: Standing, given: Reply) -> State:
    phone = await _phone(stand, given)
    if not given.text.strip():
        raise HTTPException(404)
    await stand.reply(phone.writes_at, given.text)
    return await _shown(stand, given)


@router.post("/demo/press", dependencies=[Acting])
async def press(stand: Standing, given: Press) -> State:
    phone = await _phone(stand, given)
    if not await stand.press(given.message, given.key, phone.contact_ids):
        raise HTTPException(404)
    return await _shown(stand, given)


@router.post("/demo/chat", dependencies=[Acting])
async def chat(stand: Standing, given: Chat) -> State:
    phone = await _phone(stand, given)
    await (stand.open_chat if given.on else stand.block_chat)(phone.contact_id)
    return await _shown(stand, given)


@router.post("/demo/afflict", dependencies=[Acting])
async def afflict(stand: Standing, given: Afflict) -> State:
    phone = await _phone(stand, given)
    await stand.afflict(phone.contact_id, given.plight)
    return await _shown(stand, given)


@router.post("/demo/play", dependencies=[Acting])
async def play(stand: Standing, wanted: Play) -> State:
    if (script := scripts().get(wanted.script)) is None:
        raise HTTPException(404)
    child = await stand.begin(script, wanted.child)
    if child is None:
        raise HTTPException(409)
    return await _shown(stand, wanted.model_copy(update={"child": child, **dict.fromkeys(PARTS)}))


@router.post("/demo/console", dependencies=[Depends(require_csrf_form)])
async def console(stand: Standing, request: Request, given: Annotated[InOffice, Form()]) -> Response:
    parts: Parts | None = getattr(request.app.state, "parts", None)
    phone = await _phone(stand, given)
    agent = request.headers.get("user-agent", "")
    token = await open_door(parts, phone, agent=agent, language=given.lang) if parts is not None else None
    if parts is None or token is None:
        raise HTTPException(404)
    response = RedirectResponse(f"/cases/{given.case}" if given.case else "/today", 303)
    keep_secret(response, SESSION_COOKIE, token, is_https=parts.is_https, seconds=int(LIFE.total_seconds()))
    return response


@router.post("/demo/step", dependencies=[Acting])
async def step(stand: Standing, wanted: Step) -> State:
    before = await stand.mark()
    await {"event": stand.next_event, "hour": stand.next_hour, "day": stand.next_day}[wanted.to]()
    shown = await _shown(stand, wanted)
    sent = await stand.sent_since(before)
    return {**shown, "moved": Words.of(wanted.lang).ui("moved", to=shown["clock"]["text"], sent=sent)}


async def _shown(stand: Stand, looking: Looking) -> State:
    try:
        return await state_of(stand, looking.view())
    except LookupError as error:
        raise HTTPException(404) from error


async def _phone(stand: Stand, given: OnPhone) -> Phone:
    """Only the phones that the page shows for this child may be used."""
    now = await stand.stage.now()
    async with stand.web.reading(stand.area_code) as session:
        try:
            child = await pick_child(session, stand.played, given.child)
        except LookupError as error:
            raise HTTPException(404) from error
        case = await case_of(session, child.id)
        cast = await cast_of(session, stand.plan, child, case.id if case else None, Calendar(stand.plan).day_of(now))
    phone = cast.phone(given.contact)
    if phone is None:
        raise HTTPException(404)
    return phone
