"""Schools: code, name, stage, place, boarding, telephone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from cases.imports.area_tree import AreaTree, Place, load_tree
from cases.imports.headers import Vocabulary, vocabulary
from cases.imports.intake import Intake, common_area
from cases.imports.lines import Line, RowRefused, Table, lines
from cases.imports.numbers import SCHOOL_CODE_DIGITS, read_school_code
from cases.imports.phones import for_people, read_phones
from cases.imports.texts import Unreadable, table
from cases.imports.words import read_boarding, read_stage
from storage.tables import School

NEEDED = (("学校标识码",), ("学校名称",), ("学段",), ("区划代码", "乡镇", "村"))
BATCH = 5000  # a statement takes 65,535 values at most
COLUMNS = ("name", "stage", "area_code", "boarding", "phone")
FOLLOW_SCHOOL = (
    "update school_class set area_code = s.area_code from school s where s.id = school_id and school_class.area_code <> s.area_code",
    "update student set school_area_code = s.area_code from school s where s.id = school_id and school_area_code <> s.area_code",
    "update responsibility set area_code = s.area_code from school s where s.id = school_id and responsibility.area_code <> s.area_code",
)


@dataclass
class _Reader:
    tree: AreaTree
    codes: set[str]

    def read(self, line: Line) -> dict[str, Any]:
        code = self._code(line)
        if not (name := line.text("学校名称")):
            raise line.refuse("school_name_missing", "学校名称")
        stage = self._stage(line)
        area = self._area(line)
        self.codes.add(code)
        values = {"code": code, "name": name, "stage": stage, "area_code": area.code}
        return values | {"boarding": line.read("是否寄宿", read_boarding), "phone": _phone(line)}

    def _code(self, line: Line) -> str:
        try:
            code = read_school_code(line.cell("学校标识码")) or ""
        except Unreadable as error:
            raise line.refuse("school_code_wrong", "学校标识码") from error
        if len(code) != SCHOOL_CODE_DIGITS or not code.isascii() or not code.isalnum():
            raise line.refuse("school_code_wrong", "学校标识码")
        if code in self.codes:
            raise line.refuse("school_code_used", "学校标识码")
        return code

    def _stage(self, line: Line) -> str:
        try:
            stage = read_stage(line.cell("学段"))
        except Unreadable as error:
            raise line.refuse(error.code, "学段") from error
        if stage is None:
            raise line.refuse("stage_missing", "学段")
        return stage

    def _area(self, line: Line) -> Place:
        """By code, else by names; the finer of both where they agree."""
        code = line.text("区划代码")
        if code.isdigit():
            place = self.tree.by_code(code)
            if place is None and not line.text("乡镇"):
                raise line.refuse("area_unknown", "区划代码")
            named = self._named(line, place.code) if place else self._by_names(line, "")
        else:
            named = self._by_names(line, code)
        if named.level in {"prefecture", "county"}:
            line.warn("area_coarse", "区划代码" if code else "乡镇")
        return named

    def _named(self, line: Line, within: str) -> Place:
        place = self.tree.places[within]
        if place.level == "county" and (township := line.text("乡镇")):
            place = self._look_up(line, township, "乡镇", within)
        return self._village(line, place)

    def _by_names(self, line: Line, path: str) -> Place:
        if path:
            return self._village(line, self._look_up(line, path, "区划代码", ""))
        county, township = line.text("县市"), line.text("乡镇")
        if not township:
            raise line.refuse("area_missing", "乡镇")
        within = self._look_up(line, county, "县市", "").code if county else ""
        return self._village(line, self._look_up(line, township, "乡镇", within))

    def _village(self, line: Line, place: Place) -> Place:
        village = line.text("村")
        if not village or place.level != "township":
            return place
        try:
            return self.tree.by_names(village, within=place.code, levels=("village",))
        except Unreadable:
            line.warn("village_unknown", "村")
            return place

    def _look_up(self, line: Line, name: str, column: str, within: str) -> Place:
        levels = {"县市": ("county",), "乡镇": ("township",)}.get(column, ())
        try:
            return self.tree.by_code(name) or self.tree.by_names(name, within=within, levels=levels)
        except Unreadable as error:
            raise line.refuse(error.code, column) from error


def _phone(line: Line) -> str | None:
    phones = read_phones(line.cell("电话"))
    if phones.bad and not phones.good:
        line.warn("school_phone_wrong", "电话")
    return for_people(phones.good[0]) if phones.good else None


def school_words() -> Vocabulary:
    """Headings of a school file."""
    return vocabulary(table("columns")["schools"], NEEDED)


async def import_schools(intake: Intake, tables: Sequence[Table]) -> None:
    """Takes the schools in."""
    reader = _Reader(await load_tree(intake.work.session), set())
    rows = list(_accepted(reader, lines(tables, intake.report, "学校名称", intake.progress)))
    known = {school.code: school for school in await intake.work.session.scalars(select(School))}
    fresh = [merged for row in rows if (merged := _merged(row, known.get(row["code"]))) is not None]
    report = intake.report
    report.new = sum(1 for row in fresh if row["code"] not in known)
    report.changed = len(fresh) - report.new
    report.unchanged = len(rows) - len(fresh)
    if fresh:
        await _store(intake, fresh)


def _accepted(reader: _Reader, rows: Iterator[Line]) -> Iterator[dict[str, Any]]:
    for line in rows:
        try:
            yield reader.read(line)
        except RowRefused:
            continue


def _merged(row: dict[str, Any], known: School | None) -> dict[str, Any] | None:
    """What to write, or None when nothing changed. What the file leaves empty stays as it was."""
    if known is None:
        return row | {"boarding": bool(row["boarding"])}
    values = {column: row[column] if row[column] is not None else getattr(known, column) for column in COLUMNS}
    return {"code": row["code"], **values} if any(values[column] != getattr(known, column) for column in COLUMNS) else None


async def _store(intake: Intake, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        statement = insert(School).values(rows[start : start + BATCH])
        update = {column: statement.excluded[column] for column in COLUMNS}
        await intake.work.session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=update))
    for follow in FOLLOW_SCHOOL:
        await intake.work.session.execute(text(follow))
    intake.work.record(
        "schools_imported", "schools", area_code=common_area([row["area_code"] for row in rows]), actor="operator", count=len(rows)
    )
