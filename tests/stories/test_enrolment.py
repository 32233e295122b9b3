"""Enrolment in the words of schools: who leaves, who arrives, and who becomes a case because they did not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from cases.imports.report import ImportReport
from cases.imports.run import import_file
from cases.plans import plan_in_force
from cases.rates import dropout_rates
from storage.tables import (
    CaseLevel,
    Contact,
    EnrolmentEvent,
    EnrolmentGap,
    Guardianship,
    Person,
    PersonContact,
    Responsibility,
    School,
    SchoolClass,
    Student,
    Task,
    TaskHolder,
)
from storage.work import working
from tests.imports.files import ROSTER, child, write_xlsx
from tests.stories.county import County

JUNIOR = "锁南镇初级中学"


async def set_out(county: County, at: str, *names: str, grade: int = 3) -> None:
    """A primary school with these children, an enrolment manager there, and a junior school with one of its own."""
    await county.begin(at)
    for name in names:
        await county.student(name, guardians=[f"father of {name}"])
    async with county.database.session() as session, session.begin():
        await session.execute(update(SchoolClass).values(grade=grade, name=f"{'零一二三四五六'[grade]}(2)班"))
        junior = School(code="0062003452", name=JUNIOR, stage="junior", area_code="622926100")
        session.add(junior)
        await session.flush()
        session.add(SchoolClass(school_id=junior.id, grade=7, number="1", name="七(1)班", area_code="622926100"))
        session.add(SchoolClass(school_id=junior.id, grade=3, number="1", name="三(1)班", area_code="622926100"))
    await manager(county, "manager", "杨老师", county.school_id)
    await manager(county, "other", "何老师", junior.id)


async def manager(county: County, key: str, name: str, school_id: int) -> None:
    person = await county.person(key, name)
    async with county.database.session() as session, session.begin():
        school = await session.get_one(School, school_id)
        row = {"role": "enrolment_manager", "area_code": school.area_code, "school_id": school_id, "valid_from": date(2026, 1, 1)}
        session.add(Responsibility(person_id=person, **row))


async def pupil(county: County, name: str) -> Student:
    async with county.database.session() as session:
        return (await session.scalars(select(Student).where(Student.name == name))).one()


async def gap(county: County, name: str) -> EnrolmentGap:
    async with county.database.session() as session:
        query = select(EnrolmentGap).join(Student, Student.id == EnrolmentGap.student_id).where(Student.name == name)
        return (await session.scalars(query.order_by(EnrolmentGap.id.desc()))).first() or pytest.fail("no gap")


async def events(county: County, name: str) -> list[str]:
    async with county.database.session() as session:
        query = select(EnrolmentEvent.kind).join(Student, Student.id == EnrolmentEvent.student_id).where(Student.name == name)
        return list(await session.scalars(query.order_by(EnrolmentEvent.id)))


async def roles_asked(county: County, case_id: int) -> set[str]:
    """The roles that hold a living task of the case."""
    async with county.database.session() as session:
        query = select(Task).join(TaskHolder, TaskHolder.task_id == Task.id)
        found = await session.scalars(query.where(Task.case_id == case_id, Task.state.in_(("open", "acknowledged"))))
        return {task.role for task in found}


async def take(county: County, kind: str, path: Path, rows: Sequence[Sequence[object]]) -> ImportReport:
    async with county.database.session() as session:
        _, plan = await plan_in_force(session)
    return await import_file(county.database, county.cipher, plan, kind, write_xlsx(path, rows), now=await county.stage.now())


async def test_both_schools_say_that_a_child_has_moved(county: County) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    leaving, arriving = county.phones["manager"], county.phones["other"]
    await leaving.replies(f"转出 马小龙 到{JUNIOR}")
    await leaving.expects("已记下", "马小龙", "转出到锁南镇初级中学", "11月16日")
    asked = await arriving.expects("锁南镇中心小学的马小龙转到锁南镇初级中学")
    assert "残疾" not in asked
    assert (await pupil(county, "马小龙")).status == "transferring"
    await county.to("2026-11-03 08:31")
    await county.phones["class_teacher"].expects_nothing()  # the only child of the class has left: nobody is asked for it
    await arriving.replies("3 五(9)班")
    await arriving.expects("这所学校没有", "五(9)班")
    await arriving.replies("3 三(1)班")
    child_now, crossing = await pupil(county, "马小龙"), await gap(county, "马小龙")
    assert (child_now.status, crossing.outcome, crossing.released_by, crossing.received_by) == (
        "enrolled", "arrived", county.people["manager"], county.people["other"],
    )  # fmt: skip
    assert await events(county, "马小龙") == ["transferred_out", "arrived"]
    await county.to("2026-11-20 13:00")
    assert await county.cases() == []


async def test_a_child_that_does_not_arrive_in_ten_school_days_becomes_a_case(county: County) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙", "马小虎")
    await county.phones["manager"].replies("转出 马小龙 到 兰州市第一小学")
    await county.phones["manager"].expects("转出到兰州市第一小学")
    await county.phones["enrolment_manager"].expects("马小龙转到兰州市第一小学")
    await county.after_outage("2026-11-16 11:59")
    assert await county.cases() == []
    await county.to("2026-11-16 12:01")
    case = await county.case("马小龙")
    assert (case.level, case.class_id, case.state) == (3, None, "open")
    await county.phones["principal"].expects("马小龙", "还没入学")
    await county.phones["village_committee"].expects("马小龙")
    assert "class_teacher" not in await roles_asked(county, case.id)
    await county.after_outage("2026-11-25 13:00")  # the class's sheets say nothing about it, the chain goes on, and nothing is opened twice
    assert (len(await county.cases()), (await county.case("马小龙")).level) == (1, 4)


async def test_a_primary_leaver_missing_in_september_becomes_a_case_until_a_junior_roster_names_it(county: County, tmp_path: Path) -> None:
    await set_out(county, "2027-07-05 09:00", "马小龙", "马小虎", grade=6)
    manager_phone = county.phones["manager"]
    await manager_phone.replies("毕业 六(2)班")
    await manager_phone.expects("六(2)班2名学生毕业")
    here = {"学校标识码": "0062003452", "年级": "七年级", "班级": "1班", "出生日期": "20150305"}
    async with county.database.session() as session, session.begin():
        for name in ("马小龙", "马小虎"):
            index = county.cipher.index(f"student:L{name}")
            await session.execute(update(Student).where(Student.name == name).values(register_index=index))
    await county.after_outage("2027-09-10 09:00")
    await take(county, "roster", tmp_path / "one.xlsx", [ROSTER, child("马小虎", 学籍号="L马小虎", **here)])
    await county.after_outage("2027-09-20 12:01")
    (case,) = await county.cases()
    assert (case.student_id, case.level, case.class_id) == (county.students["马小龙"], 4, None)
    assert {"township_officer", "village_committee"} <= await roles_asked(county, case.id)
    await county.phones["village_committee"].expects("马小龙", "还没入学")
    await county.after_outage("2027-10-28 19:00")
    async with working(county.database, await county.stage.now()) as work:
        junior = next(rate for rate in await dropout_rates(work, "622926") if rate.stage == "junior")
    assert (junior.dropouts, junior.on_rolls) == ((county.students["马小龙"],), 1)
    report = await take(county, "roster", tmp_path / "late.xlsx", [
        ROSTER, child("马小虎", 学籍号="L马小虎", **here), child("马小龙", 学籍号="L马小龙", **here),
    ])  # fmt: skip
    assert report.counters["arrived"] == 1
    closed = await county.case("马小龙")
    assert (closed.state, closed.exit, (await pupil(county, "马小龙")).status) == ("closed", "enrolled", "enrolled")
    await county.after_outage("2027-11-05 13:00")
    assert len(await county.cases()) == 1


async def test_the_former_schools_list_does_not_bring_a_child_back(county: County, tmp_path: Path) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    async with county.database.session() as session, session.begin():
        await session.execute(update(Student).values(register_index=county.cipher.index("student:L1"), birth_date=date(2017, 3, 5)))
    await county.phones["manager"].replies(f"转出 马小龙 到 {JUNIOR}")
    old = child("马小龙", 学籍号="L1", 学校标识码="2162000001", 户口所在地行政区划="", 现住址="新地址一")
    await take(county, "roster", tmp_path / "old.xlsx", [ROSTER, old])
    assert (await pupil(county, "马小龙")).status == "transferring"
    await county.phones["other"].replies("转入 马小龙 三(1)班")
    await county.phones["other"].expects("马小龙已转入三(1)班")
    report = await take(county, "roster", tmp_path / "older.xlsx", [ROSTER, [*old[:-1], "x"]])
    moved = await pupil(county, "马小龙")
    assert (report.errors, moved.status, moved.school_id != county.school_id) == ([], "enrolled", True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("转出 马小龙 到 锁南镇中心小学", "已经在这所学校"),
        ("转出 李大力 到 兰州市第一小学", "没有找到“李大力”"),
        ("转出 马小龙 到 那边去了", "请写学校全称"),
        ("休学 马小龙 病休 到2027年3月1日", "由县教育局控辍办报"),
        ("复学 马小龙", "马小龙没有休学"),
        ("毕业 三(2)班", "只有毕业年级"),
        ("入学 马小龙 三(2)班", "已经在籍"),
        ("类别 马小龙 富二代", "不认识类别"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(county: County, text: str, why: str) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    await county.phones["manager"].replies(text)
    await county.phones["manager"].expects("没有改动", why)
    assert ((await pupil(county, "马小龙")).status, await events(county, "马小龙")) == ("enrolled", [])


async def test_two_children_of_one_name_are_asked_back(county: County) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙", "马晓龙")
    async with county.database.session() as session, session.begin():
        await session.execute(update(Student).where(Student.name == "马晓龙").values(name="马小龙", birth_date=date(2017, 3, 5)))
    phone = county.phones["manager"]
    await phone.replies("转出 马小龙 到 兰州市第一小学")
    await phone.expects("“马小龙”是哪一个", "2马小龙(锁南镇中心小学三(2)班 2017-03)")
    await phone.replies("2")
    await phone.expects("已记下", "兰州市第一小学")
    async with county.database.session() as session:
        assert (await session.get_one(Student, county.students["马晓龙"])).status == "transferring"
        assert (await session.get_one(Student, county.students["马小龙"])).status == "enrolled"


async def test_a_suspended_child_that_is_not_back_in_time_becomes_a_case(county: County) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙", "马小虎")
    bureau = county.phones["county_officer"]
    await bureau.replies("休学 马小龙 东教批12号 到11月20日")
    await bureau.expects("马小龙休学到11月20日")
    await bureau.replies("休学 马小虎 东教批13号 到11月20日")
    await bureau.expects("马小虎休学到11月20日")
    await county.phones["manager"].replies("复学 马小虎")
    await county.phones["manager"].expects("马小虎复学")
    await county.after_outage("2026-11-25 12:01")
    (case,) = await county.cases()
    assert (case.student_id, case.level) == (county.students["马小龙"], 3)
    await county.phones["manager"].replies("复学 马小龙")
    assert ((await county.case("马小龙")).state, (await pupil(county, "马小龙")).status) == ("closed", "resumed")


HOUSEHOLDS = ["姓名", "出生日期", "身份证号", "监护人", "关系", "电话", "村", "乡镇"]


async def test_a_household_list_finds_the_children_that_no_school_has(county: County, tmp_path: Path) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    async with county.database.session() as session, session.begin():
        await session.execute(update(Student).values(birth_date=date(2017, 3, 5)))
    rows = [
        HOUSEHOLDS,
        ["马小龙", "2017-03-05", "", "马大", "父亲", "13893010001", "毛毛村", "锁南镇"],
        ["马尔里", "2019-05-06", "", "马福海", "父亲", "13893010002", "毛毛村", "锁南镇"],
        ["马小小", "2024-01-01", "", "马福海", "父亲", "13893010002", "毛毛村", "锁南镇"],
        ["", "2018-01-01", "", "", "", "", "毛毛村", "锁南镇"],
        ["马三", "", "", "", "", "", "毛毛村", "锁南镇"],
        ["马四", "2018-02-02", "", "", "", "", "天上村", "锁南镇"],
        ["马五", "2030-02-02", "", "", "", "", "毛毛村", "锁南镇"],
    ]
    report = await take(county, "households", tmp_path / "a.xlsx", rows)
    assert [(error.row, error.column, error.code) for error in report.errors] == [
        (5, "姓名", "name_missing"), (6, "出生日期", "born_missing"), (7, "村", "area_unknown"), (8, "出生日期", "born_implausible"),
    ]  # fmt: skip
    assert (report.new, report.counters["cases"], report.counters["on_rolls"], report.counters["not_of_age"]) == (1, 1, 1, 1)
    await county.stage.settle()
    case, found = (await county.cases())[0], await pupil(county, "马尔里")
    assert (case.level, case.school_id, case.class_id, found.status, found.school_id) == (4, None, None, "unenrolled", None)
    await county.phones["village_committee"].expects("马尔里", "还没入学")
    township = county.phones["township_officer"]
    await township.expects("马尔里", "还没入学", "签发返校通知书")
    code = (await county.task("issue_notice")).code
    await township.replies(f"{code} 3 签发")
    async with county.database.session() as session:
        levels = list(await session.scalars(select(CaseLevel.level).where(CaseLevel.case_id == case.id).order_by(CaseLevel.level)))
    assert levels == [1, 2, 3, 4]
    again = await take(county, "households", tmp_path / "b.xlsx", rows)
    assert (again.new, again.changed, len(await county.cases())) == (0, 0, 1)
    await county.phones["manager"].replies("入学 马尔里 三(2)班")
    await county.phones["manager"].expects("马尔里入学三(2)班")
    (closed,) = await county.cases()
    assert (closed.state, closed.exit) == ("closed", "enrolled")


async def test_a_new_number_in_a_household_list_takes_the_place_of_the_old_one(county: County, tmp_path: Path) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    for name, phone in (("a", "13900000771"), ("b", "13900000772"), ("c", "13900000771")):
        rows = [HOUSEHOLDS, ["马尔里", "2017-03-05", "", "马胡赛", "父亲", phone, "毛毛村", "锁南镇"]]
        await take(county, "households", tmp_path / f"{name}.xlsx", rows)
        async with county.database.session() as session:
            query = select(Contact.address_encrypted).join(PersonContact).join(Person).join(Guardianship).join(Student)
            used = await session.scalars(query.where(Student.name == "马尔里", PersonContact.retired_reason.is_(None)))
            assert [county.cipher.decrypt(address) for address in used] == [f"+86{phone}"]


async def test_a_child_that_came_unannounced_is_confirmed_by_its_former_school(county: County) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    await county.phones["other"].replies("转入确认 马小龙 三(1)班")
    await county.phones["other"].expects("马小龙已转入三(1)班")
    former = county.phones["manager"]
    await former.expects("您校的马小龙已在锁南镇初级中学报到就读")
    await former.replies("3 已转出")
    crossing = await gap(county, "马小龙")
    assert (crossing.outcome, crossing.received_by, crossing.released_by) == (
        "arrived", county.people["other"], county.people["manager"],
    )  # fmt: skip
    assert await events(county, "马小龙") == ["arrived", "released"]


async def test_a_namesake_on_a_roll_is_asked_about_and_never_assumed_to_be_the_child(county: County, tmp_path: Path) -> None:
    await set_out(county, "2026-11-02 09:00", "马小龙")
    await take(
        county, "households", tmp_path / "a.xlsx", [HOUSEHOLDS, ["马尔里", "2019-05-06", "", "马福海", "父亲", "", "毛毛村", "锁南镇"]]
    )
    here = {"学校标识码": "2162000001", "出生日期": "20190506", "年级": "三年级", "班级": "2班"}
    await take(county, "roster", tmp_path / "b.xlsx", [ROSTER, child("马尔里", 学籍号="L马尔里", **here)])
    await county.to("2026-11-03 12:01")
    await county.phones["enrolment_manager"].expects("尔里", "请核实")
    async with county.database.session() as session:
        found = list(await session.scalars(select(Student).where(Student.name == "马尔里").order_by(Student.id)))
        asked = list(await session.scalars(select(Task).where(Task.kind == "enrolment_check", Task.key.like("gap:%:namesake"))))
    assert [one.status for one in found] == ["unenrolled", "enrolled"]
    assert ([task.student_id for task in asked], (await county.cases())[0].state) == ([found[0].id], "open")
    await county.after_outage("2026-11-05 12:01")
    async with county.database.session() as session:
        query = select(func.count()).select_from(Task).where(Task.key.like("gap:%:namesake"))
        assert await session.scalar(query) == 1  # once
