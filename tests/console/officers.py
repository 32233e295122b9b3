"""Officials at their browsers, over a story's county: they log in by the code that their simulated phone receives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx
import pyotp
from starlette.types import ASGIApp

from console.app import create_app
from console.parts import Parts
from console.webhooks import Hooks
from tests.stories.county import County

HTML = {"accept": "text/html", "accept-language": "zh-CN"}


def console_of(county: County) -> ASGIApp:
    """The console over this county, with the county's own clock."""
    hooks = Hooks(county.web, county.cipher, county.stage.clock, {}, "http://test")
    parts = Parts(county.web, county.database, county.cipher, county.stage.clock, county.settings.catalogue, county.settings.channels)
    return create_app(hooks, parts=parts, allowed_hosts=("test", "127.0.0.1"))


@dataclass
class Officer:
    """One browser."""

    county: County
    app: ASGIApp
    http: httpx.AsyncClient = field(init=False)
    secret: str = ""

    def __post_init__(self) -> None:
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://test", headers=HTML)

    @property
    def token(self) -> str:
        return self.http.cookies.get("fanxiao_csrf", "")

    async def does(self, path: str, **fields: str) -> httpx.Response:
        return await self.http.post(path, data={"csrf": self.token, **fields})

    async def sees(self, path: str) -> str:
        """The page, which has to be there."""
        answer = await self.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.headers.get('location', '')}"
        return answer.text

    async def looks_for(self, path: str, **typed: str) -> str:
        """Types words and filters into the page's form; the address to which that leads."""
        answer = await self.does("/find", to=path, **typed)
        assert answer.status_code == 303, f"{path}: {answer.status_code}"
        return answer.headers["location"]

    async def finds(self, path: str, **typed: str) -> str:
        """The page that comes of it."""
        return await self.sees(await self.looks_for(path, **typed))

    async def code(self, role: str) -> str:
        """The newest code on that person's phone."""
        await self.county.stage.settle()
        texts = [message.body for message in await self.county.phones[role].inbox()]
        return [code for text in texts for code in re.findall(r"验证码(\d{6})", text)][-1]

    async def enters(self, role: str) -> Officer:
        """Through all the doors."""
        await self.http.get("/login")
        assert (await self.does("/login", phone=self.county.phones[role].number)).headers["location"] == "/login/code"
        answer = await self.does("/login/code", code=await self.code(role))
        if answer.headers["location"] == "/login/second":
            answer = await self.second()
        assert answer.headers["location"] == "/today", answer.text
        return self

    async def second(self) -> httpx.Response:
        page = (await self.http.get("/login/second")).text
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
        self.secret = found[1].replace(" ", "") if found else self.secret
        return await self.does("/login/second", password=pyotp.TOTP(self.secret).at(await self.county.stage.now()))


async def away_for_days(county: County, roles: Iterable[str]) -> None:
    """A child whose teacher named it on Monday, and whose case nobody has looked at until Thursday noon."""
    await county.begin("2026-11-02 08:25", roles=roles)
    await county.student("马小龙", guardians=["father"])
    await county.others(2)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-05 12:01")
