"""How long the console's pages take on a prefecture's data, how large they are, and what their queries alone would take.

    python -m bench.console [students] [folder]

The web process runs beside this one and is asked over HTTP, logged in as the prefecture, a county, a township and a principal. Bytes are
those on the line: the page and everything that it loads, compressed as it comes. The reference, in the same run, is the page's own
queries without the page: captured once, then run in their order on a bare connection of the same role. With a folder, the prefecture is
built there once and used again.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx
import psycopg
from sqlalchemy import event

from bench._console_pages import Look, Viewer, enter, looks, unlooked
from bench._console_web import console
from bench._county import NOW, County, installed
from bench._past import live_through
from bench._prefecture import people_prefecture
from bench._web import free_port, web
from cases.plans import install_plan, plan_in_force
from console.security import SESSION_COOKIE
from fanxiao.files import PLAN, TEMPLATES
from fanxiao.running import run
from scheduler.daily import COUNTS
from storage.database import Database
from storage.roles import Role
from storage.server import keywords
from storage.work import working

STUDENTS, ROUNDS, BARE_ROUNDS = 350_000, 9, 3
MOST_MS, MOST_BYTES = 300.0, 200_000
LOADED = re.compile(r'(?:src|href|data-library)="(/static/[^"]+)"')
PATIENCE, TIMED_OUT = 120.0, 599
HEADERS = {"accept": "text/html", "accept-encoding": "gzip, deflate", "accept-language": "zh-CN"}


@dataclass
class Found:
    """One address of one viewer. Times in ms; `bare`: of the page's queries alone; `sent`: the first load, `page`: the page of it."""

    viewer: str
    look: Look
    times: list[float] = field(default_factory=list)
    bare: float = 0.0
    queries: int = 0
    page: int = 0
    sent: int = 0
    status: int = 200

    @property
    def middle(self) -> float:
        return median(self.times or [0.0])

    @property
    def p95(self) -> float:
        return quantiles(self.times, n=20, method="inclusive")[-1] if len(self.times) > 1 else self.middle

    @property
    def ratio(self) -> float:
        return self.middle / self.bare if self.queries else 0.0

    @property
    def is_over(self) -> bool:
        return not self.look.is_file and (self.middle > MOST_MS or self.sent > MOST_BYTES)


async def _install(county: County) -> None:
    database = county.database()
    async with working(database, NOW) as work:
        await install_plan(work, PLAN.read_text(encoding="utf-8"), [path.stem for path in (TEMPLATES / "messages").glob("*.yaml")])
    await database.close()


async def _night(county: County) -> None:
    """What the night before has counted."""
    database, before = county.database(), NOW - timedelta(hours=6)
    for name, job in COUNTS.items():
        begun = time.perf_counter()
        async with working(database, before) as work:
            _, plan = await plan_in_force(work.session)
            await job(work, plan, NOW.date())
        print(f"{name} {time.perf_counter() - begun:.1f} s", flush=True)
    await database.close()


def _build(county: County, students: int) -> None:
    """Once; a second run finds it."""
    begun = time.perf_counter()
    if not county.rows("select count(*) from student")[0][0]:
        asyncio.run(_install(county))
        people_prefecture(county, students)
        live_through(county)
        print(f"prefecture of {students} students built in {time.perf_counter() - begun:.0f} s", flush=True)
    if not county.rows("select count(*) from kept_count")[0][0]:
        asyncio.run(_night(county))


class Captured:
    """The statements that a page asked, in their order: (role, statement, values)."""

    def __init__(self, **databases: Database) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        for role, database in databases.items():
            event.listen(database.engine.sync_engine, "before_cursor_execute", self._hear(role))

    def _hear(self, role: str) -> Callable[..., None]:
        def hear(_: Any, __: Any, statement: str, values: Any, ___: Any, is_many: bool) -> None:
            if not is_many:
                self.asked.append((role, statement, values))

        return hear


async def _capture(app: Any, captured: Captured, viewer: Viewer, look: Look) -> list[tuple[str, str, Any]]:
    captured.asked.clear()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=HEADERS, timeout=120) as http:
        http.cookies.set(SESSION_COOKIE, viewer.cookie)
        await http.get(look.address)
    return list(captured.asked)


class Bare:
    """Runs captured statements on plain connections, one of each role, and leaves nothing behind."""

    def __init__(self, county: County) -> None:
        self._connections: dict[str, psycopg.Connection] = {}
        for name, role in (("web", Role.WEB), ("worker", Role.WORKER)):
            self._connections[name] = psycopg.connect(**keywords(county.server.logins[role]))

    def run(self, asked: Sequence[tuple[str, str, Any]]) -> float:
        """Milliseconds, rows fetched."""
        begun = time.perf_counter()
        for role, statement, values in asked:
            cursor = self._connections[role].execute(statement.encode(), values)
            if cursor.description:
                cursor.fetchall()
        spent = (time.perf_counter() - begun) * 1000
        for connection in self._connections.values():
            connection.rollback()
        return spent

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


