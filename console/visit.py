"""Somebody who is logged in looks at a page: who they are, in which post, and a session that sees only what that post may see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, HTTPException, Request
from pydantic import BeforeValidator
from sqlalchemy import ColumnElement, false, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cases.access.posts import needs_second_factor, posts_of, scope_of
from cases.access.sessions import session_of
from cases.names import area_names
from cases.plans import plan_in_force
from cases.responsible import CODE_LENGTH
from cases.undoing import last_step
from console.frame import FRAME, Hour, Speech, environment
from console.parts import Parts
from console.security import CSRF_COOKIE, csrf_token, keep_csrf, session_token
from console.sought import SEAL, Seal, Sought
from plan.calendar import Calendar
from plan.model import Plan
from storage.database import Scope
from storage.tables import CaseFile, ConsoleSession, Person, Responsibility, School, SchoolClass, Student, Task
from storage.work import Work, working

LONGEST_ID = 15
NEWS = ("said", "refused", "undo")
"""What an act has told the page that it led to."""


class NotEntered(Exception):
    """Nobody is logged in, or not strongly enough."""


@dataclass(frozen=True)
class Me:
    """Who looks, and as what."""

    person_id: int
    name: str
    post: Responsibility
    posts: Sequence[Responsibility]
    session_id: int
    language: str

    @property
    def scope(self) -> Scope:
        return scope_of(self.post)


@dataclass
class Visit:
    """One request of somebody who is logged in. `session` is the web role's, and sees what the post sees.

    `sought`: the words in the page's address; `seal`: how words get into one.
    """

    request: Request
    parts: Parts
    me: Me
    seal: Seal
    sought: Sought
    session: AsyncSession
    plan: Plan
    calendar: Calendar
    now: datetime

    @property
    def today(self) -> date:
        return self.calendar.day_of(self.now)

    @property
    def area(self) -> str:
        """The area in which the post lies; for a school's people their school's."""
        return self.me.post.area_code

    def speech(self, page: str) -> Speech:
        return Speech(self.me.language, page)

    async def show(self, page: str, *, status: int = 200, **facts: Any) -> Response:
        """The page `templates/pages/PAGE.html` with its words, these facts, and the frame around it."""
        token = csrf_token(self.request)
        around = {
            "t": self.speech(page), "hour": Hour(self.calendar, self.now, self.me.language), "plan": self.plan, "me": self.me,
            "csrf": token, "page": page, "path": self.request.url.path, "here": self._here(), "sought": self.sought,
            "posts": await post_names(self.session, self.plan, self.me.posts, self.me.language), "now": self.now, "today": self.today,
            "menu": self.request.app.state.menu, "said": self.request.query_params.get("said", ""), "refused": None,
            "refused_act": self.request.query_params.get("refused", ""), "undo": await self._undo(),
        }  # fmt: skip
        response = HTMLResponse(environment().get_template(f"{page}.html").render({**around, **facts}), status)
        if self.request.cookies.get(CSRF_COOKIE) != token:  # it ends with the browser, the session does not
            keep_csrf(self.request, response, token)
        return response

    def _here(self) -> str:
        """The page's own address, to come back to; without what an act told it."""
        query = [(name, value) for name, value in self.request.query_params.multi_items() if name not in NEWS]
        return f"{self.request.url.path}?{urlencode(query)}" if query else self.request.url.path

    def kept(self, filters: Mapping[str, Any]) -> dict[str, Any]:
        """What a link to another piece of the same list, or to its export, carries on: the filters, and the words as they came."""
        return {**filters, **({SEAL: self.request.query_params[SEAL]} if self.sought.typed() else {})}

    async def _undo(self) -> int | None:
        """The task of the step that was just taken, while it can be taken back.

        The record of a task without a case is no school's to read: once the task itself is seen, the worker's log-in looks.
        """
        named = self.request.query_params.get("undo", "")
        if not named.isdecimal() or len(named) > LONGEST_ID:
            return None
        if await self.session.scalar(select(Task.id).where(Task.id == int(named))) is None:
            return None
        async with self.acting() as work:
            step = await last_step(work, self.plan, int(named), self.me.person_id)
        return int(named) if step is not None else None

    def within(self, table: type[Student] | type[CaseFile]) -> ColumnElement[bool]:
        """The rows of this post, as its policy has them: for what the worker's log-in counts or looks for in its place."""
        scope = self.me.scope
        if scope.class_id is not None:
            return table.class_id == scope.class_id
        if scope.school_id is not None:
            return table.school_id == scope.school_id
        return table.area_code.startswith(scope.area) | table.school_area_code.startswith(scope.area) if scope.area else false()

    def within_posts(self) -> ColumnElement[bool]:
        """The same of who answers for what."""
        scope = self.me.scope
        if scope.area:
            return Responsibility.area_code.startswith(scope.area)
        own = Responsibility.class_id == scope.class_id if scope.class_id is not None else Responsibility.school_id == scope.school_id
        return own & Responsibility.school_id.is_not(None)

    @asynccontextmanager
    async def acting(self) -> AsyncIterator[Work]:
        """A unit of work in this person's name. Call it only for what this visit's own session has been seen to show."""
        async with working(self.parts.worker, self.now) as work:
            yield work

    @property
    def actor(self) -> str:
        return f"person:{self.me.person_id}"

    async def crumbs(self, area_code: str) -> list[tuple[str, str]]:
        """(code, name) of the areas from the reader's own down to this one."""
        codes = [area_code[:length] for length in CODE_LENGTH.values() if len(self.area) <= length <= len(area_code)]
        names = await area_names(self.session, codes)
        return [(code, names[code]) for code in codes if code in names]


