"""A step that was just taken is taken back: exactly as it was before, while nothing has followed from it."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select

from cases.reports.preparing import prepare
from plan.periods import Period
from storage.tables import Task, TaskHolder
from storage.work import working
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County

__all__ = ["county"]
ROLES = ("class_teacher", "attendance_officer", "principal", "village_committee", "county_officer")


@pytest.fixture
async def head(county: County) -> Officer:
    """The school's head, who owes a talk with the family; the school has a designated person, too."""
    await county.begin(
        "2026-11-02 08:25", roles=("class_teacher", "attendance_officer", "principal", "village_committee", "county_officer")
    )
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-03 12:01")
    return await Officer(county, console_of(county)).enters("principal")


async def owed(county: County) -> tuple[Task, list[str]]:
    """The head's task, and who is asked for it."""
    task = await county.task("principal_contact")
    async with county.database.session() as session:
        held = select(TaskHolder.person_id).where(TaskHolder.task_id == task.id, TaskHolder.until.is_(None))
        ids = set(await session.scalars(held))
    return task, sorted(role for role, person in county.people.items() if person in ids)


def as_it_stands(task: Task) -> tuple[object, ...]:
    return task.state, task.acknowledged_by, task.acknowledged_at, task.due_at, task.postponed, task.reminder, task.next_at


async def takes_back(officer: Officer, task_id: int, location: str) -> str:
    """By the button that stands beside the news that it was done."""
    page = await officer.sees(location)
    assert f'action="/tasks/{task_id}/undo"' in page
    return (await officer.does(f"/tasks/{task_id}/undo")).headers["location"]


async def test_having_it_and_putting_it_off_are_taken_back(head: Officer) -> None:
    before, _ = await owed(head.county)
    for act, fields in (("take", {}), ("later", {"until": "2026-11-05", "said": "道路不通"})):
        done = await head.does(f"/tasks/{before.id}/{act}", **fields)
        changed, _ = await owed(head.county)
        assert as_it_stands(changed) != as_it_stands(before)
        assert await takes_back(head, before.id, done.headers["location"]) == "/tasks?said=undone"
        assert as_it_stands((await owed(head.county))[0]) == as_it_stands(before)


async def test_a_task_that_was_handed_on_comes_back_and_the_other_is_told(head: Officer) -> None:
    county, (task, _) = head.county, await owed(head.county)
    await head.does(f"/tasks/{task.id}/take")
    done = await head.does(f"/tasks/{task.id}/hand-on", to=str(county.people["attendance_officer"]))
    await county.phones["attendance_officer"].expects(task.code)
    assert (await owed(county))[1] == ["attendance_officer"]
    assert "undone" in await takes_back(head, task.id, done.headers["location"])
    back, people = await owed(county)
    assert (people, back.state, back.acknowledged_by) == (["principal"], "acknowledged", county.people["principal"])
    await county.phones["attendance_officer"].expects(task.code, "已收回")


async def test_not_after_its_time_nor_once_somebody_has_acted_upon_it(head: Officer) -> None:
    county, (task, _) = head.county, await owed(head.county)
    await head.does(f"/tasks/{task.id}/take")
    await county.stage.advance(minutes=11)
    assert "undo_too_late" in (await head.does(f"/tasks/{task.id}/undo")).headers["location"]
    assert "undo" not in re.sub(r"undo_too_late|/static/\S+", "", await head.sees(f"/tasks?said=taken&undo={task.id}"))
    done = await head.does(f"/tasks/{task.id}/hand-on", to=str(county.people["attendance_officer"]))
    assert "undo=" in done.headers["location"]
    await county.phones["attendance_officer"].replies(f"{task.code} 1")
    assert "undo_too_late" in (await head.does(f"/tasks/{task.id}/undo")).headers["location"]
    assert (await owed(county))[1] == ["attendance_officer"]
    assert "不能撤销" in await head.sees("/tasks?refused=undo_too_late")


async def test_staff_of_a_school_take_back_a_step_that_belongs_to_no_case(head: Officer) -> None:
    """A report's task: the record of it is the area's, and no school reads it; its own step may be taken back all the same."""
    county = head.county
    async with working(county.database, await county.stage.now()) as work:
        await prepare(work, "weekly", Period(date(2026, 11, 2), date(2026, 11, 8)), "")
    officer = await Officer(county, head.app).enters("attendance_officer")
    before = await county.task("confirm_report")
    assert before.case_id is None
    for act, fields in (("take", {}), ("hand-on", {"to": str(county.people["principal"])})):
        done = await officer.does(f"/tasks/{before.id}/{act}", **fields)
        assert await takes_back(officer, before.id, done.headers["location"]) == "/tasks?said=undone", act
        assert as_it_stands(await county.task("confirm_report")) == as_it_stands(before)
    other = await Officer(county, head.app).enters("class_teacher")
    assert "/undo" not in await other.sees(f"/tasks?said=taken&undo={before.id}")