def _measure(http: httpx.Client, found: Found, sizes: dict[str, int]) -> None:
    """A page several times, after a first look that fills caches as somebody else's did this morning; a file once."""
    if not found.look.is_file:
        found.status = http.get(found.look.address).status_code
        if found.status >= 500:
            return
    for _ in range(1 if found.look.is_file else ROUNDS):
        begun = time.perf_counter()
        answer = http.get(found.look.address)
        found.times.append((time.perf_counter() - begun) * 1000)
    found.status, found.page = answer.status_code, answer.num_bytes_downloaded
    loaded = set() if found.look.is_file else set(LOADED.findall(answer.text))
    for path in loaded - sizes.keys():
        sizes[path] = http.get(path).num_bytes_downloaded
    found.sent = found.page + sum(sizes[path] for path in loaded)


@contextmanager
def _asking(viewer: Viewer, url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers=HEADERS, timeout=PATIENCE) as http:
        http.cookies.set(SESSION_COOKIE, viewer.cookie)
        yield http


def _over_http(home: Path, viewers: Sequence[Viewer], chosen: dict[str, list[Look]]) -> list[Found]:
    everything, sizes = [], dict[str, int]()
    with web(home, free_port(), {}, "bench._console_web") as url:
        for viewer in viewers:
            for look in chosen[viewer.name]:
                everything.append(found := Found(viewer.name, look))
                with _asking(viewer, url) as http, suppress(httpx.TransportError):
                    found.status = TIMED_OUT
                    _measure(http, found, sizes)
            print(f"{viewer.name}: {len(chosen[viewer.name])} addresses", file=sys.stderr, flush=True)
    return everything


async def _without_page(county: County, viewers: Sequence[Viewer], everything: Sequence[Found]) -> None:
    """Fills in what the queries of each page alone take."""
    databases = {"web": Database(county.server.url(Role.WEB)), "worker": Database(county.server.url(Role.WORKER))}
    captured, bare = Captured(**databases), Bare(county)
    app = console(county.home, databases["web"], databases["worker"])
    by_name = {viewer.name: viewer for viewer in viewers}
    for found in everything:
        if found.look.is_file:
            continue
        asked = await _capture(app, captured, by_name[found.viewer], found.look)
        found.queries = len(asked)
        found.bare = median(bare.run(asked) for _ in range(BARE_ROUNDS))
    bare.close()
    for database in databases.values():
        await database.close()


def _table(everything: Sequence[Found]) -> None:
    print(f"{'viewer':10} {'address':44} {'ms':>7} {'p95':>7} {'bare':>7} {'ratio':>5} {'sql':>4} {'page kB':>8} {'load kB':>8}")
    for one in sorted(everything, key=lambda one: (one.look.is_file, -one.middle)):
        note = "" if one.status == 200 else f" ({one.status})"
        print(f"{one.viewer:10} {one.look.path[:44]:44} {one.middle:7.0f} {one.p95:7.0f} {one.bare:7.0f} {one.ratio:5.1f} {one.queries:4}"
              f" {one.page / 1000:8.1f} {one.sent / 1000:8.1f}{' OVER' if one.is_over else ''}{note}")  # fmt: skip


def main(students: int, folder: Path) -> int:
    """Gives the number of pages that are over, or that failed."""
    with installed(folder) as county:
        _build(county, students)
        viewers = enter(county)
        chosen = {viewer.name: looks(county, viewer) for viewer in viewers}
        forgotten = unlooked([look for found in chosen.values() for look in found])
        everything = _over_http(folder, viewers, chosen)
        run(_without_page(county, viewers, everything))
    _table(everything)
    pages = [one for one in everything if not one.look.is_file]
    over, broken = [one for one in pages if one.is_over], [one for one in everything if one.status >= 400]
    slowest, largest = max(pages, key=lambda one: one.middle), max(pages, key=lambda one: one.sent)
    for one in broken:
        print(f"{one.status}: {one.viewer} {one.look.path}")
    print(f"load of the machine meanwhile: {os.getloadavg()[2]:.1f} on {os.cpu_count()} cores (times grow with it, ratios hardly)")
    print(f"not opened by this bench: {', '.join(forgotten) or 'none'}")
    print(f"over {MOST_MS:.0f} ms or {MOST_BYTES // 1000} kB: {', '.join(f'{one.viewer} {one.look.path}' for one in over) or 'none'}")
    print(f"ratio to bare queries {sum(one.middle for one in pages) / sum(one.bare for one in pages):.2f}; slowest {slowest.middle:.0f} ms "
          f"({slowest.viewer} {slowest.look.path}, {slowest.ratio:.1f} of its queries), "
          f"largest {largest.sent / 1000:.0f} kB ({largest.look.path})")  # fmt: skip
    return len(over) + len(broken) + len(forgotten)


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS
    if len(sys.argv) > 2:
        sys.exit(1 if main(size, Path(sys.argv[2])) else 0)
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(1 if main(size, Path(temporary)) else 0)
