"""A child taught at home: on no sheet, followed by its visits, of which the family is asked; never lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import AttendanceSheet, HomeLesson, Message, Task
from tests.stories.county import County, Phone
from tests.stories.test_enrolment import set_out


@pytest.fixture
async def home(county: County) -> County:
    """Monday 2 November: one child of three is taught at home from today on."""
    await set_out(county, "2026-11-02 07:30", "马小龙", "马晓红", "马小云")
    await arranged(county)
    return county


async def arranged(county: County) -> None:
    phone = county.phones["manager"]
    for text in ("类别 马小龙 肢体残疾", "安置 马小龙 送教上门"):
        await phone.replies(text)
        await phone.expects("马小龙的登记已更新")


def family(county: County) -> Phone:
    return county.phones["father of 马小龙"]


async def lessons(county: County) -> list[tuple[str, bool | None]]:
    async with county.database.session() as session:
        rows = await session.scalars(select(HomeLesson).order_by(HomeLesson.planned_on))
        return [(row.state, row.came) for row in rows]


async def test_the_morning_sheet_leaves_out_who_is_taught_at_home_and_says_so(home: County) -> None:
    teacher = home.phones["class_teacher"]
    await home.to("2026-11-02 08:31")
    await teacher.expects("三(2)班今天2人（另1人在家上课）", "全到回0")
    await teacher.replies("1")  # the seat of the child at home, by habit
    await teacher.expects("全到", "马小龙在家上课，不用报")
    await teacher.replies("马小龙 马晓红病")
    await teacher.expects("缺勤马晓红", "马小龙在家上课，不用报")
    await teacher.replies("马小龙到了")
    await teacher.expects("马小龙在家上课，不用报", "没有改动")
    assert await home.cases() == []
    async with home.database.session() as session:
        sheet = (await session.scalars(select(AttendanceSheet))).one()
    assert (sheet.enrolled, sheet.at_home) == (2, 1)
    await family(home).expects_nothing()


async def test_a_class_of_nobody_else_has_no_sheet_and_the_child_comes_back_to_one(county: County) -> None:
    await set_out(county, "2026-11-02 07:30", "马小龙")
    await arranged(county)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].expects_nothing()
    await county.phones["manager"].replies("安置 马小龙 随班就读")
    await county.to("2026-11-03 08:31")
    sheet = await county.phones["class_teacher"].expects("三(2)班今天1人")
    assert "在家" not in sheet


async def planned(county: County, *days: str) -> None:
    manager, teacher = county.phones["manager"], county.phones["class_teacher"]
    await manager.replies(f"上门上课 马小龙 {' '.join(days)} 由马老师")
    await manager.expects("马小龙上门上课")
    await teacher.expects("请您到马小龙家上课")


async def test_the_family_is_asked_once_and_a_no_is_owed_by_the_principal(home: County) -> None:
    teacher, principal = home.phones["class_teacher"], home.phones["principal"]
    await planned(home, "11月4日", "11月6日")
    await home.after_outage("2026-11-04 08:01")
    await teacher.replies(f"{(await home.task('home_lesson')).code} 3 认数10以内，奶奶在场")
    await home.after_outage("2026-11-05 12:29")
    await family(home).expects_nothing()
    await home.to("2026-11-05 12:31")
    asked = await family(home).expects("小龙", "11月4日老师到家里给小龙上课了吗", "1来过 2没来")
    assert "残疾" not in asked
    assert "送教" not in asked
    await family(home).replies("没来")
    await family(home).expects("11月4日老师没有来", "记错了请回：不对")
    await principal.expects("马小龙家长说11月4日没有老师到家上课", "马老师", "认数10以内", "请核实")
    await family(home).replies("不对")
    await family(home).expects("11月4日老师到家里给小龙上课了吗")
    assert (await home.task("lesson_check")).state == "cancelled"
    await family(home).replies("2")
    code = (await home.task("lesson_check")).code
    await principal.replies(f"{code} 3")
    await principal.expects("请写一句核实的情况")
    await principal.replies(f"{code} 3 没去，下大雪路断了")
    assert await lessons(home) == [("not_held", False), ("planned", None)]
    await home.after_outage("2026-11-07 12:31")  # the second visit; this time the family says nothing
    await family(home).expects("11月6日")
    await home.after_outage("2026-11-12 20:00")
    assert [text for text in await family(home).new() if "上课" in text] == []
    assert [task.kind for task in await home.tasks() if task.kind == "lesson_check"] == []


async def test_the_teacher_who_is_meant_never_answers_for_it(home: County) -> None:
    """A village school's principal teaches at home as well: the county is asked."""
    await home.phones["manager"].replies("送教 马小龙 11月4日 由王校长")
    await home.after_outage("2026-11-05 12:31")
    await family(home).replies("老师没来")
    assert (await home.task("lesson_check")).state == "open"
    await home.phones["principal"].expects("11月4日计划到马小龙家上课")
    assert not [text for text in await home.phones["principal"].new() if "没有老师到家" in text]
    async with home.database.session() as session:
        told = await session.scalars(select(Message.body).where(Message.body.contains("没有老师到家")))
        assert len(set(told)) == 1


