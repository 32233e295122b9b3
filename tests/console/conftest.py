"""The demo page over a small county, called as a browser would."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bot.channels.simulator import Simulator
from bot.dialogs.route import route
from bot.worker import Worker
from console.app import create_app
from console.demo.colleagues import Colleagues
from console.demo.players import Players
from console.demo.scripts import Script
from console.demo.stand import Stand
from console.parts import Parts
from console.webhooks import Hooks
from plan.calendar import Calendar
from plan.check import read_plan
from scheduler.stage import Stage
from storage.crypto import Cipher
from storage.database import Database
from tests.stories.conftest import county
from tests.stories.county import CATALOGUE, PLAN, County

__all__ = ["Visitor", "county", "texts", "visitor"]


@dataclass
class Visitor:
    """A browser on the demo page."""

    county: County
    stand: Stand
    http: httpx.AsyncClient
    token: str = ""

    async def arrives(self) -> httpx.Response:
        page = await self.http.get("/demo")
        found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        self.token = found[1] if found else ""
        return page

    async def sees(self, **looking: Any) -> dict[str, Any]:
        answer = await self.http.get("/demo/state", params=looking)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def does(self, path: str, **body: Any) -> httpx.Response:
        return await self.http.post(path, json=body, headers={"X-CSRF-Token": self.token})

    async def steps(self, to: str = "event") -> dict[str, Any]:
        answer = await self.does("/demo/step", to=to)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def types(self, part: str, text: str) -> dict[str, Any]:
        contact = (await self.sees())["phones"][part]["contact"]
        answer = await self.does("/demo/reply", contact=contact, text=text)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def texts(state: dict[str, Any], part: str) -> list[str]:
    """What stands on a phone, oldest first."""
    return [bubble["text"] for bubble in state["phones"][part]["bubbles"]]


@pytest.fixture
async def visitor(database: Database, web: Database, cipher: Cipher) -> AsyncIterator[Visitor]:
    county = County(database, web, cipher)
    await county.begin("2026-11-02 08:25", channels=("simulator", "simulator_voice", "simulator_chat"))
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    plan, scripts, watched = read_plan(PLAN), dict[int, Script](), {county.class_id}
    players = Players(scripts, Calendar(plan))
    worker = Worker(database, county.stage.clock, county.settings, route(cipher))
    county.stage = stage = Stage(database, county.stage.clock, Colleagues(worker, web, cipher, "6229", watched, players))
    lines = [line for line in county.settings.channels.values() if isinstance(line, Simulator)]
    stand = Stand(web, cipher, stage, plan, CATALOGUE, "6229", [county.class_id], watched, lines, scripts)
    hooks = Hooks(web, cipher, county.stage.clock, {}, "http://test")
    parts = Parts(web, database, cipher, county.stage.clock, CATALOGUE)
    app = create_app(hooks, parts=parts, stand=stand, allowed_hosts=("test",))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
        guest = Visitor(county, stand, http)
        await guest.arrives()
        yield guest
