"""What a sheet leaves open is asked in one sentence, and no child is lost by the answer; what is of no class or seat here is said."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import Absence, AttendanceSheet, Leave, Student, Task
from tests.stories.classes import room
from tests.stories.county import County


@pytest.fixture
async def school(county: County) -> County:
    """Class 三(2)班 with sixteen pupils: 马小龙 1, 马小虎 2, 韩甲 3 and so on."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("马小虎", guardians=["mother"])
    for given in "甲乙丙丁戊己庚辛壬癸子丑寅卯":
        await county.student(f"韩{given}")
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].new()
    return county


async def said(county: County, text: str) -> list[str]:
    """What the class teacher gets back within two minutes, besides tasks."""
    teacher = county.phones["class_teacher"]
    await teacher.new()
    await teacher.replies(text)
    await county.stage.advance(minutes=2)
    return [text for text in await teacher.new() if "待办" not in text]


async def absent(county: County, state: str = "absent") -> list[int]:
    async with county.database.session() as session:
        query = select(Student.seat_number).join(Absence, Absence.student_id == Student.id).where(Absence.state == state)
        return [seat for seat in await session.scalars(query.order_by(Student.seat_number)) if seat is not None]


async def no_person(county: County) -> bool:
    async with county.database.session() as session:
        return not (await session.scalars(select(Task.id).where(Task.kind.in_(("sheet_letter", "staff_letter"))))).all()


@pytest.mark.parametrize(
    ("texts", "words", "seats"),
    [
        (("应到16实到14",), "缺的2人是谁", []),
        (("应到16实到14", "1 2"), "缺勤马小龙、马小虎", [1, 2]),
        (("应到16实到14", "1", "2"), "缺勤马小龙、马小虎", [1, 2]),
        (("缺3人，1 2",), "按人数缺3人，只写了2人：马小龙、马小虎", []),
        (("缺3人，1 2", "5"), "缺勤马小龙、马小虎、韩丙", [1, 2, 5]),
        (("缺4人，1 2", "1", "5 6"), "缺勤马小龙、马小虎、韩丙、韩丁", [1, 2, 5, 6]),
        (("缺3人，1 2", "1 2"), "缺勤马小龙、马小虎", [1, 2]),
        (("缺3人，1 2", "只有1没来"), "缺勤马小龙", [1]),
        (("缺3人，1", "马晓虎", "1", "5"), "缺勤马小龙、马小虎、韩丙", [1, 2, 5]),
        (("一个没来",), "缺的1人是谁", []),
    ],
)
async def test_a_number_and_names_that_do_not_fit(school: County, texts: tuple[str, ...], words: str, seats: list[int]) -> None:
    answers: list[str] = []
    for text in texts:
        answers = await said(school, text)
    assert [words in answer for answer in answers] == [True], answers
    assert await absent(school) == seats
    assert await no_person(school)


async def test_a_number_said_twice_in_vain_goes_to_a_person(school: County) -> None:
    await said(school, "缺3人，1 2")
    assert "已请" in "".join(await said(school, "缺3人，1 2"))
    assert await absent(school) == []


async def test_with_an_answered_sheet_every_word_about_the_class_gets_its_sentence(school: County) -> None:
    """(text, what is answered); nothing of it changes who is absent, and nobody else has to read it."""
    await said(school, "1")
    for text, words in (
        ("33号没来", "班里没有33号"),
        ("33", "班里没有33号"),
        ("31 32", "班里没有31、32号"),
        ("三(9)班的王芳也没来", "三(9)班不是您负责的班级"),
        ("三9班一个没来", "三9班不是您负责的班级"),
        ("应到16实到13", "缺的3人是谁"),
        ("2号在路上了", "还没进校的先报缺勤"),
        ("更正", "11月2日报的是缺勤马小龙"),
        ("不对", "11月2日报的是缺勤马小龙"),
    ):
        answers = await said(school, text)
        assert [words in answer for answer in answers] == [True], (text, answers)
    assert await said(school, "谢谢老师") == []
    assert await said(school, "好的") == []
    assert await absent(school) == [1]
    assert await no_person(school)


@pytest.mark.parametrize(
    ("first", "then", "words", "seats"),
    [
        ("1", ("更正", "2"), "1只有马小虎 2马小龙、马小虎都没到", [1]),
        ("1", ("更正", "2", "1"), "马小龙到了，加上马小虎，现缺勤马小虎", [2]),
        ("1", ("写错了", "1到了"), "马小龙到了，现全到", []),
        ("1", ("报错了", "0"), "马小龙到了，现全到", []),
        ("0", ("错了", "2没来"), "缺勤马小虎", [2]),
        ("1", ("多报了1",), "马小龙到了，现全到", []),
        ("1", ("漏了2",), "现缺勤马小龙、马小虎", [1, 2]),
    ],
)
async def test_only_that_it_was_wrong_is_asked_what(
    school: County, first: str, then: tuple[str, ...], words: str, seats: list[int]
) -> None:
    await said(school, first)
    answers: list[str] = []
    for text in then:
        answers = await said(school, text)
    assert [words in answer for answer in answers] == [True], answers
    assert await absent(school) == seats


async def test_the_day_before_is_corrected_in_two_texts(school: County) -> None:
    await said(school, "1")
    await school.to("2026-11-03 08:31")
    await said(school, "0")
    assert "11月2日报的是缺勤马小龙" in "".join(await said(school, "昨天报错了"))
    assert "马小龙到了" in "".join(await said(school, "1到了"))
    assert await absent(school) == []


async def test_that_something_was_wrong_is_asked_of_all_classes(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(7)
    await room(county, "3", [f"祁{given}" for given in "甲乙丙丁戊己庚"])
    await county.to("2026-11-02 08:31")
    await said(county, "三(2)班 1，三(3)班 全到")
    assert "三(2)班11月2日报的是缺勤马小龙；三(3)班11月2日报的是全到" in "".join(await said(county, "更正"))
    assert "三(2)班、三(3)班：班里没有33号" in "".join(await said(county, "33号没来"))
    assert "缺勤祁甲" in "".join(await said(county, "三(3)班 1"))


@pytest.mark.parametrize("text", ["1没请假，是旷课", "1不是请假", "1旷课"])
async def test_no_leave_after_all_and_the_family_is_asked(school: County, text: str) -> None:
    assert "按请假记下" in "".join(await said(school, "1请假到周五"))
    assert "家长马上会收到询问" in "".join(await said(school, text))
    assert await absent(school) == [1]
    await school.phones["father"].expects("小龙")


async def test_a_leave_is_over_when_the_child_is_back(school: County) -> None:
    await said(school, "1病假到周五")
    assert "马小龙到了" in "".join(await said(school, "1到了"))
    async with school.database.session() as session:
        assert [leave.withdrawn_at is not None for leave in await session.scalars(select(Leave))] == [True]
    await school.to("2026-11-03 08:31")
    assert "家长马上会收到询问" in "".join(await said(school, "1"))
    assert await absent(school) == [1]


async def test_absent_for_days_is_no_leave(school: County) -> None:
    """A child that has not come for three days is asked after: nobody has given it leave."""
    assert "家长马上会收到询问" in "".join(await said(school, "马小龙连续三天没来了"))
    async with school.database.session() as session:
        assert list(await session.scalars(select(Leave))) == []
        assert list(await session.scalars(select(AttendanceSheet.state))) == ["answered"]
