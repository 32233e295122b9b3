"""Files as offices have them: whatever stands above the header, however the columns are called."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cases.imports.texts import DATA
from storage.database import Database
from tests.imports.conftest import Import
from tests.imports.files import ROSTER, child, contents, every, one, write_xlsx

ALIASES = {row["header"]: row["aliases"].split("|") for row in csv.DictReader((DATA / "roster_columns.csv").open(encoding="utf-8"))}
STUDENTS = "select name, sex, birth_date::text, ethnicity, seat_number, area_code from student order by name"
FAMILY = """select s.name, p.name, g.relation, g.rank from guardianship g join person p on p.id = person_id
    join student s on s.id = student_id order by 1, 4"""


def _family() -> list[list[Any]]:
    mother = {"成员2姓名": "马麦燕", "成员2关系": "母亲", "成员2联系电话": "15293012345"}
    return [child("马小龙", 班内学号=1, **mother), child("马小虎", 班内学号="2", 性别="女", **mother)]


async def _seen(take: Import, database: Database, path: Path) -> Any:
    report = await take("roster", path)
    assert (report.new, report.errors, report.warnings) == (2, [], [])
    return await every(database, STUDENTS), await every(database, FAMILY)


EXPECTED = (
    [("马小虎", "female", "2017-03-05", "东乡族", 2, "622926100004"), ("马小龙", "male", "2017-03-05", "东乡族", 1, "622926100004")],
    [
        ("马小虎", "马福海", "father", 1),
        ("马小虎", "马麦燕", "mother", 2),
        ("马小龙", "马福海", "father", 1),
        ("马小龙", "马麦燕", "mother", 2),
    ],
)


@pytest.mark.parametrize("seed", range(4))
async def test_shuffled_and_renamed_columns(prepared: Import, database: Database, tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    order = random.sample(range(len(ROSTER)), len(ROSTER))
    names = [random.choice([f" {ROSTER[at]}（必填）", f"*{ROSTER[at]}", *ALIASES[ROSTER[at]]]) for at in order]
    rows = [[row[at] for at in order] for row in _family()]
    assert await _seen(prepared, database, write_xlsx(tmp_path / "r.xlsx", [names, *rows])) == EXPECTED


async def test_title_rows_and_a_header_of_two_merged_rows(prepared: Import, database: Database, tmp_path: Path) -> None:
    first = [*ROSTER[:14], "父亲信息", "", "", "", "母亲信息", "", ""]
    second = [""] * 14 + ["姓名", "关系", "联系电话", "是否监护人", "姓名", "关系", "联系电话"]
    rows = [["锁南镇中心小学学生花名册"], ["填表时间：2026年9月"], [], first, second, *_family(), [], ["填表人：张三"]]
    down = [(3, column, 4, column, first[column]) for column in range(14)]
    merges = [(0, 0, 0, 20, rows[0][0]), (3, 14, 3, 17, "父亲信息"), (3, 18, 3, 20, "母亲信息"), *down]
    report = await prepared("roster", write_xlsx(tmp_path / "r.xlsx", rows, merges=merges))
    assert [(warning.code, warning.row) for warning in report.warnings] == [("note_row", 9)]
    assert (report.new, report.errors) == (2, [])
    assert (await every(database, STUDENTS), await every(database, FAMILY)) == EXPECTED


async def test_cells_merged_downwards_are_everybodys(prepared: Import, database: Database, tmp_path: Path) -> None:
    rows = _family()
    rows[1][0] = rows[1][7] = rows[1][8] = ""
    merges = [(1, column, 2, column, rows[0][column]) for column in (0, 7, 8)]
    assert await _seen(prepared, database, write_xlsx(tmp_path / "r.xlsx", [ROSTER, *rows], merges=merges)) == EXPECTED


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8", ","), ("utf-8-sig", ","), ("gb18030", ","), ("gb18030", "\t"), ("utf-16", "\t")]
)
async def test_csv_in_any_encoding(prepared: Import, database: Database, tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "r.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([["花名册"], ROSTER, *_family()])
    assert await _seen(prepared, database, path) == EXPECTED


async def test_several_sheets_and_unknown_columns(prepared: Import, database: Database, tmp_path: Path) -> None:
    one_child, other = _family()
    path = write_xlsx(tmp_path / "r.xlsx", [["说明"], ["请勿修改"]], [[*ROSTER, "鞋码"], [*one_child, 36]], [ROSTER, other])
    report = await prepared("roster", path)
    assert (report.new, report.ignored, report.errors) == (2, ["鞋码"], [])
    assert await every(database, STUDENTS) == EXPECTED[0]


async def test_a_third_member_and_named_members(prepared: Import, database: Database, tmp_path: Path) -> None:
    more = ["爷爷姓名", "爷爷电话", "成员5姓名", "成员5关系", "成员5电话"]
    row = [*_family()[0], "马占明", "13993012345", "马如海", "叔叔", "18793012345"]
    await prepared("roster", write_xlsx(tmp_path / "r.xlsx", [[*ROSTER, *more], row]))
    found = await every(database, "select p.name, relation from guardianship join person p on p.id = person_id order by rank")
    assert found == [("马福海", "father"), ("马麦燕", "mother"), ("马占明", "grandfather"), ("马如海", "uncle_or_aunt")]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"", "file_empty"), ("a.xlsx", b"PK\x03\x04 broken", "file_not_a_table"),
        ("a.csv", b"\x00\x01\x02\x03", "file_not_a_table"),
        ("a.csv", "一封信\n没有表格".encode(), "header_missing"), ("a.xls", b"<html><table></table></html>", "file_not_a_table"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "file_protected"),
        ("a.csv", "姓名,性别\n马小龙,男".encode(), "column_missing"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_read_is_one_error(
    prepared: Import, database: Database, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    before = await contents(database)
    (tmp_path / name).write_bytes(content)
    report = await prepared("roster", tmp_path / name)
    assert [error.code for error in report.errors] == [code]
    assert report.exit_code == 1
    assert await contents(database) == before


async def test_a_missing_file_is_said(prepared: Import, tmp_path: Path) -> None:
    assert [error.code for error in (await prepared("roster", tmp_path / "none.xlsx")).errors] == ["file_missing"]


async def test_a_school_code_that_became_a_number(prepared: Import, database: Database, tmp_path: Path) -> None:
    report = await prepared("roster", write_xlsx(tmp_path / "r.xlsx", [ROSTER, child("马小龙", 学校标识码=62003452, 年级="初一")]))
    assert report.errors == []
    assert await one(database, "select school.code from student join school on school.id = school_id") == "0062003452"


async def test_an_old_xls(prepared: Import, database: Database) -> None:
    report = await prepared("roster", Path(__file__).parent / "roster.xls")
    assert (report.new, report.errors, report.warnings) == (2, [], [])
    assert [row[0] for row in await every(database, STUDENTS)] == ["马小虎", "马小龙"]
    assert await one(database, "select count(distinct birth_date) from student") == 1
    assert await one(database, "select count(*) from contact") == 1
