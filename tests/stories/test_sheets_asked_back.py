"""Of what is unclear nothing is taken down: the teacher is asked back by number, or told what could not be read."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, update

from storage.tables import Absence, AttendanceSheet, Leave, Student
from tests.stories.county import County


@pytest.fixture
async def school(county: County) -> County:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"], seat=5)
    await county.student("马小虎", guardians=["mother"], seat=12)
    await county.student("张伟", seat=7)
    await county.student("张炜", seat=8)
    async with county.database.session() as session, session.begin():
        await session.execute(update(Student).where(Student.name == "张炜").values(name="张伟"))
    for seat, given in enumerate("甲乙丙丁戊己庚辛壬癸子丑", start=20):
        await county.student(f"韩{given}", seat=seat)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].expects("三(2)班")
    return county


async def absent(county: County) -> set[int]:
    async with county.database.session() as session:
        return set(await session.scalars(select(Absence.student_id).where(Absence.state.in_(("absent", "excused")))))


async def seated(county: County, *seats: int) -> set[int]:
    async with county.database.session() as session:
        return set(await session.scalars(select(Student.id).where(Student.seat_number.in_(seats))))


async def test_a_name_that_sounds_alike_is_asked_back_and_the_number_counts(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("马晓龙病，12")
    await teacher.expects("马晓龙", "1马小龙(5号)", "序号")
    assert await absent(school) == set()
    await teacher.replies("1")
    await teacher.expects("马小龙", "请假")
    assert await absent(school) == await seated(school, 5, 12)
    await school.stage.advance(minutes=5)
    await school.phones["mother"].expects("小虎")
    await school.phones["father"].expects_nothing()


async def test_two_pupils_of_one_name_are_told_apart_by_their_seats(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("张伟")
    await teacher.expects("1张伟(7号)", "2张伟(8号)")
    await teacher.replies("8号")
    assert await absent(school) == await seated(school, 8)


async def test_two_doubts_are_settled_one_after_the_other(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("张伟 马晓龙")
    await teacher.expects("3马小龙")
    await teacher.replies("2")
    assert await absent(school) == set()
    await teacher.expects("马晓龙", "1马小龙")
    await teacher.replies("1")
    assert await absent(school) == await seated(school, 5, 8)


async def test_none_of_them_changes_nothing(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("马晓龙")
    await teacher.expects("1马小龙")
    await teacher.replies("都不是")
    await teacher.expects("没看懂", "马晓龙")
    assert await absent(school) == set()


async def test_a_whole_new_answer_overtakes_the_question(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("马晓龙")
    await teacher.expects("1马小龙")
    await teacher.replies("5 12")
    await teacher.replies("20")
    assert await absent(school) == await seated(school, 5, 12, 20)


async def test_a_seat_that_nobody_has_changes_nothing(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("5 99")
    await teacher.expects("没有99号", "没有改动")
    assert await absent(school) == set()
    await teacher.replies("5")
    assert await absent(school) == await seated(school, 5)


async def test_a_class_of_somebody_else_changes_nothing(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("三(9)班 全到")
    await teacher.expects("三(9)班", "不是您负责的班级")
    async with school.database.session() as session:
        assert list(await session.scalars(select(AttendanceSheet.state))) == ["asked"]


async def test_the_question_survives_a_restart_and_something_more_urgent(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("马晓龙")
    await teacher.expects("1马小龙")
    await school.phones["father"].replies("我要跳楼，不想活了")
    await teacher.new()
    await school.after_outage("2026-11-02 09:10")
    await teacher.replies("马小龙")
    assert await absent(school) == await seated(school, 5)


async def test_an_answer_that_comes_twice_is_one(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("5")
    await teacher.replies("5")
    await school.stage.advance(minutes=6)
    await school.phones["father"].expects("小龙")
    await school.phones["father"].expects_nothing()
    assert len(await school.cases()) == 1


async def test_a_forwarded_list_is_read(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("王老师 8:12\n#接龙\n三(2)班考勤 11月2日\n1. 马小龙 奔丧\n2. 马小虎")
    await teacher.expects("马小龙", "马小虎", "按请假记下", "家长马上会收到询问")
    assert await absent(school) == await seated(school, 5, 12)


async def test_an_answer_after_the_day_counts_for_the_day(school: County) -> None:
    await school.to("2026-11-02 19:00")
    await school.phones["class_teacher"].new()
    await school.phones["class_teacher"].replies("5")
    await school.phones["class_teacher"].expects("11月2日", "马小龙")
    assert await absent(school) == await seated(school, 5)


async def test_a_sheet_that_comes_before_it_is_asked_for_is_not_asked_for_again(school: County) -> None:
    await school.to("2026-11-03 07:40")
    teacher = school.phones["class_teacher"]
    await teacher.new()
    await teacher.replies("12请假到周五")
    await teacher.expects("11月3日", "马小虎", "按请假记下")
    await school.to("2026-11-03 10:30")
    await teacher.expects_nothing()


async def test_as_yesterday_means_the_same_children_and_is_refused_without_a_yesterday(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("同昨天")
    await teacher.expects("没有报过考勤", "没有改动")
    await teacher.replies("5病 12")
    await school.to("2026-11-03 08:31")
    await teacher.new()
    await teacher.replies("和昨天一样，还有20；12到了")
    text = await teacher.expects("马小龙", "韩甲")
    assert "马小虎" not in text
    async with school.database.session() as session:
        today = select(Absence.student_id).where(Absence.on == date(2026, 11, 3), Absence.state.in_(("absent", "excused")))
        assert set(await session.scalars(today)) == await seated(school, 5, 20)


async def test_a_leave_that_begins_later_is_kept_and_says_nothing_of_today(school: County) -> None:
    teacher = school.phones["class_teacher"]
    await teacher.replies("马小龙周三到周五请假")
    await teacher.replies("马小龙周三到周五请假")
    await teacher.expects("马小龙11月4日至11月6日")
    async with school.database.session() as session:
        leaves = [(one.starts_on, one.ends_on, one.reason) for one in await session.scalars(select(Leave))]
        states = (await session.scalars(select(AttendanceSheet.state))).all()
    assert leaves == [(date(2026, 11, 4), date(2026, 11, 6), "leave")]
    assert states == ["asked"]
    await teacher.replies("全到，12明天病假")
    await teacher.expects("马小虎11月3日")
    await school.to("2026-11-04 08:31")
    await teacher.replies("5")
    await teacher.expects("马小龙", "不再询问家长")
    await school.stage.advance(minutes=6)
    await school.phones["father"].expects_nothing()
