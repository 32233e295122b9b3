"""Synthetic files go in through the same importers, with no other warnings than those that are meant."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cases.imports.synthetic import write_demo_data
from storage.database import Database
from tests.imports.conftest import Import
from tests.imports.files import every, one

MEANT = {"phone_wrong", "phone_missing", "id_number_wrong"}
TODAY = date(2026, 11, 24)


async def test_every_file_goes_in_with_only_the_meant_warnings(take: Import, database: Database, tmp_path: Path) -> None:
    made = write_demo_data(tmp_path, schools=6, seed=7, today=TODAY, students_per_class=8)
    reports = [await take(kind, path) for kind, path in made.__dict__.items() if isinstance(path, Path)]
    assert [report.errors for report in reports] == [[], [], [], []]
    assert [report.warnings for report in reports[:3]] == [[], [], []]
    assert {warning.code for warning in reports[3].warnings} <= MEANT
    assert [report.new for report in reports[1:]] == [made.school_count, made.person_count, made.student_count]
    assert await one(database, "select count(*) from school_class") == made.class_count
    assert await one(database, "select count(*) from student where length(area_code) < 9") == 0
    shared = "select count(*) from (select contact_id from person_contact group by 1 having count(distinct person_id) > 1) x"
    siblings = "select count(*) from (select person_id from guardianship group by 1 having count(*) > 1) x"
    assert await one(database, shared) > 0
    assert await one(database, siblings) > 0


async def test_every_post_of_the_chain_has_somebody(take: Import, database: Database, tmp_path: Path) -> None:
    made = write_demo_data(tmp_path, schools=3, seed=1, today=TODAY, students_per_class=3, townships=["622926100"])
    for kind in ("areas", "schools", "people", "roster"):
        await take(kind, getattr(made, kind))
    staffed = set(await every(database, "select distinct role from responsibility"))
    assert staffed >= {
        "class_teacher", "attendance_officer", "principal", "village_committee", "township_officer", "township_head", "county_officer",
        "education_head", "leading_group", "county_head", "enrolment_manager", "department_liaison", "prefecture_officer",
    }  # fmt: skip
    lonely = """select count(*) from student s where length(s.area_code) = 12 and not exists (
        select from responsibility r where r.role = 'village_committee' and r.area_code = s.area_code)"""
    assert await one(database, lonely) == 0
    untaught = "select count(*) from school_class c where not exists (select from responsibility r where r.class_id = c.id)"
    assert await one(database, untaught) == 0


def test_the_same_seed_gives_the_same_people(tmp_path: Path) -> None:
    from python_calamine import CalamineWorkbook

    def rows(seed: int, name: str) -> object:
        made = write_demo_data(tmp_path / name, schools=2, seed=seed, today=TODAY, students_per_class=3)
        return CalamineWorkbook.from_path(str(made.roster)).get_sheet_by_index(0).to_python()

    assert rows(1, "a") == rows(1, "b")
    assert rows(1, "a") != rows(2, "c")
