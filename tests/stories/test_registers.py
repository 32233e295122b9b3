"""Registers in the words of schools: who is in them, the month's contact, teaching at home."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import select

from cases.imports.run import import_file
from cases.plans import plan_in_force
from storage.tables import Arrangement, CareCard, HomeLesson, Message, PairContact, Pairing, Student, StudentCategory, Task
from tests.imports.files import ROSTER, child, write_xlsx
from tests.stories.county import County
from tests.stories.test_enrolment import set_out, take


async def categories(county: County) -> list[tuple[str, str | None, date, date | None]]:
    async with county.database.session() as session:
        rows = await session.scalars(select(StudentCategory).order_by(StudentCategory.id))
        return [(row.category, row.detail, row.since, row.until) for row in rows]


async def test_the_paired_person_is_asked_once_a_month_and_one_answer_is_the_contact(county: County) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    phone, officer = county.phones["manager"], county.phones["attendance_officer"]
    await phone.replies("类别 马小龙 留守")
    await phone.expects("马小龙列入留守名册")
    await phone.replies("结对 马小龙 由 张专干")
    await phone.expects("马小龙由张专干结对")
    await county.to("2026-11-05 08:59")
    await officer.new()
    await county.to("2026-11-05 09:01")
    asked = await officer.expects("11月请与结对的马小龙联系一次")
    assert "留守" not in asked
    code = (await county.task("pair_contact")).code
    for empty in ("3", "3 好的"):
        await officer.replies(f"{code} {empty}")
        await officer.expects("请写一句联系的情况")
    await officer.replies(f"{code} 3 周三家访，孩子和奶奶住，学习正常")
    async with county.database.session() as session:
        (kept,) = await session.scalars(select(PairContact))
    assert (kept.month, kept.said, kept.recorded_by) == (
        date(2026, 11, 1), "周三家访,孩子和奶奶住,学习正常", county.people["attendance_officer"],
    )  # fmt: skip
    await county.after_outage("2026-11-30 18:00")
    await county.after_outage("2026-12-14 10:00")  # everything stood still from the 5th on: it is made good, once
    await county.after_outage("2026-12-15 10:00")
    async with county.database.session() as session:
        keys = list(await session.scalars(select(Task.key).where(Task.kind == "pair_contact").order_by(Task.id)))
    assert [key.rsplit(":", 1)[1] for key in keys] == ["2026-11", "2026-12"]


async def test_a_lesson_at_home_is_asked_about_on_its_day_and_confirmed(county: County) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    phone, teacher = county.phones["manager"], county.phones["class_teacher"]
    await phone.replies("送教 马小龙 11月4日 由马老师")
    await phone.expects("没有改动", "不是上门教学")
    await phone.replies("类别 马小龙 肢体残疾")
    await phone.expects("马小龙的登记已更新")
    await phone.replies("安置 马小龙 送教上门")
    await phone.expects("马小龙的登记已更新")
    await phone.replies("送教 马小龙 11月4日 11月11日 由马老师")
    await phone.expects("上门上课：11月4日、11月11日", "马老师")
    await teacher.expects("请您到马小龙家上课2次：11月4日、11月11日")
    await county.to("2026-11-04 08:01")
    await teacher.expects("11月4日计划到马小龙家上课")
    code = (await county.task("home_lesson")).code
    await teacher.replies(f"{code} 3 认数10以内，奶奶在场")
    await county.to("2026-11-11 08:01")
    await teacher.expects("11月11日计划到马小龙家上课")
    code = (await county.task("home_lesson")).code
    await teacher.replies(f"{code} 3 没去")
    await teacher.expects("没去 加原因")
    await teacher.replies(f"{code} 3 没去 下大雪")
    async with county.database.session() as session:
        lessons = list(await session.scalars(select(HomeLesson).order_by(HomeLesson.planned_on)))
        texts = list(await session.scalars(select(Message.body)))
    assert [(lesson.state, lesson.said) for lesson in lessons] == [("done", "认数10以内,奶奶在场"), ("not_held", "没去 下大雪")]
    assert not [text for text in texts if "残疾" in text or "送教" in text]


async def test_the_paired_person_is_told_and_the_card_is_kept_up_by_message(county: County) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    phone, officer = county.phones["manager"], county.phones["attendance_officer"]
    for text, answer in (
        ("解除结对 马小龙", "没有结对人"),
        ("结对 马小龙 由 张专干", "由张专干结对"),
        ("档案 马小龙 挺好", "写明学习或生活"),
        ("档案 马小龙 学习：语文一般，数学好 生活：和奶奶住", "登记已更新"),
        ("代理家长 马小龙 是 马主任", "代理家长登记为马主任"),
    ):
        await phone.replies(text)
        await phone.expects(answer)
    told = await officer.expects("马小龙结对", "每月5日起会提醒您")
    assert "留守" not in told
    await county.stage.advance(minutes=6)  # more than five answers in five minutes go to nobody
    await phone.replies("取消结对 马小龙")
    await phone.expects("马小龙和张专干不再结对")
    await officer.expects("结对已结束")
    async with county.database.session() as session:
        card = (await session.scalars(select(CareCard))).one()
        (paired,) = await session.scalars(select(Pairing))
    assert (card.studies, card.living) == ("语文一般,数学好", "和奶奶住")
    assert (paired.until, paired.evidence) == (date(2026, 11, 2), "结对 马小龙 由 张专干")
    await county.to("2026-11-05 09:01")
    assert not [text for text in await officer.new() if "联系一次" in text]


async def test_a_child_is_unable_to_learn_only_on_a_paper_and_by_who_may_decide(county: County) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    phone, teacher = county.phones["manager"], county.phones["class_teacher"]
    await phone.replies("类别 马小龙 智力残疾")
    await teacher.replies("安置 马小龙 随班就读")
    await teacher.expects("没有改动", "校长")
    await phone.replies("安置 马小龙 丧失学习能力")
    await phone.expects("要写明依据")
    await phone.replies("安置 马小龙 丧失学习能力 县残联鉴定2026年8号")
    await phone.expects("登记已更新")
    async with county.database.session() as session:
        (kept,) = await session.scalars(select(Arrangement))
    assert (kept.kind, "县残联鉴定2026年8号" in kept.evidence) == ("unable", True)


async def test_a_group_is_left_and_its_history_stays(county: County) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    phone = county.phones["manager"]
    for text, answer in (
        ("类别 马小龙 双亲留守", "列入留守"),
        ("类别 马小龙 双亲留守", "没有变化"),
        ("类别 马小龙 不再留守", "不再列入留守"),
    ):
        await phone.replies(text)
        await phone.expects(answer)
    day = date(2026, 11, 2)
    assert await categories(county) == [("left_behind", "双亲留守", day, day)]


async def test_an_unknown_category_in_a_file_is_refused_with_row_field_and_reason(county: County, tmp_path: Path) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    async with county.database.session() as session, session.begin():
        student = await session.get_one(Student, county.students["马小龙"])
        student.register_index, student.birth_date = county.cipher.index("student:L1"), date(2017, 3, 5)
        _, plan = await plan_in_force(session)
    path = write_xlsx(
        tmp_path / "a.xlsx",
        [
            ["姓名", "学籍号", "类别", "细类", "起始日期", "学习情况", "生活状况", "安置方式"],
            ["马小龙", "L1", "留守", "单亲留守", "20260901", "语文一般", "和奶奶住"],
            ["马小龙", "L1", "网红", "", "", "", ""],
            ["马小龙", "L1", "残疾", "超能力", "", "", ""],
            ["马小龙", "L1", "困难", "", "20100101", "", ""],
            ["马小龙", "L404", "困难", "", "", "", ""],
            ["马小龙", "L1", "留守", "双亲留守", "20260801", "", "", ""],
            ["马小龙", "L1", "残疾", "", "", "", "", "在家自学"],
        ],
    )
    now = await county.stage.now()
    report = await import_file(county.database, county.cipher, plan, "registers", path, now=now)
    assert [(error.row, error.column, error.code) for error in report.errors] == [
        (3, "类别", "category_unknown"), (4, "细类", "kind_unknown"), (5, "起始日期", "since_implausible"), (6, "学籍号", "child_unknown"),
        (7, "起始日期", "since_before"), (8, "安置方式", "arrangement_unknown"),
    ]  # fmt: skip
    assert await categories(county) == [("left_behind", "单亲留守", date(2026, 9, 1), None)]
    again = await import_file(county.database, county.cipher, plan, "registers", path, now=now)
    assert (report.changed, again.changed, again.unchanged) == (1, 0, 1)


async def arrangements(county: County) -> list[tuple[str, bool]]:
    """(arrangement, whether it still holds), the oldest first."""
    async with county.database.session() as session:
        return [(row.kind, row.until is None) for row in await session.scalars(select(Arrangement).order_by(Arrangement.id))]


async def test_a_roster_says_how_a_disabled_child_is_taught_where_nobody_has_decided_it(county: County, tmp_path: Path) -> None:
    await set_out(county, "2026-11-02 09:00")
    columns = [*ROSTER, "随班就读"]
    here = {"学校标识码": "2162000001", "学籍号": "L1", "身份证件号": ""}

    async def roster(kind: str, taught: str) -> None:
        rows = [columns, [*child("马小云", 残疾人类型=kind, **here), taught]]
        report = await take(county, "roster", tmp_path / "roster.xlsx", rows)
        assert report.errors == []

    await roster("肢体残疾", "随班就读")
    assert await arrangements(county) == [("mainstream", True)]
    assert (await categories(county))[0][:2] == ("disabled", "肢体残疾")  # not 随班就读, which is no kind of it
    await roster("肢体残疾", "送教上门")
    assert await arrangements(county) == [("mainstream", False), ("at_home", True)]
    await county.phones["manager"].replies("安置 马小云 随班就读")
    await county.phones["manager"].expects("马小云的登记已更新")
    await roster("视力残疾", "送教上门")
    assert await arrangements(county) == [("mainstream", False), ("at_home", False), ("mainstream", True)]
    await roster("无残疾", "非随班就读")
    assert [holds for _, holds in await arrangements(county)] == [False, False, False]
    rows = [["姓名", "学籍号", "类别", "细类", "安置方式"], ["马小云", "L1", "残疾", "视力残疾", "送教上门"]]
    assert (await take(county, "registers", tmp_path / "list.xlsx", rows)).changed == 1
    assert (await arrangements(county))[-1] == ("at_home", True)
