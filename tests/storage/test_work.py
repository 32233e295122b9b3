"""What an attempt that fails leaves behind: nothing of its own, and all that was there before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from storage.database import Database
from storage.tables import Area, Event, Intent
from storage.work import Work, working

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def act(work: Work, name: str) -> None:
    work.session.add(Area(code=f"6229{name}", name=name, level="county", parent_code=None))
    work.record(name, "area:1", area_code="6229")
    work.say(name, None, "task_done", area_code="6229")


async def fail(work: Work) -> None:
    async with work.attempt():
        act(work, "02")
        raise ValueError("halfway")


async def test_a_failed_attempt_is_undone_whole_and_the_rest_stands(database: Database) -> None:
    async with working(database, NOW) as work:
        act(work, "01")
        with pytest.raises(ValueError, match="halfway"):
            await fail(work)
        async with work.attempt():
            act(work, "03")
    async with database.session() as session:
        assert list(await session.scalars(select(Area.name).order_by(Area.code))) == ["01", "03"]
        assert list(await session.scalars(select(Event.action).order_by(Event.id))) == ["01", "03"]
        assert list(await session.scalars(select(Intent.dedupe_key).order_by(Intent.id))) == ["01", "03"]
