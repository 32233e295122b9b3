"""The nightly reconciliation: what disagrees is told once to whoever answers for it, and ends by itself or by their words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, update

from cases.reconciling.found import Found
from cases.reconciling.reports import Reported, compare
from cases.reports.answering import NOTHING_ELSE, confirm
from cases.reports.preparing import prepare
from plan.periods import period_of
from storage.tables import Absence, CaseFile, Difference, Event, Report, SchoolClass, Student, Task
from storage.work import working
from tests.fanxiao.conftest import Terminal
from tests.fanxiao.rows import add_case, add_school, add_sheet, at
from tests.fanxiao.test_admin import away
from tests.stories.county import County


async def kinds(county: County, *states: str) -> list[str]:
    async with county.database.session() as session:
        query = select(Difference.kind).where(Difference.state.in_(states or ("open",))).order_by(Difference.id)
        return list(await session.scalars(query))


async def spoil(county: County, *statements: object) -> None:
    """Somebody writes into the tables past the product: an import gone wrong, a table restored."""
    async with county.database.session() as session, session.begin():
        for statement in statements:
            await session.execute(statement)  # type: ignore[call-overload]


async def night(county: County, shell: Terminal) -> None:
    done = await shell("ledger", "reconcile")
    assert done.exit_code == 0, done.output


MON, TUE, WED, THU, FRI = (date(2026, 11, day) for day in (2, 3, 4, 5, 6))


@pytest.fixture
async def school(county: County) -> County:
    """Friday evening; one child of three is what each test is about."""
    await county.begin("2026-11-06 19:00")
    for name in ("马小龙", "同学0", "同学1"):
        await county.student(name, guardians=["father"] if name == "马小龙" else [])
    return county


async def week(county: County, absent: Collection[date]) -> int:
    """The class's sheets from Monday to Friday; the child was absent on these days. Gives the child."""
    child = county.students["马小龙"]
    for day in (MON, TUE, WED, THU, FRI):
        await add_sheet(county, county.class_id, day, [child] if day in absent else [])
    return child


async def test_a_difference_is_told_once_and_explained_in_words(school: County, shell: Terminal) -> None:
    """Absent day after day, and no case is there: told to the attendance officer on the next morning, once."""
    await week(school, [WED, THU, FRI])
    await night(school, shell)
    assert await kinds(school) == ["absent_without_case"]
    await school.to("2026-11-07 07:05")
    officer = school.phones["attendance_officer"]
    await officer.expects("对账", "锁南镇中心小学小龙", "连续缺勤，台账里没有", "11月9日12:00前")
    code = (await school.task("reconcile")).code
    await officer.replies(f"{code} 3")
    await officer.expects("写明情况")
    await officer.replies(f"{code} 3 台账被误删，今天重新立账")
    await officer.expects("办好了")
    await night(school, shell)
    assert (await kinds(school), await kinds(school, "explained")) == ([], ["absent_without_case"])
    async with school.database.session() as session:
        assert len(list(await session.scalars(select(Task).where(Task.kind == "reconcile")))) == 1
    assert "台账被误删" in (await shell("ledger", "differences")).stdout


async def test_a_difference_that_is_gone_ends_by_itself_and_may_come_back(school: County, shell: Terminal) -> None:
    child = await week(school, [MON, THU])
    await add_case(school, child, MON, back_on=TUE)
    await night(school, shell)
    await night(school, shell)
    assert await kinds(school) == ["back_but_absent"]
    thursday = update(Absence).where(Absence.student_id == child, Absence.on == THU)
    await spoil(school, thursday.values(state="withdrawn"))
    await night(school, shell)
    assert (await kinds(school), await kinds(school, "gone")) == ([], ["back_but_absent"])
    assert (await school.task("reconcile")).state == "cancelled"
    async with school.database.session() as session:
        events = await session.scalars(select(Event.action).where(Event.action.startswith("difference_")).order_by(Event.id))
        assert list(events) == ["difference_found", "difference_gone"]
    await spoil(school, thursday.values(state="absent"))
    await night(school, shell)
    assert await kinds(school) == ["back_but_absent"]


async def other_school(county: County, child: int) -> None:
    rooms = await add_school(county, "2162000002", "毛毛小学", "622926100201", [3])
    async with county.database.session() as session:
        there = (await session.get_one(SchoolClass, rooms[3])).school_id
    await spoil(county, update(Student).where(Student.id == child).values(school_id=there, class_id=rooms[3]))


async def test_every_register_is_compared(school: County, shell: Terminal) -> None:
    """One child after the other gets into each of the contradictions; each night finds that one and nothing else."""
    child = await week(school, [MON, WED])
    case = await add_case(school, child, MON)
    row, pupil = update(CaseFile).where(CaseFile.id == case.id), update(Student).where(Student.id == child)
    for spoilt, kind in (
        ((pupil.values(status="transferred"),), ["case_off_rolls"]),
        ((pupil.values(status="enrolled"), row.values(state="closed", exit="transferred", closed_at=at(TUE))), ["struck_off_on_rolls"]),
        ((row.values(exit="returned"),), ["closed_but_absent"]),
        ((row.values(closed_at=at(THU)),), []),
        ((row.values(state="open", exit=None, closed_at=None, first_absent_on=MON),), []),
    ):
        await spoil(school, *spoilt)
        await night(school, shell)
        assert await kinds(school) == kind
    await spoil(school, update(Absence).where(Absence.student_id == child, Absence.on == WED).values(state="arrived"))
    await night(school, shell)
    assert await kinds(school) == ["attending_with_case"]
    await other_school(school, child)
    await night(school, shell)
    assert await kinds(school) == ["case_other_school"]