async def test_after_an_outage_the_last_visit_is_asked_about_and_an_old_one_is_not(home: County) -> None:
    await planned(home, "11月3日", "11月5日", "11月13日")
    await home.after_outage("2026-11-03 08:01")
    await home.after_outage("2026-11-09 12:31")
    await home.to("2026-11-09 12:40")
    assert [text for text in await family(home).new() if "上课了吗" in text]
    assert (await lessons(home))[:2] == [("asked", None)] * 2
    async with home.database.session() as session:
        asked = {row.planned_on.day: row.family_asked_at is not None for row in await session.scalars(select(HomeLesson))}
    assert asked == {3: False, 5: True, 13: False}
    await family(home).replies("3")
    await family(home).expects("11月5日老师到家里给小龙上课了吗")  # a digit that was not offered
    await family(home).replies("来过，谢谢")
    await family(home).expects("11月5日老师来过")
    await home.after_outage("2026-11-25 12:31")
    assert not [text for text in await family(home).new() if "上课了吗" in text]


async def test_a_child_whom_nobody_visits_is_told_of(home: County) -> None:
    officer = home.phones["attendance_officer"]
    await home.after_outage("2026-11-23 07:59")
    await officer.new()
    await home.to("2026-11-23 08:01")
    await officer.expects("马小龙在家上课，已有21天没有安排老师上门", "上门上课 马小龙")
    await home.phones["manager"].replies("上门上课 马小龙 11月27日 由马老师")
    assert (await home.task("plan_lessons")).state == "done"


async def test_the_chain_of_a_child_that_is_then_taught_at_home_rests_and_ends_by_its_visits(county: County) -> None:
    """Absent until the school arranges it: no notice to the family; three visits held strike the case off."""
    await set_out(county, "2026-11-02 07:30", "马小龙", "马晓红")
    teacher = county.phones["class_teacher"]
    for day in ("2026-11-02", "2026-11-03", "2026-11-04"):
        await county.after_outage(f"{day} 08:31")
        await teacher.replies("1")
    await arranged(county)
    await planned(county, "11月5日", "11月6日", "11月10日")
    for day in ("2026-11-05", "2026-11-06"):
        await county.after_outage(f"{day} 08:31")
        await teacher.replies(f"{(await county.task('home_lesson')).code} 3 认数，读儿歌")
        await teacher.replies("0")
    assert (await county.case("马小龙")).state == "open"
    assert {task.kind for task in await county.tasks()} <= {"confirm_return", "resend_expired"}
    await county.after_outage("2026-11-10 08:31")
    await teacher.replies(f"{(await county.task('home_lesson')).code} 3 认数，读儿歌")
    case = await county.case("马小龙")
    assert (case.state, case.exit, case.exit_facts and case.exit_facts["evidence"]["attended_days"]) == (
        "closed", "returned", ["2026-11-05", "2026-11-06", "2026-11-10"],
    )  # fmt: skip
    async with county.database.session() as session:
        assert not list(await session.scalars(select(Task.id).where(Task.kind == "issue_notice")))
