"""A person's own: the language, where they are logged in, the second factor, and in which post they look."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from cases.access.posts import needs_second_factor
from cases.access.second_factor import drop_factor
from cases.access.sessions import end_session, sessions_of
from console.security import require_csrf_form
from console.visit import Visiting, gone, own_path, see_other
from console.words import LANGUAGES
from storage.tables import ConsoleSession

router = APIRouter(prefix="/settings")
ACTING = [Depends(require_csrf_form)]
BROWSERS = (
    ("wxwork", "wecom"), ("MicroMessenger", "wechat"), ("Edg", "Edge"), ("QQBrowser", "qq"), ("HuaweiBrowser", "huawei"),
    ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
"""What stands in a browser's own words → its name, or a key of the page's words; the first that fits: most call themselves Chrome, too."""
SYSTEMS = ("HarmonyOS", "Android", "iPhone", "iPad", "Windows", "Mac", "Linux")


@router.get("")
async def show(visit: Visiting) -> Response:
    async with visit.acting() as work:
        sessions = await sessions_of(work, visit.me.person_id)
    shown = [(one, _device(one.agent)) for one in sessions]
    return await visit.show("settings", sessions=shown, is_strong=needs_second_factor(visit.me.posts))


def _device(agent: str) -> tuple[str, str]:
    """(browser, system) as people call them, of what a browser says of itself; the key `other` for one that we do not know."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "other")
    return browser, next((name for name in SYSTEMS if name in agent), "other")


@router.post("/language", dependencies=ACTING)
async def language(visit: Visiting, chosen: Annotated[str, Form()], back: Annotated[str, Form()] = "/settings") -> Response:
    async with visit.acting() as work:
        found = await work.session.get_one(ConsoleSession, visit.me.session_id)
        found.language = chosen if chosen in LANGUAGES else LANGUAGES[0]
    return see_other(own_path(back))


@router.post("/post", dependencies=ACTING)
async def post(visit: Visiting, chosen: Annotated[int, Form()]) -> Response:
    """From now on they look as this; only a post that is theirs today."""
    if chosen not in {one.id for one in visit.me.posts}:
        raise gone()
    async with visit.acting() as work:
        (await work.session.get_one(ConsoleSession, visit.me.session_id)).responsibility_id = chosen
    return see_other("/today")


@router.post("/sessions/{session_id}/end", dependencies=ACTING)
async def end(visit: Visiting, session_id: int) -> Response:
    async with visit.acting() as work:
        if not await end_session(work, visit.me.person_id, session_id):
            raise gone()
    return see_other("/settings", said="session_ended")


@router.post("/second-factor/renew", dependencies=ACTING)
async def renew(visit: Visiting) -> Response:
    """A new phone: every session ends, and the next log-in sets up a new key."""
    async with visit.acting() as work:
        await drop_factor(work, visit.me.person_id)
        for one in await sessions_of(work, visit.me.person_id):
            await end_session(work, visit.me.person_id, one.id)
        work.record("second_factor_renewed", f"person:{visit.me.person_id}", area_code=visit.area, actor=visit.actor)
    return see_other("/login")
