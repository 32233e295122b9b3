"""The demo's county: made once, gone on with, and populated by colleagues who do their own work."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fanxiao import demo_county
from fanxiao.demo_county import demo_settings, first_morning, open_county
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.check import read_plan
from storage.crypto import Cipher
from storage.database import Database
from storage.server import Server
from storage.tables import AttendanceSheet, Student
from tests.stories.county import PLAN, local


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
