"""Writing the synthetic files."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import xlsxwriter

from cases.imports.area_tree import AreaTree
from cases.imports.classes import school_year
from cases.imports.synthetic.children import Children
from cases.imports.synthetic.offices import Offices
from cases.imports.synthetic.people import People
from cases.imports.synthetic.places import SyntheticSchool, choose_townships, make_schools, read_areas
from cases.imports.texts import DATA, table

AREA_FILE = DATA / "areas_linxia.csv"


@dataclass(frozen=True)
class DemoData:
    """The files, in the order in which they go in, and how many there are of each."""

    areas: Path
    schools: Path
    people: Path
    roster: Path
    school_count: int
    class_count: int
    person_count: int
    student_count: int


def write_demo_data(
    out: Path,
    *,
    schools: int,
    seed: int,
    today: date,
    townships: Sequence[str] | None = None,
    classes_per_school: int = 6,
    students_per_class: int = 30,
    areas: Path = AREA_FILE,
) -> DemoData:
    """Writes areas.csv, schools.xlsx, people.xlsx and roster.xlsx into `out`; the same seed gives the same people.

    `today` sets the school year, `areas` is an area file. Raises KeyError for a township that is not in it.
    """
    tree, random = read_areas(areas), Random(seed)
    people = People(random)
    made = make_schools(tree, choose_townships(tree, schools, townships), schools, classes_per_school, random)
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(areas, out / "areas.csv")
    _write(out / "schools.xlsx", "学校", table("synthetic")["school_columns"], (_school_row(tree, school) for school in made))
    offices = _write(out / "people.xlsx", "责任人", table("synthetic")["people_columns"], Offices(tree, people).rows(made))
    year = school_year(today)
    children = Children(tree, people, random, year)
    rows = (row for style, school in enumerate(made) for row in children.rows(school, style, students_per_class))
    students = _write_roster(out / "roster.xlsx", rows, year)
    return DemoData(
        areas=out / "areas.csv",
        schools=out / "schools.xlsx",
        people=out / "people.xlsx",
        roster=out / "roster.xlsx",
        school_count=len(made),
        class_count=sum(len(school.classes) for school in made),
        person_count=offices,
        student_count=students,
    )


def _school_row(tree: AreaTree, school: SyntheticSchool) -> list[Any]:
    county, village = tree.places[school.township.code[:6]].name, school.village.name if school.village else ""
    return [school.code, school.name, school.written, county, school.township.name, village, school.boarding, school.phone]


def _write(path: Path, sheet: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], above: Sequence[str] = ()) -> int:
    """Gives the number of data rows."""
    written = 0
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        page, bold = book.add_worksheet(sheet), book.add_format({"bold": True})
        for index, title in enumerate(above):
            page.merge_range(index, 0, index, len(columns) - 1, title, bold)
        page.write_row(len(above), 0, columns, bold)
        for row in rows:
            written += 1
            page.write_row(len(above) + written, 0, row)
    return written


def _write_roster(path: Path, rows: Iterable[Sequence[Any]], year: int) -> int:
    words = table("synthetic")
    columns = [*words["child_columns"], *words["member_columns"]]
    return _write(path, "学生", columns, rows, above=(f"{year}年{words['roster_title']}", words["roster_note"]))
