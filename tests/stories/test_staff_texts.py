"""What teachers and officers write besides answers: orders while a sheet is open, and what nobody can read."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from storage.tables import Absence, AttendanceSheet, Leave, StandIn, Student
from tests.stories.county import County


@pytest.fixture
async def asked(county: County) -> County:
    """Monday 08:31: the class teacher has the sheet, and has not answered it."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"], seat=5)
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].expects("三(2)班")
    return county


ORDERS = (
    ("我的", "没有待办"),
    ("帮助", "待办答复"),
    ("查 3", "没有查到"),
    ("查00017", "没有查到"),
    ("查 马小龙", "没有查到"),
    ("台账", "台账"),
    ("请假，由王校长代", "请假到哪天"),
    ("我请假到周五", "由谁代"),
)


async def sheets(county: County) -> list[str]:
    async with county.database.session() as session:
        return list(await session.scalars(select(AttendanceSheet.state)))


async def test_an_order_is_carried_out_though_the_sheet_is_open(asked: County) -> None:
    teacher = asked.phones["class_teacher"]
    for text, words in ORDERS:
        await teacher.replies(text)
        assert "考勤" not in await teacher.expects(words)
        await asked.stage.advance(minutes=6)
    assert await sheets(asked) == ["asked"]
    await teacher.replies("0")
    assert await sheets(asked) == ["answered"]


async def test_a_teacher_goes_on_leave_and_comes_back_before_the_sheet_is_answered(asked: County) -> None:
    teacher = asked.phones["class_teacher"]
    await teacher.replies("请假到周五，由王校长代")
    await teacher.expects("王校长")
    async with asked.database.session() as session:
        assert await session.scalar(select(StandIn.substitute_person_id)) == asked.people["principal"]
    await asked.stage.advance(minutes=6)
    await teacher.replies("回来了")
    assert "考勤" not in await teacher.expects("回来")


async def test_orders_reach_the_attendance_officer_who_took_a_sheet_over(asked: County) -> None:
    await asked.to("2026-11-02 11:05")
    officer = asked.phones["attendance_officer"]
    await officer.expects("三(2)班")
    for text, words in ORDERS[1:4]:
        await officer.replies(text)
        await officer.expects(words)
        await asked.stage.advance(minutes=6)
    await officer.replies("三(2)班 全到")
    assert await sheets(asked) == ["answered"]


async def test_a_pupils_leave_and_a_pupil_named_like_an_order_stay_on_the_sheet(asked: County) -> None:
    teacher = asked.phones["class_teacher"]
    async with asked.database.session() as session, session.begin():
        for before, name in (("同学0", "查理"), ("同学1", "我的")):
            await session.execute(update(Student).where(Student.name == before).values(name=name))
    await teacher.replies("我的")
    await teacher.expects("三(2)班", "我的")
    await asked.stage.advance(minutes=6)
    await teacher.replies("小龙请假到周五，查理")
    await teacher.expects("小龙", "查理")
    async with asked.database.session() as session:
        absent = set(await session.scalars(select(Absence.student_id)))
        assert absent == {asked.students[one] for one in ("马小龙", "同学0", "同学1")}
        assert await session.scalar(select(Leave.student_id)) == asked.students["马小龙"]
