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


async def test_a_sheet_that_is_unreadable_twice_calls_somebody_to_help(asked: County) -> None:
    teacher, helper = asked.phones["class_teacher"], asked.phones["attendance_officer"]
    for words in ("没看懂", "已请张专干", "没看懂", "已请张专干"):
        await teacher.replies("乱七八糟")
        await teacher.expects("三(2)班", words)
        await asked.stage.advance(minutes=6)
    assert [task.kind for task in await asked.tasks()] == ["sheet_letter"]
    code = (await asked.task("sheet_letter")).code
    await helper.expects("锁南镇中心小学班主任马老师", "帮老师报上考勤", f"{code} 看")
    await helper.replies(f"{code} 看")
    await helper.expects("班主任马老师", "乱七八糟")
    await teacher.replies("0")
    assert await sheets(asked) == ["answered"]


async def test_whoever_took_the_sheet_over_is_helped_by_the_next_above(asked: County) -> None:
    await asked.to("2026-11-02 11:05")
    officer = asked.phones["attendance_officer"]
    await officer.expects("三(2)班")
    await officer.replies("乱七八糟")
    await officer.expects("没看懂")
    await officer.replies("我的")
    await officer.expects("没有待办")
    for words in ("没看懂", "已请王校长"):
        await asked.stage.advance(minutes=6)
        await officer.replies("乱七八糟")
        await officer.expects(words)
    await asked.phones["principal"].expects("控辍专干张专干")


@pytest.fixture
async def visiting(county: County) -> County:
    """Tuesday noon: the village has two homes to visit; the county's officer has nothing."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("马尔沙", guardians=["uncle"])
    await county.others(6)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1 2")
    await county.after_outage("2026-11-03 12:01")
    return county


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("办不了", "4 延到周五"), ("查", "查 00017"), ("3 还没去", "4 延到周五"), ("延到周五，路不通", "请在数字前加代号"),
        ("这个系统怎么用", "待办答复"),
    ],
)  # fmt: skip
async def test_an_officer_with_several_tasks_is_always_answered_at_once(visiting: County, text: str, words: str) -> None:
    village, codes = visiting.phones["village_committee"], [task.code for task in await visiting.tasks() if task.kind == "home_visit"]
    await village.new()
    await village.replies(text)
    said = await village.expects(words)
    assert len(codes) == 2
    assert words == "待办答复" or all(code in said for code in codes)
    assert not [message for message in await visiting.phones["county_officer"].inbox() if "来信" in message.body]


async def test_a_leave_without_a_stand_in_is_asked_for_one(visiting: County) -> None:
    await visiting.phones["village_committee"].replies("明天请假，去县城开会")
    await visiting.phones["village_committee"].expects("请写明由谁代", "由马主任代")
    assert not [message for message in await visiting.phones["county_officer"].inbox() if "来信" in message.body]


async def test_what_stays_unread_goes_to_the_county_as_a_colleagues_text(visiting: County) -> None:
    village, county_officer = visiting.phones["village_committee"], visiting.phones["county_officer"]
    await village.replies("办不了")
    await village.expects("没看懂")
    await visiting.stage.advance(minutes=6)
    await village.replies("人都不见了")
    await village.expects("已转给孙科长")
    told = await county_officer.expects("同事来信", "毛毛村委会", "马主任", "答复同事来信")
    assert "陌生" not in told
    assert "家长" not in told
    code = (await visiting.task("staff_letter")).code
    await county_officer.replies(f"{code} 看")
    await county_officer.expects("马主任", "人都不见了")
    await county_officer.replies(f"{code} 回复 请先去社长家问一问")
    await village.expects("请先去社长家问一问")
    assert (await visiting.task("staff_letter")).state == "done"


async def test_a_colleague_who_raises_an_alarm_hears_who_has_it(visiting: County) -> None:
    village = visiting.phones["village_committee"]
    await village.replies("听说他爹把娃吊起来打，快出人命了")
    told = await village.expects("已作为紧急情况转给", "县教育局控辍办孙科长", "110")
    assert "马主任" not in told
    await visiting.phones["county_officer"].expects("紧急")


async def test_without_tasks_an_officer_is_told_what_can_be_written_and_never_reads_their_own_text(visiting: County) -> None:
    officer = visiting.phones["county_officer"]
    await officer.replies("这是啥意思")
    assert "您的待办：" not in await officer.expects("没有待办", "请假到周五")
    await visiting.stage.advance(minutes=6)
    await officer.replies("我的")
    await officer.expects("没有待办")
    for words in ("没看懂", "已转给李局长"):
        await visiting.stage.advance(minutes=6)
        await officer.replies("这是啥意思")
        await officer.expects(words)
    await visiting.phones["education_head"].expects("同事来信", "县教育局控辍办孙科长")
