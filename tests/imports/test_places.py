"""Areas of any prefecture, schools, responsible persons, and the workbook of what needs mending."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from cases.desk import desk_of_area
from cases.imports.run import write_errors
from cases.tasks import NewTask, open_task
from storage.database import Database
from storage.work import working
from tests.imports.conftest import AREAS, NOW, Import
from tests.imports.files import ROSTER, SCHOOLS, child, contents, every, one, write_xlsx

GANNAN = """code,name,level,parent_code
6230,甘南藏族自治州,prefecture,
623001,合作市,county,6230
623001101,那吾镇,township,623001
623001101200,早子村民委员会,village,623001101
"""
PEOPLE = ["姓名", "岗位", "责任区域", "学校", "班级", "部门", "手机", "代理人", "代理人手机", "起始日期", "截止日期"]


def person(name: str, role: str, **cells: Any) -> list[Any]:
    row = {"姓名": name, "岗位": role, "手机": "13893000001"} | cells
    return [row.get(column, "") for column in PEOPLE]


async def test_the_tree_goes_in_once(take: Import, database: Database) -> None:
    first, second = await take("areas", AREAS), await take("areas", AREAS)
    assert (first.new, second.new, second.unchanged, second.errors) == (1337, 0, 1337, [])
    assert await every(database, "select level, count(*) from area group by 1 order by 2") == [
        ("prefecture", 1), ("county", 8), ("township", 131), ("village", 1197),
    ]  # fmt: skip


async def test_another_prefecture_stands_beside_the_first(take: Import, database: Database, tmp_path: Path) -> None:
    (tmp_path / "gannan.csv").write_text(GANNAN, encoding="utf-8")
    await take("areas", AREAS)
    report = await take("areas", tmp_path / "gannan.csv")
    assert (report.new, report.errors) == (4, [])
    schools = [SCHOOLS, ["2623001001", "那吾镇中心小学", "小学", "623001101", "", ""]]
    assert (await take("schools", write_xlsx(tmp_path / "s.xlsx", schools))).errors == []
    row = child("扎西才让", 学校标识码="2623001001", 户口所在地行政区划="623001101", 现住址="那吾镇早子村")
    assert (await take("roster", write_xlsx(tmp_path / "r.xlsx", [ROSTER, row]))).errors == []
    assert await one(database, "select area_code from student") == "623001101200"


async def test_bad_areas_are_refused_one_by_one(take: Import, database: Database, tmp_path: Path) -> None:
    bad = "12,短,county,\n623001,又来,county,6230\n623001102,,township,623001\n623001103,错级镇,village,623001\n"
    bad += "623001104,错父镇,township,623002\n623002101,无父镇,township,623002\n"
    (tmp_path / "a.csv").write_text(GANNAN + bad, encoding="utf-8")
    report = await take("areas", tmp_path / "a.csv")
    assert [(error.row, error.code) for error in report.errors] == [
        (6, "area_code_wrong"), (7, "area_code_used"), (8, "area_name_missing"), (9, "area_level_wrong"), (10, "area_parent_wrong"),
        (11, "area_parent_missing"),
    ]  # fmt: skip
    assert await one(database, "select count(*) from area") == 4


async def test_schools_by_code_or_by_names(take: Import, database: Database, tmp_path: Path) -> None:
    await take("areas", AREAS)
    header = ["学校代码", "校名", "办学类型", "县", "所在乡镇", "所在村", "区划代码", "寄宿制", "办公电话"]
    rows: list[list[Any]] = [
        [2162003451, "一小", "完全小学", "东乡县", "锁南镇", "毛毛村", "", "是", "0930-7121234"],
        ["2162003452", "二中", "初级中学", "", "", "", "东乡县达板镇", "寄宿", 13893012345],
        ["2162003453", "三校", "九年一贯制", "", "", "", "622926100", "", "坏"],
        ["2162003454", "四点", "教学点", "", "城关镇", "", "", "", ""],
        ["2162003455", "五校", "大学", "", "锁南镇", "", "", "", ""],
        ["2162003451", "六校", "小学", "", "锁南镇", "", "", "", ""],
        ["2162003457", "七校", "特校", "", "锁南镇", "火星村", "", "", ""],
    ]
    path = write_xlsx(tmp_path / "s.xlsx", [header, *rows])
    report = await take("schools", path)
    assert [(error.row, error.code) for error in report.errors] == [(5, "area_ambiguous"), (6, "stage_unknown"), (7, "school_code_used")]
    assert [(warning.row, warning.code) for warning in report.warnings] == [(4, "school_phone_wrong"), (8, "village_unknown")]
    assert await every(database, "select name, stage, area_code, boarding, phone from school order by code") == [
        ("一小", "primary", "622926100004", True, "0930-7121234"), ("二中", "junior", "622926101", True, "13893012345"),
        ("三校", "nine_year", "622926100", False, None), ("七校", "special", "622926100", False, None),
    ]  # fmt: skip
    before = await contents(database)
    again = await take("schools", path)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 4)
    assert await contents(database) == before


async def test_responsible_persons(prepared: Import, database: Database, tmp_path: Path) -> None:
    rows = [
        person("马一", "班主任", 学校="2162003451", 班级="3.2班"),
        person("马二", "校长", 学校="锁南镇中心小学", 代理人="马三", 代理人手机="13893000003"),
        person("马四", "村主任", 责任区域="622926100004"),
        person("马五", "乡镇长", 责任区域="东乡县锁南镇"),
        person("马六", "镇长", 责任区域="锁南镇", 手机="13893000006"),
        person("马七", "部门联络员", 责任区域="东乡县", 部门="公安局"),
        person("马八", "township_officer", 责任区域="东乡县"),
        person("马九", "皇帝", 责任区域="东乡县"),
        person("马十", "部门联络员", 责任区域="东乡县"),
        person("马子", "控辍专干", 学校="2162003451", 手机="坏"),
        person("", "校长", 学校="2162003451"),
    ]
    path = write_xlsx(tmp_path / "p.xlsx", [PEOPLE, *rows])
    report = await prepared("people", path)
    assert [(error.row, error.column, error.code) for error in report.errors] == [
        (8, "责任区域", "area_level_of_role"), (9, "岗位", "role_unknown"), (10, "部门", "department_missing"),
        (12, "姓名", "name_missing"),
    ]  # fmt: skip
    assert [(warning.row, warning.code) for warning in report.warnings] == [(11, "officer_phone_wrong")]
    query = "select p.name, role, r.area_code, department from responsibility r join person p on p.id = person_id order by r.id"
    assert await every(database, query) == [
        ("马一", "class_teacher", "622926100004", None), ("马二", "principal", "622926100004", None),
        ("马四", "village_committee", "622926100004", None), ("马五", "township_head", "622926100", None),
        ("马六", "township_head", "622926100", None), ("马七", "department_liaison", "622926", "police"),
        ("马子", "attendance_officer", "622926100004", None),
    ]  # fmt: skip
    substitute = "select p.name from responsibility r join person p on p.id = substitute_person_id"
    assert await every(database, substitute) == ["马三"]
    before = await contents(database)
    again = await prepared("people", path)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 7)
    assert await contents(database) == before


async def test_an_end_date_ends_and_a_missing_person_stays(prepared: Import, database: Database, tmp_path: Path) -> None:
    both = [person("马五", "乡镇长", 责任区域="锁南镇"), person("马六", "乡镇长", 责任区域="锁南镇", 手机="13893000006")]
    await prepared("people", write_xlsx(tmp_path / "a.xlsx", [PEOPLE, *both]))
    ended = person("马五", "乡镇长", 责任区域="锁南镇", 手机="13893000099", 截止日期="2026-12-01")
    report = await prepared("people", write_xlsx(tmp_path / "b.xlsx", [PEOPLE, ended]))
    assert (report.new, report.changed) == (0, 1)
    query = "select p.name, valid_until::text from responsibility r join person p on p.id = person_id order by r.id"
    assert await every(database, query) == [("马五", "2026-12-01"), ("马六", None)]
    links = "select retired_reason from person_contact pc join person p on p.id = person_id where p.name = '马五' order by contact_id"
    assert await every(database, links) == ["replaced", None]


async def test_an_officer_who_is_also_a_father_is_one_person(prepared: Import, database: Database, tmp_path: Path) -> None:
    row = person("马福海", "校长", 学校="2162003451", 手机="13893012345")
    await prepared("people", write_xlsx(tmp_path / "p.xlsx", [PEOPLE, row]))
    await prepared("roster", write_xlsx(tmp_path / "r.xlsx", [ROSTER, child("马小龙")]))
    assert await every(database, "select name from person") == ["马福海"]


@pytest.mark.parametrize("dry_run", [True, False])
async def test_the_workbook_holds_the_bad_rows_with_their_reasons(prepared: Import, tmp_path: Path, dry_run: bool) -> None:
    rows = [["花名册"], ROSTER, child("马一"), child("马二", 成员1联系电话="123"), child("", 学籍号="L3")]
    path = write_xlsx(tmp_path / "r.xlsx", rows)
    report = await prepared("roster", path, dry_run=dry_run)
    write_errors(report, path, tmp_path / "bad.xlsx")
    header, *found = CalamineWorkbook.from_path(str(tmp_path / "bad.xlsx")).get_sheet_by_index(0).to_python()
    assert header[:5] == ["原行号", "原因", "怎么改", "学校标识码", "学籍号"]
    assert [row[0] for row in found] == [4.0, 5.0]
    assert "成员1联系电话" in str(found[0][1])
    assert "姓名" in str(found[1][1])
    assert found[0][5] == "马二"
    with zipfile.ZipFile(tmp_path / "bad.xlsx") as book:
        assert b"FFF2B3" in book.read("xl/styles.xml")
        assert b"F4B6B6" in book.read("xl/styles.xml")


async def test_the_workbook_of_an_unreadable_file_says_why(prepared: Import, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("没有表格", encoding="utf-8")
    report = await prepared("roster", tmp_path / "r.csv")
    write_errors(report, tmp_path / "r.csv", tmp_path / "bad.xlsx")
    found = CalamineWorkbook.from_path(str(tmp_path / "bad.xlsx")).get_sheet_by_index(0).to_python()
    assert report.errors[0].reason in str(found)


async def test_who_is_replaced_by_a_file_leaves_nothing_open(prepared: Import, database: Database, tmp_path: Path) -> None:
    """The county's file ends one township head and names another: the task goes over, both are told once."""
    await prepared("people", write_xlsx(tmp_path / "a.xlsx", [PEOPLE, person("马五", "乡镇长", 责任区域="锁南镇")]))
    async with working(database, NOW) as work:
        desk = await desk_of_area(work, "622926100")
        await open_task(work, desk, NewTask("t", "post_changed", "township_head", NOW + timedelta(days=3)))
    rows = [
        person("马五", "乡镇长", 责任区域="锁南镇", 截止日期="2026-11-20"),
        person("牟六", "乡镇长", 责任区域="锁南镇", 手机="13893000006", 起始日期="2026-11-21"),
    ]
    for name in ("b.xlsx", "again.xlsx"):
        await prepared("people", write_xlsx(tmp_path / name, [PEOPLE, *rows]))
    holder = "select p.name, until is null from task_holder join person p on p.id = person_id order by p.id"
    assert await every(database, holder) == [("马五", False), ("牟六", True)]
    told = "select p.name, template from intent join person p on p.id = person_id where template like 'post_%' order by p.id, template"
    assert await every(database, told) == [("马五", "post_left"), ("牟六", "post_taken")]
    dropped = "select state from intent where person_id = (select id from person where name = '马五') and template = 'task_new'"
    assert await every(database, dropped) == ["dropped"]
