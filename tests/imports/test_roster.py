"""Rosters as schools have them."""

from __future__ import annotations

from pathlib import Path

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
