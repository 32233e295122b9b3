"""Rows that are due together are carried out together: one that fails, or that somebody holds, holds up none of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select

from cases import escalation
from scheduler.ticks import tick
from storage.database import Database
from storage.tables import CaseFile
from tests.stories.county import County, local

NOON = "2026-11-02 13:00"
NAMES = ["马小龙", "唐小花", "张小梅", "王小兰", "李小强", "赵小军", "陈小英", "杨小明"]


async def absent(county: County, *names: str) -> None:
    """These children are absent on a Monday, and their families do not answer."""
    await county.begin("2026-11-02 07:00")
    for name in names:
        await county.student(name, guardians=[f"father of {name}"])
    await county.others(40)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("，".join(names))
    assert len(await county.cases()) == len(names)


async def levels(county: County) -> list[int]:
    return [case.level for case in await county.cases()]


async def test_one_case_that_fails_is_tried_again_later_and_the_others_climb(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    await absent(county, *NAMES[:3])
    await county.to("2026-11-02 12:59")
    spoilt, enter = (await county.case("唐小花")).id, escalation.enter_level

    def fail(work: Any, case: CaseFile, *rest: Any, **more: Any) -> None:
        if case.id == spoilt:
            raise RuntimeError("spoilt")
        enter(work, case, *rest, **more)

    monkeypatch.setattr(escalation, "enter_level", fail)
    await county.to("2026-11-02 13:01")
    assert await levels(county) == [2, 1, 2]
    await county.phones["class_teacher"].expects("与家长联系")
    monkeypatch.undo()
    await county.to("2026-11-02 13:20")
    assert await levels(county) == [2, 2, 2]
    assert [await county.levels(name) for name in NAMES[:3]] == [[(1, "absence"), (2, "no_accepted_answer")]] * 3


async def test_a_case_that_somebody_holds_is_left_to_the_next_tick(county: County, database: Database) -> None:
    await absent(county, *NAMES[:3])
    await county.to("2026-11-02 12:59")
    held = (await county.case("唐小花")).id
    async with database.session() as session, session.begin():
        await session.execute(select(CaseFile.id).where(CaseFile.id == held).with_for_update())
        await tick(database, local(NOON))
        assert await levels(county) == [2, 1, 2]
    await tick(database, local(NOON))
    assert await levels(county) == [2, 2, 2]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


@pytest.mark.parametrize("number", [2, 8])
async def test_a_morning_of_overdue_tasks_asks_as_little_for_many_as_for_few(county: County, database: Database, number: int) -> None:
    await absent(county, *NAMES[:number])
    await county.after_outage("2026-11-07 07:29")  # what the township and the county owe is a day late
    with statements(database) as asked:
        await tick(database, local("2026-11-07 07:30"))
    assert len([task for task in await county.tasks() if task.reminder == "overdue-1"]) == 2 * number
    assert len(asked) < 70
