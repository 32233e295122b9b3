"""Boarders come back on Sunday evening: the teacher is asked who is missing, and the family the same evening."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from storage.tables import BoardingCheck, CalendarDay, Leave, MissingBoarder
from tests.stories.classes import board
from tests.stories.county import County


@pytest.fixture
async def school(county: County) -> County:
    await county.begin("2026-11-08 12:00")  # a Sunday
    await county.student("马小龙", guardians=["father"])
    await county.student("韩梅", guardians=["mother"])
    await county.student("祁甲")
    await county.others(6)
    await board(county, ["马小龙", "韩梅"])
    return county


async def checks(county: County) -> list[str]:
    async with county.database.session() as session:
        return list(await session.scalars(select(BoardingCheck.state).order_by(BoardingCheck.id)))


async def test_all_back_costs_one_message(school: County) -> None:
    await school.to("2026-11-08 19:01")
    teacher = school.phones["class_teacher"]
    await teacher.expects("住宿生2人", "今晚返校")
    await teacher.replies("0")
    await school.to("2026-11-08 22:00")
    await teacher.expects_nothing()
    assert await checks(school) == ["answered"]


async def test_the_family_of_a_missing_boarder_is_asked_that_evening(school: County) -> None:
    await school.to("2026-11-08 19:01")
    teacher, father = school.phones["class_teacher"], school.phones["father"]
    await teacher.replies("马小龙")
    await teacher.expects("没到马小龙")
    await father.expects("小龙", "今晚还没回学校住宿")
    await school.phones["mother"].expects_nothing()
    assert await school.cases() == []
    await father.replies("1")
    await school.to("2026-11-09 08:31")
    await teacher.new()
    await teacher.replies("1")
    await teacher.expects("马小龙", "请假")
    assert await school.cases() == []
    async with school.database.session() as session:
        assert len(list(await session.scalars(select(Leave)))) >= 1


async def test_why_a_boarder_is_missing_reaches_whoever_can_help_and_the_family_is_asked(school: County) -> None:
    await school.to("2026-11-08 19:01")
    teacher = school.phones["class_teacher"]
    await teacher.replies("马小龙打工去了，韩梅跑丢了")
    await teacher.expects("没到", "马小龙", "韩梅")
    told = await teacher.expects("情况已转告", "情况紧急")
    assert "赵干事" in told
    assert {(task.kind, task.student_id) for task in await school.tasks()} >= {
        ("child_labour_check", school.students["马小龙"]), ("safety", school.students["韩梅"]),
    }  # fmt: skip
    await school.phones["father"].expects("小龙", "今晚还没回学校住宿")
    await school.phones["mother"].expects("梅", "今晚还没回学校住宿")
    async with school.database.session() as session:
        assert set(await session.scalars(select(MissingBoarder.state))) == {"missing"}


async def test_one_who_comes_late_is_reported_to_the_family(school: County) -> None:
    await school.to("2026-11-08 19:01")
    teacher, father = school.phones["class_teacher"], school.phones["father"]
    await teacher.replies("1 2病")
    await father.expects("小龙")
    await teacher.replies("1 到了")
    await father.expects("放心", "小龙")
    await school.phones["mother"].expects_nothing()
    async with school.database.session() as session:
        assert list(await session.scalars(select(MissingBoarder.state))) == ["arrived"]


async def test_a_day_pupil_is_unknown_in_the_evening(school: County) -> None:
    await school.to("2026-11-08 19:01")
    await school.phones["class_teacher"].replies("3")
    await school.phones["class_teacher"].expects("没有3号")
    assert await checks(school) == ["asked"]


async def test_a_check_that_nobody_answers_is_told_to_the_principal(school: County) -> None:
    await school.to("2026-11-08 19:50")
    teacher = school.phones["class_teacher"]
    await teacher.expects("今晚返校")
    await teacher.expects("还没报")
    await school.to("2026-11-08 20:31")
    await school.phones["principal"].expects("三(2)班", "请今晚核实")
    assert await checks(school) == ["unanswered"]
    await teacher.replies("1")
    await school.phones["father"].expects("小龙")


async def test_only_the_evening_before_lessons_begin_again(school: County) -> None:
    async with school.database.session() as session, session.begin():
        session.add(CalendarDay(school_id=school.school_id, on=date(2026, 11, 9), is_school_day=False, reason="停课"))
    await school.to("2026-11-12 22:00")
    async with school.database.session() as session:
        assert list(await session.scalars(select(BoardingCheck.on))) == [date(2026, 11, 9)]


async def living(school: County) -> list[str]:
    return [task.kind for task in await school.tasks()]


async def test_why_several_boarders_stay_away_goes_to_whoever_can_help(school: County) -> None:
    """The families hear the same evening that the children are not where they sleep: they may not know."""
    await school.to("2026-11-08 19:01")
    teacher = school.phones["class_teacher"]
    await teacher.replies("韩梅要结婚了不来了，马小龙打工去了")
    await teacher.expects("韩梅情况已转告", "孙科长", "马小龙情况已转告", "赵干事")
    await school.phones["county_officer"].expects("韩梅")
    assert sorted(await living(school)) == ["betrothal_check", "child_labour_check"]
    await school.phones["father"].expects("今晚还没回学校")
    await school.phones["mother"].expects("今晚还没回学校")


async def test_a_boarder_who_is_beaten_is_an_alarm_about_that_child(school: County) -> None:
    """The family hears no more than that it is not where it sleeps."""
    await school.to("2026-11-08 19:01")
    await school.phones["class_teacher"].replies("马小龙被他爸打了不敢来")
    await school.phones["class_teacher"].expects("马小龙情况紧急")
    await school.phones["county_officer"].expects("紧急", "小龙")
    assert {task.student_id for task in await school.tasks() if task.kind == "safety"} == {school.students["马小龙"]}
    assert "打" not in (await school.phones["father"].expects("今晚还没回学校住宿")).replace("打错", "")


async def test_what_is_not_clear_of_a_boarder_is_asked_back(school: County) -> None:
    await school.to("2026-11-08 19:01")
    teacher = school.phones["class_teacher"]
    await teacher.replies("马小龙可能打工去了")
    await teacher.expects("没到马小龙")
    await teacher.expects("马小龙的情况没看准", "1打工")
    await teacher.replies("1")
    await teacher.expects("按“1打工”记下", "赵干事")
    assert await living(school) == ["child_labour_check"]


async def test_what_is_told_of_a_boarder_after_the_check_leaves_it_as_it_is(school: County) -> None:
    await school.to("2026-11-08 19:01")
    teacher = school.phones["class_teacher"]
    await teacher.replies("0")
    await school.stage.advance(minutes=6)
    await teacher.replies("韩梅要订婚了")
    await teacher.expects("韩梅情况已转告", "孙科长")
    async with school.database.session() as session:
        assert list(await session.scalars(select(MissingBoarder.state))) == []
