"""The way in: a phone number, the code that came to it, from the county up a second factor; and the way out."""

from __future__ import annotations

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse, Response

from cases.access.codes import LIFE, ask_code, count_wrong, prove, proved
from cases.access.posts import needs_second_factor, posts_of
from cases.access.second_factor import begin_factor, check_factor, factor_of, uri
from cases.access.sessions import LIFE as SESSION_LIFE
from cases.access.sessions import end_session, open_session, session_of
from cases.imports.phones import read_phones
from console.frame import Speech, environment
from console.parts import Parts
from console.security import (
    SESSION_COOKIE,
    TICKET_COOKIE,
    csrf_token,
    forget_secret,
    keep_csrf,
    keep_secret,
    require_csrf_form,
    secret_of,
    session_token,
)
from console.visit import local_day, see_other
from console.words import LANGUAGES
from storage.tables import LoginCode, Person
from storage.work import Work, working

LANGUAGE_COOKIE = "fanxiao_language"
ACTING = [Depends(require_csrf_form)]
router = APIRouter()


def language_of(request: Request) -> str:
    """What was chosen before, else what the browser asks for; Chinese where neither says."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "zh"


@router.get("/login")
async def asked_for_number(request: Request) -> Response:
    return _page(request, "number")


@router.post("/login", dependencies=ACTING)
async def number_given(request: Request, phone: Annotated[str, Form(max_length=40)]) -> Response:
    """The answer is the same whether anybody has that number."""
    parts: Parts = request.app.state.parts
    numbers = read_phones(phone).good
    if not numbers:
        return _page(request, "number", wrong="number_unreadable")
    async with working(parts.worker, await parts.clock.now()) as work:
        ticket = await ask_code(work, parts.cipher, numbers[0], _address(request), await local_day(work))
    if ticket is None:
        return _page(request, "number", wrong="too_often", status=429)
    response = see_other("/login/code")
    keep_secret(response, TICKET_COOKIE, ticket, is_https=parts.is_https, seconds=int(LIFE.total_seconds()))
    return response


@router.get("/login/code")
async def asked_for_code(request: Request) -> Response:
    return _page(request, "code") if secret_of(request, TICKET_COOKIE) else see_other("/login")


@router.post("/login/code", dependencies=ACTING)
async def code_given(request: Request, code: Annotated[str, Form(max_length=12)]) -> Response:
    parts: Parts = request.app.state.parts
    ticket = secret_of(request, TICKET_COOKIE)
    async with working(parts.worker, await parts.clock.now()) as work:
        found = await prove(work, parts.cipher, ticket, code.strip(), _address(request))
        if found is None:
            return _page(request, "code", wrong="code_wrong", status=401)
        if needs_second_factor(await posts_of(work, found.person_id or 0, await local_day(work))):
            return see_other("/login/second")
        return await _enter(work, request, found, is_strong=False)


@router.get("/login/second")
async def asked_for_second(request: Request) -> Response:
    parts: Parts = request.app.state.parts
    async with working(parts.worker, await parts.clock.now()) as work:
        found = await proved(work, secret_of(request, TICKET_COOKIE))
        if found is None:
            return see_other("/login")
        return _page(request, "second", **await _new_key(work, parts, found.person_id or 0))


async def _new_key(work: Work, parts: Parts, person_id: int) -> dict[str, Any]:
    """The picture that the app reads, only until the first password from it was right."""
    known = await factor_of(work, person_id)
    if known is not None and known.confirmed_at is not None:
        return {}
    secret = await begin_factor(work, parts.cipher, person_id)
    name = await work.session.scalar(select(Person.name).where(Person.id == person_id)) or ""
    picture = segno.make(uri(secret, name), error="m").svg_inline(scale=5, border=2, svgclass="qr", lineclass="", omitsize=False)
    return {"picture": picture, "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))}


@router.post("/login/second", dependencies=ACTING)
async def second_given(request: Request, password: Annotated[str, Form(max_length=12)]) -> Response:
    parts: Parts = request.app.state.parts
    async with working(parts.worker, await parts.clock.now()) as work:
        found = await proved(work, secret_of(request, TICKET_COOKIE))
        if found is None:
            return see_other("/login")
        if not await check_factor(work, parts.cipher, found.person_id or 0, password.replace(" ", "")):
            found.wrong += 1
            await count_wrong(work, found, _address(request))
            return _page(request, "second", wrong="second_wrong", status=401, **await _new_key(work, parts, found.person_id or 0))
        return await _enter(work, request, found, is_strong=True)


@router.post("/logout", dependencies=ACTING)
async def leave(request: Request) -> Response:
    parts: Parts = request.app.state.parts
    async with working(parts.worker, await parts.clock.now()) as work:
        found = await session_of(work, session_token(request))
        if found is not None:
            await end_session(work, found.person_id, found.id)
    response = see_other("/login")
    forget_secret(response, SESSION_COOKIE, is_https=parts.is_https)
    return response


async def _enter(work: Work, request: Request, found: LoginCode, *, is_strong: bool) -> Response:
    parts: Parts = request.app.state.parts
    posts = await posts_of(work, found.person_id or 0, await local_day(work))
    agent = request.headers.get("user-agent", "")
    token = await open_session(work, found, posts, is_strong=is_strong, agent=agent, language=language_of(request))
    response = see_other("/today")
    keep_secret(response, SESSION_COOKIE, token, is_https=parts.is_https, seconds=int(SESSION_LIFE.total_seconds()))
    forget_secret(response, TICKET_COOKIE, is_https=parts.is_https)
    return response


def _page(request: Request, step: str, *, wrong: str | None = None, status: int = 200, **facts: Any) -> Response:
    language, token = language_of(request), csrf_token(request)
    told = {"t": Speech(language, "login"), "step": step, "wrong": wrong, "csrf": token, "picture": None, "secret": "", **facts}
    response = HTMLResponse(environment().get_template("login.html").render(told), status)
    keep_csrf(request, response, token)
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=31_536_000, httponly=True, samesite="lax")
    return response


def _address(request: Request) -> bytes:
    """A keyed hash of where the browser calls from: what is kept names nobody."""
    parts: Parts = request.app.state.parts
    return parts.cipher.index(f"address:{request.client.host if request.client else ''}")
