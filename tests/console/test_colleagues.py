"""The demo's county: made once, gone on with, and populated by colleagues who do their own work."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from bot.rendering import letters
from cases.delivering import issue_by_name
from console.app import create_app
from console.demo.scripts import scripts
from console.webhooks import Hooks
from fanxiao import demo_county
from fanxiao.commands.demo import HOSTS, demo_parts
from fanxiao.demo_county import demo_settings, first_morning, open_county
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from papers.typesetting import qr
from plan.calendar import Calendar
from plan.check import read_plan
from storage.crypto import Cipher
from storage.database import Database
from storage.server import Server
from storage.tables import AttendanceSheet, Notice, Student, Task, TaskHolder
from storage.work import working
from tests.stories.county import PLAN, local

URL = "http://127.0.0.1:8420/"


@pytest.fixture
def storage(empty_server: Server, owner: Database, database: Database, web: Database, cipher: Cipher) -> Storage:
    return Storage(empty_server, owner, database, web, cipher)


async def test_the_county_is_made_once_and_gone_on_with(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_county, "PAGE", demo_county.Size(3, 2, 5))
    made = await open_county(storage, Settings())
    begun = await made.stage.now()
    assert Calendar(made.engine.plan).local(begun).strftime("%H:%M") == "08:25"
    assert made.stand.area_code == "6229"
    assert len(made.stand.played) == 3
    assert made.engine.settings.signatures["622926"] == "东乡族自治县教育局"

    await made.stage.advance(minutes=10)

    async with storage.worker.session() as session:
        found = await session.execute(select(AttendanceSheet.state, func.count()).group_by(AttendanceSheet.state))
        assert dict(found.all()) == {"answered": 5, "asked": 1}  # one class is the visitor's
        children = await session.scalar(select(func.count()).select_from(Student))

    again = await open_county(storage, Settings())
    assert await again.stage.now() == await made.stage.now()
    async with storage.worker.session() as session:
        assert await session.scalar(select(func.count()).select_from(Student)) == children


async def test_the_code_on_a_printed_notice_leads_to_the_demos_own_receipt_page(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The code is read where it is drawn: its address is opened at the demo as a phone would."""
    addresses: list[str] = []

    def drawn(address: str) -> str:
        addresses.append(address)
        return qr(address)

    monkeypatch.setattr(letters, "qr", drawn)
    monkeypatch.setattr(demo_county, "PAGE", demo_county.Size(3, 1, 3))
    made = await open_county(storage, Settings())
    notice = await _issued(made, storage)
    hooks = Hooks(storage.web, storage.cipher, made.engine.clock, made.engine.channels, URL, tmp_path)
    app = create_app(hooks, parts=demo_parts(storage, made, URL), stand=made.stand, allowed_hosts=HOSTS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL) as http:
        await http.get("/demo")
        token = http.cookies["fanxiao_csrf"]
        shown = (await http.get("/demo/state", params={"child": notice.student_id})).json()
        office = {"csrf": token, "contact": shown["phones"]["township"]["contact"], "child": notice.student_id, "case": notice.case_id}
        assert (await http.post("/demo/console", data=office)).headers["location"] == f"/cases/{notice.case_id}"
        printed = await http.post("/notices/print", data={"csrf": token, "ids": str(notice.id)})
        assert printed.headers["content-type"] == "application/pdf"
        (address,) = addresses
        assert address.startswith(f"{URL}r/")
        page = await http.get(address)
        assert page.status_code == 200
        assert str(notice.number) in page.text


async def _issued(made: demo_county.DemoCounty, storage: Storage) -> Notice:
    """The first notice of a story that plays by itself, before it is delivered."""
    await made.stand.begin(replace(scripts()["climbs"], staff=False), None)
    for _ in range(8):
        await made.stand.next_day()
        async with storage.worker.session() as session:
            draft = (await session.scalars(select(Notice))).first()
        if draft is not None:
            break
    assert draft is not None
    async with working(storage.worker, await made.stage.now()) as work:
        held = select(TaskHolder.person_id).join(Task).where(Task.notice_id == draft.id, Task.kind == "issue_notice")
        by = (await work.session.scalars(held)).first()
        assert by is not None
        assert await issue_by_name(work, draft.id, by) is None
    async with storage.worker.session() as session:
        return await session.get_one(Notice, draft.id)


def test_the_demo_never_touches_the_real_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://real/real")
    monkeypatch.setenv("FANXIAO_KEYS", "real")
    monkeypatch.setenv("FANXIAO_HOME", "/somewhere")
    settings = demo_settings(Settings(), None)
    assert (settings.database_url, settings.keys, settings.home) == (None, None, Path("/somewhere/demo"))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-24 15:00", date(2026, 11, 24)),
        ("2026-11-28 15:00", date(2026, 11, 30)),  # a Saturday
        ("2026-10-03 09:00", date(2026, 10, 8)),  # national holidays
        ("2026-07-20 09:00", date(2026, 8, 24)),  # summer
    ],
)
def test_it_begins_on_a_school_morning(now: str, expected: date) -> None:
    plan = read_plan(PLAN)
    begins = Calendar(plan).local(first_morning(plan, local(now)))
    assert (begins.date(), begins.hour, begins.minute) == (expected, 8, 25)