async def visiting(request: Request) -> AsyncIterator[Visit]:
    """The dependency of every page. Raises NotEntered, which leads to the log-in, and SearchOver."""
    parts: Parts = request.app.state.parts
    now = await parts.clock.now()
    me = await who(request, parts, now)
    seal = Seal(parts.cipher, session_token(request))
    sought = seal.open(request.query_params)
    async with parts.web.seeing(me.scope) as session:
        plan = (await plan_in_force(session))[1]
        yield Visit(request, parts, me, seal, sought, session, plan, Calendar(plan), now)


Visiting = Annotated[Visit, Depends(visiting)]


async def who(request: Request, parts: Parts, now: datetime) -> Me:
    """Whoever has this browser's session. Raises NotEntered, also for a session whose person has left office."""
    token = session_token(request)
    if not token:
        raise NotEntered
    async with working(parts.worker, now) as work:
        found = await session_of(work, token)
        if found is None:
            raise NotEntered
        posts = await posts_of(work, found.person_id, await local_day(work))
        if not posts or (needs_second_factor(posts) and not found.is_strong):
            raise NotEntered
        name = await work.session.scalar(select(Person.name).where(Person.id == found.person_id)) or ""
        return Me(found.person_id, name, _post(found, posts), posts, found.id, found.language)


def _post(found: ConsoleSession, posts: Sequence[Responsibility]) -> Responsibility:
    return next((post for post in posts if post.id == found.responsibility_id), posts[0])


async def local_day(work: Work) -> date:
    """Today where the plan is in force. Raises NotEntered where none is yet."""
    try:
        plan = (await plan_in_force(work.session))[1]
    except LookupError as error:
        raise NotEntered from error
    return Calendar(plan).day_of(work.now)


async def post_names(session: AsyncSession, plan: Plan, posts: Sequence[Responsibility], language: str) -> dict[int, str]:
    """Post → role and place."""
    speech = Speech(language, FRAME)
    areas = await area_names(session, {post.area_code for post in posts})
    schools = dict((await session.execute(select(School.id, School.name).where(School.id.in_({post.school_id for post in posts})))).all())
    rooms = select(SchoolClass.id, SchoolClass.name).where(SchoolClass.id.in_({post.class_id for post in posts}))
    classes = dict((await session.execute(rooms)).all())
    named = {}
    for post in posts:
        area = areas.get(post.area_code, post.area_code)
        place = schools.get(post.school_id or 0, area) + classes.get(post.class_id or 0, "")
        named[post.id] = f"{speech.in_dict(plan.roles, post.role)} · {place}"
    return named


def see_other(path: str, /, **query: str) -> RedirectResponse:
    """After an act: the browser asks for the page anew."""
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)


def own_path(path: str) -> str:
    """Only a path of ours."""
    return path if path.startswith("/") and not path.startswith("//") and "\\" not in path else "/today"


def gone() -> HTTPException:
    """What may not be seen is not there."""
    return HTTPException(404)


Kind = TypeVar("Kind")


async def place_of(visit: Visit, table: type[Kind], key: int | None) -> Kind | None:
    """A child's school or class; None for a child without one."""
    return await visit.session.get(table, key) if key is not None else None


Blank = Annotated[Kind, BeforeValidator(lambda given: None if given == "" else given)]
"""A field of a form that was left empty is no value."""
