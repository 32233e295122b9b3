"""One teacher, several classes: one message asks about all, and one answers; which class is meant is never guessed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import Absence, AttendanceSheet, SchoolClass, Student
from tests.stories.classes import room
from tests.stories.county import County


@pytest.fixture
async def school(county: County) -> County:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    for given in "甲乙丙丁戊己庚":
        await county.student(f"韩{given}")
    await room(county, "3", [f"祁{given}" for given in "甲乙丙丁戊己庚"])
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].expects("三(2)班", "三(3)班", "都全到回0")
    await county.phones["class_teacher"].expects_nothing()
    return county


async def states(county: County) -> dict[str, str]:
    async with county.database.session() as session:
        query = select(SchoolClass.name, AttendanceSheet.state).join(SchoolClass, SchoolClass.id == AttendanceSheet.class_id)
        return dict((await session.execute(query)).all())


async def absent(county: County) -> set[str]:
    async with county.database.session() as session:
        query = select(Student.name).join(Absence, Absence.student_id == Student.id).where(Absence.state.in_(("absent", "excused")))
        return set(await session.scalars(query))


@pytest.mark.parametrize("text", ["0", "都全到", "两个班都到齐了", "三(2)班、三(3)班都全到", "三2班全到三三班全到"])
async def test_one_message_says_that_all_of_both_are_there(school: County, text: str) -> None:
    await school.phones["class_teacher"].replies(text)
    assert await states(school) == {"三(2)班": "answered", "三(3)班": "answered"}
    await school.to("2026-11-02 12:30")
    await school.phones["class_teacher"].expects_nothing()


async def test_one_message_about_both(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("三2班 全到 三3班 1 2")
    text = await teacher.expects("三(3)班", "祁甲", "祁乙")
    assert "马小龙" not in text
    assert await absent(school) == {"祁甲", "祁乙"}
    assert set((await states(school)).values()) == {"answered"}


async def test_seats_without_a_class_are_asked_back(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("1 2")
    await teacher.expects("哪个班", "1三(2)班", "2三(3)班")
    assert await absent(school) == set()
    await teacher.replies("2")
    await teacher.expects("祁甲")
    assert await absent(school) == {"祁甲", "祁乙"}
    assert await states(school) == {"三(2)班": "asked", "三(3)班": "answered"}


async def test_a_name_says_which_class_it_is(school: County) -> None:
    await school.phones["class_teacher"].replies("马小龙 发烧")
    assert await absent(school) == {"马小龙"}
    assert await states(school) == {"三(2)班": "answered", "三(3)班": "asked"}


async def test_only_the_class_that_was_not_answered_is_reminded(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("三(3)班 全到")
    await school.to("2026-11-02 09:35")
    text = await teacher.expects("还没报")
    assert "三(2)班" in text
    assert "三(3)班" not in text
    await teacher.replies("0")
    assert set((await states(school)).values()) == {"answered"}


async def test_what_is_clear_is_taken_and_the_rest_is_asked_back(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("三2班 1 三3班 77")
    await teacher.expects("三(2)班", "马小龙")
    await teacher.expects("三(3)班", "没有77号")
    assert await states(school) == {"三(2)班": "answered", "三(3)班": "asked"}


async def test_a_correction_names_its_class(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("三2班 1 三3班 全到")
    await teacher.replies("三(2)班 1到了")
    assert await absent(school) == set()
    await teacher.replies("昨天三3班 1")
    await teacher.expects("没有考勤表")


async def test_the_one_who_took_the_sheets_over_answers_by_class(school: County) -> None:
    await school.to("2026-11-02 11:01")
    officer = school.phones["attendance_officer"]
    await officer.expects("三(2)班", "三(3)班", "控辍专干代报")
    await officer.replies("三2班全到 三3班 7号没来")
    assert await absent(school) == {"祁庚"}
    assert set((await states(school)).values()) == {"answered"}
    await officer.replies("三(3)班 7号到了")
    assert await absent(school) == set()


async def test_a_task_that_names_a_class_is_no_sheet(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("三2班 1 三3班 全到")
    await school.to("2026-11-02 14:05")
    await teacher.expects("与家长联系")
    await teacher.replies("3 三(2)班马小龙家长说明天送来")
    assert (await school.task("family_contact")).state == "done"
    assert await absent(school) == {"马小龙"}
