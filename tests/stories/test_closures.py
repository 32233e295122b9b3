"""The school closes, or a class is out: one message, nobody is asked, the chain's clock waits; and it can be taken back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from storage.tables import AttendanceSheet, CalendarDay, Responsibility
from tests.stories.classes import room
from tests.stories.county import County


@pytest.fixture
async def school(county: County) -> County:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    for given in "甲乙丙丁戊己庚":
        await county.student(f"韩{given}")
    return county


async def sheets(county: County) -> list[tuple[date, str]]:
    async with county.database.session() as session:
        query = select(AttendanceSheet.on, AttendanceSheet.state).order_by(AttendanceSheet.on, AttendanceSheet.id)
        return [(on, state) for on, state in await session.execute(query)]


async def closed_days(county: County) -> list[date]:
    async with county.database.session() as session:
        return list(await session.scalars(select(CalendarDay.on).where(CalendarDay.is_school_day.is_(False)).order_by(CalendarDay.on)))


async def test_snow_on_the_same_morning_withdraws_what_was_asked(school: County) -> None:
    await school.to("2026-11-02 08:31")
    teacher, principal = school.phones["class_teacher"], school.phones["principal"]
    await teacher.expects("三(2)班")
    await principal.replies("停课 大雪")
    await principal.expects("全校", "11月2日", "停课(大雪)", "撤销")
    await teacher.expects("不用报了")
    await school.to("2026-11-02 19:00")
    await teacher.expects_nothing()
    assert await sheets(school) == [(date(2026, 11, 2), "withdrawn")]
    await teacher.replies("1")
    await teacher.expects("不上课")
    assert await school.cases() == []


@pytest.mark.parametrize(
    ("text", "said", "days"),
    [
        ("明天放假", "11月3日", [3]),
        ("周五放假", "11月6日", [6]),
        ("放假到周三", "11月2日至11月4日", [2, 3, 4]),
        ("因为下雪今天不上学了", "11月2日", [2]),
    ],
)
async def test_a_day_off_in_a_principals_own_words(school: County, text: str, said: str, days: list[int]) -> None:
    await school.phones["principal"].replies(text)
    await school.phones["principal"].expects("全校", said, "停课", "撤销")
    assert await closed_days(school) == [date(2026, 11, day) for day in days]


async def test_families_that_were_asked_are_told_and_no_case_is_left(school: County) -> None:
    await school.to("2026-11-02 08:31")
    await school.phones["class_teacher"].replies("1")
    await school.stage.advance(minutes=5)
    await school.phones["father"].expects("小龙")
    await school.phones["attendance_officer"].replies("停课")
    await school.phones["father"].expects("不用回了")
    assert (await school.case("马小龙")).state == "closed"
    await school.to("2026-11-02 20:00")
    await school.phones["father"].expects_nothing()


async def test_days_ahead_are_not_asked_and_the_chain_waits(school: County) -> None:
    await school.to("2026-11-02 08:31")
    await school.phones["class_teacher"].replies("1")
    await school.phones["principal"].replies("11月3日至11月5日停课 道路结冰")
    await school.phones["principal"].expects("11月3日至11月5日")
    await school.to("2026-11-05 20:00")
    assert [on for on, _ in await sheets(school)] == [date(2026, 11, 2)]
    assert (await school.case("马小龙")).level == 2
    await school.to("2026-11-06 08:31")
    await school.phones["class_teacher"].replies("1")
    await school.to("2026-11-06 12:05")
    assert (await school.case("马小龙")).level == 3


async def test_taken_back_the_sheet_is_asked_again(school: County) -> None:
    await school.to("2026-11-02 08:31")
    teacher, principal = school.phones["class_teacher"], school.phones["principal"]
    await principal.replies("停课到周三")
    await principal.expects("11月2日至11月4日")
    await principal.replies("撤销")
    await principal.expects("照常上课")
    await teacher.expects("照常上课", "请报考勤")
    await teacher.replies("0")
    assert await sheets(school) == [(date(2026, 11, 2), "answered")]
    assert await closed_days(school) == []
    await principal.replies("撤销")
    await principal.expects("没有可以撤销")


async def test_a_trip_concerns_one_class_only(school: County) -> None:
    await room(school, "3", [f"祁{given}" for given in "甲乙丙丁"])
    await school.phones["principal"].replies("三(3)班 外出 周三")
    await school.phones["principal"].expects("三(3)班", "11月4日", "外出")
    await school.to("2026-11-04 09:00")
    assert [on for on, _ in await sheets(school)].count(date(2026, 11, 4)) == 1
    assert [on for on, _ in await sheets(school)].count(date(2026, 11, 3)) == 2


@pytest.mark.parametrize(
    ("who", "text", "sentence"),
    [
        ("principal", "停课 10月30日", "已经过去"),
        ("principal", "三(9)班 周五 外出", "三(9)班不是您学校的班级"),
        ("principal", "停课到12月31日", "一次最多报14天"),
        ("principal", "下午停课", "半天"),
        ("principal", "下周一到周五秋游", "请写明班级"),
        ("class_teacher", "明天放假", "由校长、控辍专干报"),
        ("principal", "停课 11月7日", "本来就不上课"),
        ("class_teacher", "明天停课", "由校长、控辍专干报"),
        ("class_teacher", "明天李老师代我点名", "没有找到"),
    ],
)
async def test_what_cannot_be_is_said_and_changes_nothing(school: County, who: str, text: str, sentence: str) -> None:
    await school.phones[who].replies(text)
    await school.phones[who].expects("没有改动", sentence)
    assert await closed_days(school) == []


async def test_a_stand_in_is_asked_on_the_day(school: County) -> None:
    await school.staff("class_teacher", key="colleague", name="马秀兰")
    async with school.database.session() as session, session.begin():
        other = await session.scalar(select(Responsibility).where(Responsibility.person_id == school.people["colleague"]))
        assert other is not None
        other.class_id, other.role = None, "enrolment_manager"
    teacher, colleague = school.phones["class_teacher"], school.phones["colleague"]
    await teacher.replies("明天马秀兰老师代我点名")
    await teacher.expects("11月3日", "马秀兰")
    await school.to("2026-11-02 08:31")
    await teacher.expects("三(2)班")
    await teacher.replies("0")
    await school.to("2026-11-03 08:31")
    await teacher.expects_nothing()
    await colleague.expects("三(2)班")
    await colleague.replies("1")
    await colleague.expects("马小龙")
    await school.to("2026-11-04 08:31")
    await teacher.expects("三(2)班")


async def test_a_stand_in_from_now_on_gets_the_open_sheet(school: County) -> None:
    await school.staff("enrolment_manager", key="colleague", name="祁海林")
    async with school.database.session() as session, session.begin():
        other = await session.scalar(select(Responsibility).where(Responsibility.person_id == school.people["colleague"]))
        assert other is not None
        other.school_id = school.school_id
    await school.to("2026-11-02 08:31")
    teacher, colleague = school.phones["class_teacher"], school.phones["colleague"]
    await teacher.replies("今天祁老师代我点名")
    await teacher.expects("祁海林")
    await colleague.expects("三(2)班")
    await colleague.replies("全到")
    assert await sheets(school) == [(date(2026, 11, 2), "answered")]


async def test_a_stand_in_who_may_be_several_is_asked_back_with_numbers(school: County) -> None:
    for key, name in (("first", "祁秀兰"), ("second", "祁秀英")):
        await school.staff("class_teacher", key=key, name=name)
    async with school.database.session() as session, session.begin():
        others = {school.people["first"], school.people["second"]}
        for one in await session.scalars(select(Responsibility).where(Responsibility.person_id.in_(others))):
            one.class_id = None
    teacher = school.phones["class_teacher"]
    await teacher.replies("周三到周五由祁老师代我点名")
    await teacher.expects("1祁秀兰(班主任)", "2祁秀英(班主任)")
    school.restarts()
    await teacher.replies("2")
    await teacher.expects("11月4日至11月6日", "祁秀英")
    await school.to("2026-11-04 08:31")
    await school.phones["second"].expects("三(2)班")
    await school.phones["first"].expects_nothing()
