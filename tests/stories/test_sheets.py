"""A teacher's day: the sheet is asked, reminded, taken over, corrected; a class that is nearly all away is checked first."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from storage.tables import AttendanceSheet, CalendarDay
from tests.stories.county import County


@pytest.fixture
async def school(county: County) -> County:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("马小虎", guardians=["mother"])
    await county.others(8)
    return county


async def state(county: County) -> list[str]:
    async with county.database.session() as session:
        return list(await session.scalars(select(AttendanceSheet.state).order_by(AttendanceSheet.on)))


async def test_all_present_costs_one_message_and_opens_nothing(school: County) -> None:
    await school.to("2026-11-02 08:31")
    teacher = school.phones["class_teacher"]
    await teacher.expects("三(2)班", "10人")
    await teacher.replies("0")
    await school.to("2026-11-02 20:00")
    await teacher.expects_nothing()
    assert await school.cases() == []


async def test_an_unanswered_sheet_is_reminded_taken_over_and_told_at_noon(school: County) -> None:
    await school.to("2026-11-02 08:31")
    teacher, officer = school.phones["class_teacher"], school.phones["attendance_officer"]
    await teacher.expects("全到回0")
    await school.to("2026-11-02 09:31")
    await teacher.expects("三(2)班")
    await school.to("2026-11-02 10:16")
    await teacher.expects("三(2)班")
    await officer.expects_nothing()
    await school.to("2026-11-02 11:01")
    await officer.expects("三(2)班")
    await school.to("2026-11-02 12:01")
    await school.phones["principal"].expects("三(2)班")
    await officer.replies("1")
    assert await state(school) == ["answered"]
    assert len(await school.cases()) == 1


async def test_a_sheet_that_nobody_answers_says_nothing_about_anybody(school: County) -> None:
    await school.to("2026-11-02 19:00")
    assert await state(school) == ["unanswered"]
    assert await school.cases() == []


async def test_a_correction_before_the_family_is_asked_cancels_the_question(school: County) -> None:
    await school.to("2026-11-02 08:31")
    await school.phones["class_teacher"].replies("1")
    await school.phones["class_teacher"].replies("1 到了")
    await school.to("2026-11-02 19:00")
    await school.phones["father"].expects_nothing()
    case = await school.case("马小龙")
    assert (case.state, case.exit) == ("closed", "not_absent")


async def test_that_one_child_came_says_nothing_of_the_others(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await school.to("2026-11-02 08:31")
    await teacher.replies("1")
    await school.to("2026-11-03 08:31")
    await teacher.new()
    await teacher.replies("1到了")
    await teacher.expects("只说了马小龙到了", "全到请回0", "没有改动")
    assert await state(school) == ["answered", "asked"]
    await teacher.replies("0")
    await teacher.expects_nothing()  # the plain yes to what was asked
    assert await state(school) == ["answered", "answered"]
    assert (await school.case("马小龙")).back_on == date(2026, 11, 3)


async def test_a_correction_afterwards_tells_the_family(school: County) -> None:
    await school.to("2026-11-02 08:31")
    await school.phones["class_teacher"].replies("1")
    await school.stage.advance(minutes=5)
    await school.phones["father"].expects("小龙")
    await school.phones["class_teacher"].replies("1到了")
    await school.phones["father"].expects("小龙")
    await school.to("2026-11-02 19:00")
    await school.phones["father"].expects_nothing()


async def test_names_with_known_reasons_are_excused(school: County) -> None:
    await school.to("2026-11-02 08:31")
    await school.phones["class_teacher"].replies("马小龙病，2")
    await school.stage.advance(minutes=5)
    await school.phones["father"].expects_nothing()
    await school.phones["mother"].expects("小虎")
    assert [case.student_id for case in await school.cases()] == [school.students["马小虎"]]


async def test_a_nearly_empty_class_is_confirmed_by_the_principal_before_families_are_asked(school: County) -> None:
    await school.to("2026-11-02 08:31")
    await school.phones["class_teacher"].replies("1 2 3 4 5")
    await school.stage.advance(minutes=10)
    await school.phones["father"].expects_nothing()
    assert await state(school) == ["held"]
    await school.phones["principal"].expects("大量缺勤")
    await school.phones["principal"].replies("3 属实，下雪路断")
    await school.stage.advance(minutes=4)
    await school.phones["father"].expects("小龙")
    assert len(await school.cases()) == 5


async def test_no_sheet_on_a_holiday_and_one_on_a_make_up_day(school: County) -> None:
    async with school.database.session() as session, session.begin():
        session.add(CalendarDay(school_id=school.school_id, on=date(2026, 11, 3), is_school_day=False, reason="运动会"))
        session.add(CalendarDay(school_id=school.school_id, on=date(2026, 11, 7), is_school_day=True, reason="补课"))
    await school.to("2026-11-09 07:00")
    async with school.database.session() as session:
        days = list(await session.scalars(select(AttendanceSheet.on).order_by(AttendanceSheet.on)))
    assert days == [date(2026, 11, day) for day in (2, 4, 5, 6, 7)]


async def test_yesterday_can_be_corrected(school: County) -> None:
    await school.to("2026-11-02 08:31")
    await school.phones["class_teacher"].replies("0")
    await school.to("2026-11-03 08:31")
    await school.phones["class_teacher"].replies("0")
    await school.phones["class_teacher"].replies("昨天 2")
    async with school.database.session() as session:
        sheets = {sheet.on: sheet.state for sheet in await session.scalars(select(AttendanceSheet))}
    assert sheets[date(2026, 11, 2)] == "answered"
    assert (await school.case("马小虎")).first_absent_on == date(2026, 11, 2)


async def test_a_word_about_the_class_gets_its_sentence_though_no_sheet_is_open(school: County) -> None:
    await school.to("2026-11-02 08:31")
    teacher = school.phones["class_teacher"]
    await teacher.replies("0")
    for text, words in (
        ("33号没来", "班里没有33号"),
        ("三9班一个没来", "三9班不是您负责的班级"),
        ("应到10实到7", "缺的3人是谁"),
        ("更正", "11月2日报的是全到"),
    ):
        await teacher.replies(text)
        await teacher.expects(words)
    assert await school.cases() == []
    assert await school.tasks() == []