async def test_the_night_does_it_by_itself_and_finds_nothing_in_ordinary_life(county: County) -> None:
    await away(county, "2026-11-03 08:31")
    await county.phones["class_teacher"].replies("0")
    await county.to("2026-11-04 06:00")
    async with county.database.session() as session:
        ran = (await session.scalars(select(Event).where(Event.action == "reconciled").order_by(Event.id))).all()
    assert [event.facts["found"] for event in ran] == [0, 0, 0]  # on each of the three mornings


def reported(numbers: dict[str, int], children: dict[str, list[int]]) -> Reported:
    return Reported(5, 1, "622926100", at(date(2026, 11, 30)), numbers, children)


def test_a_report_is_compared_child_by_child() -> None:
    same = reported({"suspected": 2, "dropout": 1}, {"suspected": [1, 2], "dropout": [3]})
    assert list(compare(same, {"suspected": [2, 1], "dropout": [3]})) == []
    found = list(
        compare(reported({"suspected": 1, "dropout": 2}, {"suspected": [1], "dropout": [3, 4]}), {"suspected": [1, 2], "dropout": [3]})
    )
    assert [(one.kind, one.student_id) for one in found] == [("report_child_missing", 2), ("report_child_added", 4)]
    assert {one.key for one in found} == {"report_child_missing:report:5:student:2", "report_child_added:report:5:student:4"}


def test_a_number_changed_by_hand_is_a_difference_of_its_own() -> None:
    (found,) = compare(reported({"dropout": 0}, {"dropout": [3]}), {"dropout": [3]})
    assert (found.kind, found.facts["stated"], found.facts["named"]) == ("report_number", 0, 1)
    assert list(compare(reported({}, {}), {"dropout": [3]})) == []
    assert isinstance(found, Found)


def test_a_reason_accounts_for_a_number_while_the_ledger_counts_the_same() -> None:
    said = replace(reported({"suspected": 0, "dropout": 2}, {"suspected": [1], "dropout": [3]}), reasoned=["dropout", "suspected"])
    assert list(compare(said, {"suspected": [1], "dropout": [3]})) == []
    numbers = [one.facts for one in compare(said, {"suspected": [1], "dropout": []}) if one.kind == "report_number"]
    assert [(one["list"], one["stated"], one["named"], one["counted"]) for one in numbers] == [("dropout", 2, 1, 0)]
    assert "report_number" not in {one.kind for one in compare(said, {"suspected": [], "dropout": [3]})}  # the officer was right


async def weekly(county: County) -> None:
    """The school's count of that week, prepared, computed and confirmed as the product does it."""
    async with working(county.database, await county.stage.now()) as work:
        await prepare(work, "weekly", period_of("week", FRI), "")
    await county.stage.settle()
    async with working(county.database, await county.stage.now()) as work:
        report = (await work.session.scalars(select(Report).where(Report.kind == "weekly"))).one()
        assert await confirm(work, report, county.people["attendance_officer"], NOTHING_ELSE) is None


async def test_a_submitted_report_is_compared_with_the_ledger_of_its_own_moment(school: County, shell: Terminal) -> None:
    child = await week(school, [MON, TUE, WED, THU, FRI])
    case = await add_case(school, child, MON)
    await weekly(school)
    await school.after_outage("2026-11-10 13:00")  # by now the child is away longer: that is no difference
    assert await kinds(school) == []
    await spoil(school, update(CaseFile).where(CaseFile.id == case.id).values(first_absent_on=FRI))
    await night(school, shell)
    assert await kinds(school) == ["report_child_added"]


async def test_a_number_corrected_with_a_reason_is_accounted_for_until_the_ledger_moves(school: County, shell: Terminal) -> None:
    """The attendance officer's message says why: no night asks again, unless what the system counts has changed since."""
    case = await add_case(school, await week(school, [MON, TUE, WED, THU, FRI]), MON)
    async with working(school.database, await school.stage.now()) as work:
        await prepare(work, "weekly", period_of("week", FRI), "")
    await school.stage.settle()
    officer = school.phones["attendance_officer"]
    await officer.expects("周报", "疑似辍学1人")
    await officer.replies("疑似 2 因为还有一名没建学籍的")
    await school.after_outage("2026-11-08 06:00")  # two nights
    assert await kinds(school, "open", "gone") == []
    moved = update(CaseFile).where(CaseFile.id == case.id)
    await spoil(school, moved.values(first_absent_on=FRI))
    await night(school, shell)
    assert await kinds(school) == ["report_child_added", "report_number"]
    await spoil(school, moved.values(first_absent_on=MON))
    await night(school, shell)
    assert (await kinds(school), await kinds(school, "gone")) == ([], ["report_child_added", "report_number"])
    assert {task.state for task in await tasks_of(school, "reconcile")} == {"cancelled"}


async def tasks_of(county: County, kind: str) -> list[Task]:
    async with county.database.session() as session:
        return list(await session.scalars(select(Task).where(Task.kind == kind)))
