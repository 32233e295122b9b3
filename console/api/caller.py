"""Which key calls, whether it may, what it sees, and in whose name it acts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.child_search import schools_named
from cases.new_child import has_number
from cases.outward.calls import OtherCall, answer_given, keep_answer
from cases.outward.keys import is_within_rate, key_of, posts_behind
from cases.plans import plan_in_force
from cases.said import Said
from console.api.fields import ByNumber, Child, meaning
from console.api.problems import Problem
from console.parts import Parts
from plan.calendar import Calendar
from plan.model import Plan
from storage.database import Scope
from storage.tables import ApiKey, Responsibility, School, Student
from storage.work import Work, working

BEARER = HTTPBearer(auto_error=False, scheme_name="key", description="`fanxiao admin api-keys new`")
Given = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
Once = Annotated[
    str,
    Header(alias="Idempotency-Key", pattern=r"^[!-~]{8,80}$", description=meaning("once")),
]


@dataclass(frozen=True)
class Caller:
    """One call with a valid key. `session` is the web role's and sees what the key's area or school may see."""

    parts: Parts
    key: ApiKey
    posts: list[Responsibility]
    session: AsyncSession
    plan: Plan
    now: datetime
    path: str

    @property
    def today(self) -> date:
        return Calendar(self.plan).day_of(self.now)

    async def once(self, token: str, body: BaseModel, use: Callable[[Work], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Carries `use` out as the key's officer; the same call again gets the same answer. Refused, nothing has happened."""
        async with working(self.parts.worker, self.now) as work:
            try:
                earlier = await answer_given(work, self.key.id, token, self._digest(body))
            except OtherCall as error:
                raise Problem("other_call") from error
            if earlier is not None:
                return earlier
            answer = await use(work)
            await keep_answer(work, self.key.id, token, answer)
            work.record(
                "api_called", f"api_key:{self.key.id}", area_code=self.key.area_code, actor=f"person:{self.key.person_id}", path=self.path
            )
            return answer

    def _digest(self, body: BaseModel) -> bytes:
        """Keyed, because a body holds children's numbers."""
        said = json.dumps([self.path, body.model_dump(mode="json")], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(self.parts.cipher.index(said)).digest()

    def said(self, evidence: str, on: date | None) -> Said:
        """The word of the key's officer, within what the key covers."""
        return Said(self.plan, self.key.person_id, on or self.today, self.today, evidence.strip(), self.posts)

    async def seen_child(self, named: Child) -> int:
        """The child, if the key sees it. Raises Problem not_found."""
        found = await self.session.scalar(select(Student.id).where(self.named(named)))
        if found is None:
            raise Problem("not_found")
        return found

    def named(self, child: Child) -> Any:
        """The condition for this child; an identity number finds it, too."""
        if not isinstance(child, ByNumber):
            return Student.id == child.id
        return has_number(self.parts.cipher, child.number)

    async def seen_school(self, named: str) -> School:
        """The one school of this code or name that lies within what the key covers. Raises Problem not_found."""
        async with working(self.parts.worker, self.now) as work:
            found = [school for school in await schools_named(work, named.strip(), self.key.area_code) if self._covers(school)]
        if len(found) != 1:
            raise Problem("not_found")
        return found[0]

    def _covers(self, school: School) -> bool:
        return school.id == self.key.school_id if self.key.school_id else school.area_code.startswith(self.key.area_code)


async def caller(request: Request, scopes: SecurityScopes, given: Given) -> AsyncIterator[Caller]:
    """The dependency of every address. Raises Problem."""
    parts: Parts = request.app.state.parts
    now = await parts.clock.now()
    key, plan, posts = await _admit(parts, now, given.credentials if given is not None else "")
    if not set(scopes.scopes) <= set(key.scopes):
        raise Problem("not_in_scope")
    if not posts:
        raise Problem("out_of_office")
    scope = Scope(school_id=key.school_id) if key.school_id else Scope(area=key.area_code)
    async with parts.web.seeing(scope) as session:
        yield Caller(parts, key, posts, session, plan, now, request.url.path)


async def _admit(parts: Parts, now: datetime, secret: str) -> tuple[ApiKey, Plan, list[Responsibility]]:
    """The count of calls is kept whatever becomes of the call."""
    async with working(parts.worker, now) as work:
        key = await key_of(work, secret) if secret else None
        if key is None:
            raise Problem("no_key")
        is_in_rate = await is_within_rate(work, key)
        plan = (await plan_in_force(work.session))[1]
        posts = await posts_behind(work, key.person_id, key.area_code, key.school_id, Calendar(plan).day_of(now))
    if not is_in_rate:
        raise Problem("too_often")
    return key, plan, posts


Attending = Annotated[Caller, Security(caller, scopes=["attendance"])]
Enrolling = Annotated[Caller, Security(caller, scopes=["enrolment"])]
Asking = Annotated[Caller, Security(caller, scopes=["cases"])]
Hooking = Annotated[Caller, Security(caller, scopes=["hooks"])]
