"""Rosters as schools have them."""

from __future__ import annotations

from pathlib import Path

from cases.imports.numbers import check_character
from storage.database import Database
from tests.imports.conftest import Import
from tests.imports.files import ROSTER, child, contents, every, one, write_xlsx


async def test_a_child_is_taken_in_with_class_family_and_home(prepared: Import, database: Database, tmp_path: Path) -> None:
    report = await prepared("roster", write_xlsx(tmp_path / "roster.xlsx", [ROSTER, child("马小龙")]))
    assert (report.new, report.changed, report.unchanged, report.left, report.errors, report.warnings) == (1, 0, 0, 0, [], [])
    assert await every(
        database, "select name, name_pinyin, sex, birth_date::text, ethnicity, area_code, school_area_code from student"
    ) == [("马小龙", "maxiaolong", "male", "2017-03-05", "东乡族", "622926100004", "622926100004")]
    assert await every(database, "select grade, number, name from school_class") == [(3, "2", "三(2)班")]
    assert await every(database, "select name, relation, is_guardian, rank from guardianship join person on person.id = person_id") == [
        ("马福海", "father", True, 1)
    ]


async def test_the_same_file_again_changes_nothing(prepared: Import, database: Database, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", [ROSTER, child("马小龙"), child("马小虎", 成员1联系电话="123"), child("", 现住址="x")])
    first = await prepared("roster", path)
    before = await contents(database)
    second = await prepared("roster", path)
    assert (first.new, second.new, second.changed, second.unchanged, second.left) == (2, 0, 0, 2, 0)
    assert await contents(database) == before


async def test_brothers_share_one_father(prepared: Import, database: Database, tmp_path: Path) -> None:
    await prepared("roster", write_xlsx(tmp_path / "roster.xlsx", [ROSTER, child("马小龙"), child("马小虎", 班级="1班")]))
    assert await one(database, "select count(*) from person") == 1
    assert await one(database, "select count(*) from guardianship") == 2
    assert await one(database, "select count(*) from contact") == 1


async def test_only_a_child_that_cannot_be_identified_or_placed_is_refused(prepared: Import, database: Database, tmp_path: Path) -> None:
    rows = [
        child("马一", 学籍号="L1"),
        child("", 学籍号="L2"),
        child("马三", 学籍号="L3", 学校标识码="2999999999"),
        child("马四", 学籍号="L4", 班级="", 年级=""),
        child("马五", 学籍号="L1"),
        child("马六", 学籍号="L6", 性别="?", 出生日期="去年", 民族="火星", 身份证件号="622926201403050000",
              班内学号="头", 户口所在地行政区划="天边",
              是否留守儿童="也许", 成员1联系电话="123"),
    ]  # fmt: skip
    report = await prepared("roster", write_xlsx(tmp_path / "roster.xlsx", [ROSTER, *rows]))
    assert [(error.row, error.column, error.code) for error in report.errors] == [
        (3, "姓名", "name_missing"), (4, "学校标识码", "school_unknown"), (5, "年级", "class_missing"), (6, "学籍号", "number_used"),
    ]  # fmt: skip
    assert report.exit_code == 1
    assert await every(database, "select name from student order by id") == ["马一", "马六"]
    assert {(warning.row, warning.column) for warning in report.warnings} == {
        (7, "性别"), (7, "出生日期"), (7, "民族"), (7, "身份证件号"), (7, "班内学号"),
        (7, "户口所在地行政区划"), (7, "是否留守儿童"), (7, "成员1联系电话"),
    }  # fmt: skip
    assert await every(database, "select sex, birth_date, ethnicity from student where name = '马六'") == [(None, None, None)]


async def test_a_missing_number_becomes_a_task_once(prepared: Import, database: Database, tmp_path: Path) -> None:
    rows = [child("马一"), child("马二", 成员1联系电话="12345"), child("马三", 成员1姓名="", 成员1联系电话="")]
    path = write_xlsx(tmp_path / "roster.xlsx", [ROSTER, *rows])
    await prepared("roster", path)
    await prepared("roster", path)
    query = "select s.name from task t join student s on s.id = t.student_id where t.kind = 'find_contact' order by 1"
    assert sorted(await every(database, query)) == ["马三", "马二"]


async def test_a_child_missing_from_a_newer_roster_is_listed_and_comes_back(prepared: Import, database: Database, tmp_path: Path) -> None:
    both = write_xlsx(tmp_path / "both.xlsx", [ROSTER, child("马小龙"), child("马小虎")])
    one_left = write_xlsx(tmp_path / "one.xlsx", [ROSTER, child("马小龙")])
    await prepared("roster", both)
    report = await prepared("roster", one_left)
    again = await prepared("roster", one_left)
    assert (report.left, report.unchanged, again.left, again.counters["missing"]) == (1, 1, 0, 1)
    assert await one(database, "select count(*) from student") == 2
    query = "select s.name, c.reason, c.closed_at is null, c.outcome from enrolment_check c join student s on s.id = student_id"
    assert await every(database, query) == [("马小虎", "missing_from_roster", True, None)]
    assert (await prepared("roster", both)).counters["came_back"] == 1
    assert await every(database, query) == [("马小虎", "missing_from_roster", False, "back_in_roster")]


async def test_a_refused_row_does_not_make_its_child_missing(prepared: Import, database: Database, tmp_path: Path) -> None:
    await prepared("roster", write_xlsx(tmp_path / "a.xlsx", [ROSTER, child("马小龙"), child("马小虎", 学籍号="L9")]))
    report = await prepared(
        "roster", write_xlsx(tmp_path / "b.xlsx", [ROSTER, child("马小龙"), child("马小虎", 学籍号="L9", 班级="", 年级="")])
    )
    assert (report.left, len(report.errors)) == (0, 1)


async def test_a_move_to_another_class_is_an_event(prepared: Import, database: Database, tmp_path: Path) -> None:
    await prepared("roster", write_xlsx(tmp_path / "a.xlsx", [ROSTER, child("马小龙")]))
    report = await prepared("roster", write_xlsx(tmp_path / "b.xlsx", [ROSTER, child("马小龙", 班级="三(1)班")]))
    assert (report.new, report.changed, report.left) == (0, 1, 0)
    assert await every(database, "select kind from enrolment_event") == ["class_changed"]
    assert await one(database, "select c.name from student join school_class c on c.id = class_id") == "三(1)班"


async def test_a_new_number_replaces_the_old_one_of_the_same_father(prepared: Import, database: Database, tmp_path: Path) -> None:
    await prepared("roster", write_xlsx(tmp_path / "a.xlsx", [ROSTER, child("马小龙"), child("马小虎")]))
    path = write_xlsx(
        tmp_path / "b.xlsx", [ROSTER, child("马小龙", 成员1联系电话="18793012345"), child("马小虎", 成员1联系电话="18793012345")]
    )
    await prepared("roster", path)
    assert await one(database, "select count(*) from person") == 1
    links = "select retired_reason, valid_until is null from person_contact order by contact_id"
    assert await every(database, links) == [("replaced", False), (None, True)]
    before = await contents(database)
    await prepared("roster", path)
    assert await contents(database) == before


async def test_differently_named_persons_share_a_phone(prepared: Import, database: Database, tmp_path: Path) -> None:
    row = child("马小龙", 成员2姓名="马麦燕", 成员2关系="母亲", 成员2联系电话="138 9301 2345")
    await prepared("roster", write_xlsx(tmp_path / "a.xlsx", [ROSTER, row]))
    assert await every(database, "select count(*), count(distinct contact_id) from person_contact") == [(2, 1)]


async def test_a_dry_run_changes_nothing(prepared: Import, database: Database, tmp_path: Path) -> None:
    before = await contents(database)
    report = await prepared(
        "roster", write_xlsx(tmp_path / "a.xlsx", [ROSTER, child("马小龙"), child("马二", 成员1联系电话="1")]), dry_run=True
    )
    assert (report.new, report.dry_run) == (2, True)
    assert await contents(database) == before


async def test_a_child_without_any_number_is_known_by_class_name_and_birthday(prepared: Import, database: Database, tmp_path: Path) -> None:
    bare = {"学籍号": "", "身份证件号": ""}
    first = await prepared(
        "roster", write_xlsx(tmp_path / "a.xlsx", [ROSTER, child("马小龙", **bare), child("马小龙", 出生日期="20170606", **bare)])
    )
    moved = [child("马小龙", 班级="1班", **bare), child("马小龙", 出生日期="20170606", **bare)]
    second = await prepared("roster", write_xlsx(tmp_path / "b.xlsx", [ROSTER, *moved]))
    assert (first.new, second.new, second.changed, second.unchanged, second.left) == (2, 0, 1, 1, 0)
    twice = await prepared("roster", write_xlsx(tmp_path / "c.xlsx", [ROSTER, moved[0], moved[0], moved[1]]))
    assert [error.code for error in twice.errors] == ["twice_in_file"]


async def test_a_temporary_number_gives_way_to_the_lasting_one(prepared: Import, database: Database, tmp_path: Path) -> None:
    id_number = "62292620170305001" + check_character("62292620170305001")
    await prepared("roster", write_xlsx(tmp_path / "a.xlsx", [ROSTER, child("马小龙", 学籍号="L77", 身份证件号=id_number)]))
    report = await prepared(
        "roster", write_xlsx(tmp_path / "b.xlsx", [ROSTER, child("马小龙", 学籍号="G" + id_number, 身份证件号=id_number)])
    )
    assert (report.new, report.changed, report.left) == (0, 1, 0)


async def test_what_a_file_leaves_empty_stays_as_it_was(prepared: Import, database: Database, tmp_path: Path) -> None:
    await prepared("roster", write_xlsx(tmp_path / "a.xlsx", [ROSTER, child("马小龙", 是否留守儿童="双亲留守儿童")]))
    await prepared("roster", write_xlsx(tmp_path / "b.xlsx", [ROSTER, child("马小龙", 民族="", 出生日期="坏", 是否留守儿童="")]))
    assert await every(database, "select ethnicity, birth_date::text from student") == [("东乡族", "2017-03-05")]
    assert await every(database, "select category, detail from student_category where until is null") == [("left_behind", "双亲留守儿童")]
    await prepared("roster", write_xlsx(tmp_path / "c.xlsx", [ROSTER, child("马小龙", 是否留守儿童="非留守儿童")]))
    assert await one(database, "select count(*) from student_category where until is null") == 0


async def test_the_json_says_where_and_why_and_hides_numbers(prepared: Import, tmp_path: Path) -> None:
    report = await prepared("roster", write_xlsx(tmp_path / "a.xlsx", [ROSTER, child("马小龙", 成员1联系电话="1389301234"), child("")]))
    found = report.as_json()
    assert {"new", "changed", "unchanged", "left", "errors", "warnings"} <= found.keys()
    assert found["errors"][0] | {"reason": "", "how": ""} == {
        "code": "name_missing", "sheet": "Sheet1", "row": 3, "column": "姓名", "value": None, "reason": "", "how": "",
    }  # fmt: skip
    warning = found["warnings"][0]
    assert (warning["row"], warning["column"], warning["value"]) == (2, "成员1联系电话", "138*****34")
    assert " / " in warning["reason"]
    assert " / " in warning["how"]
