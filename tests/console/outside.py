"""Another system with a key, over a story's county."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import httpx

from cases.imports.intake import student_key
from cases.outward.keys import SCOPES, Issue, issue
from console.app import create_app
from console.parts import Parts
from console.webhooks import Hooks
from storage.tables import Student
from storage.work import working
from tests.stories.county import County


@dataclass
class System:
    """Calls the real application with one key."""

    county: County
    secret: str
    key_id: int
    http: httpx.AsyncClient = field(init=False)
    _calls: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        county = self.county
        hooks = Hooks(county.web, county.cipher, county.stage.clock, {}, "http://test")
        catalogue = county.settings.catalogue
        parts = Parts(county.web, county.database, county.cipher, county.stage.clock, catalogue, private_hooks=True)
        self.app = create_app(hooks, parts=parts, allowed_hosts=("test", "127.0.0.1"))
        headers = {"Authorization": f"Bearer {self.secret}"}
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://test/api/v1", headers=headers)

    async def says(self, path: str, *, once: str = "", **body: Any) -> httpx.Response:
        key = once or f"call-{next(self._calls):08d}"
        if "room" in body:
            body["class"] = body.pop("room")
        return await self.http.post(path, json=body, headers={"Idempotency-Key": key})


async def system_of(
    county: County, role: str, area: str = "622926", *, scopes: tuple[str, ...] = SCOPES, per_minute: int = 6000, school: bool = False
) -> System:
    """With a key in the name of whoever holds this role."""
    async with working(county.database, await county.stage.now()) as work:
        asked = Issue("学校系统", county.people[role], area, scopes, 30, per_minute, county.school_id if school else None)
        key, secret = await issue(work, asked)
        return System(county, secret, key.id)


async def number(county: County, child: str, said: str) -> str:
    """Gives a story's child a register number."""
    async with county.database.session() as session, session.begin():
        student = await session.get_one(Student, county.students[child])
        student.register_index = student_key(county.cipher, said)
    return said
