"""The tree of areas: `code,name,level,parent_code`, of any prefecture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cases.imports.area_tree import CODE, LEVELS
from cases.imports.headers import Vocabulary, vocabulary
from cases.imports.intake import Intake
from cases.imports.lines import Line, RowRefused, Table, lines
from cases.imports.report import ImportReport
from cases.imports.texts import table
from storage.tables import Area
from storage.work import Work

BATCH = 5000  # a statement takes 65,535 values at most


@dataclass(frozen=True, slots=True)
class _Row:
    line: Line
    code: str
    name: str
    level: str
    parent: str | None


def area_words() -> Vocabulary:
    """Headings of an area file."""
    return vocabulary(table("columns")["areas"], (("code",), ("name",)))


async def import_areas(intake: Intake, tables: Sequence[Table]) -> None:
    """Takes the areas in; those of other prefectures stay beside them."""
    work, report = intake.work, intake.report
    rows: dict[str, _Row] = {}
    for line in lines(tables, report, "code", intake.progress):
        try:
            row = _read(line, rows)
        except RowRefused:
            continue
        rows[row.code] = row
    known = {code: (name, level, parent) for code, name, level, parent in await work.session.execute(_SELECT)}
    await _store(work, _with_parents(rows, set(known)), known, report)


_SELECT = select(Area.code, Area.name, Area.level, Area.parent_code)


def _read(line: Line, earlier: dict[str, _Row]) -> _Row:
    code, name, level, parent = (line.text(column) for column in ("code", "name", "level", "parent_code"))
    expected = LEVELS.get(len(code))
    if not CODE.match(code) or expected is None:
        raise line.refuse("area_code_wrong", "code")
    if code in earlier:
        raise line.refuse("area_code_used", "code")
    if not name:
        raise line.refuse("area_name_missing", "name")
    if level and table("columns")["area_levels"].get(level, level) != expected:
        raise line.refuse("area_level_wrong", "level")
    if parent and parent != _prefix(code):
        raise line.refuse("area_parent_wrong", "parent_code")
    return _Row(line, code, name, expected, _prefix(code))


def _prefix(code: str) -> str | None:
    return next((code[:length] for length in (9, 6, 4) if length < len(code)), None)


def _with_parents(rows: dict[str, _Row], known: set[str]) -> list[_Row]:
    """The rows whose parent is there, parents first; the others are refused."""
    kept: list[_Row] = []
    for row in sorted(rows.values(), key=lambda row: len(row.code)):
        if row.parent is None or row.parent in known:
            known.add(row.code)
            kept.append(row)
        else:
            row.line.refuse("area_parent_missing", "parent_code")
    return kept


async def _store(work: Work, rows: list[_Row], known: dict[str, tuple[str, str, str | None]], report: ImportReport) -> None:
    values = [{"code": row.code, "name": row.name, "level": row.level, "parent_code": row.parent} for row in rows]
    fresh = [value for value in values if known.get(str(value["code"])) != (value["name"], value["level"], value["parent_code"])]
    report.new = sum(1 for value in fresh if value["code"] not in known)
    report.changed = len(fresh) - report.new
    report.unchanged = len(values) - len(fresh)
    for start in range(0, len(fresh), BATCH):
        statement = insert(Area).values(fresh[start : start + BATCH])
        update = {column: statement.excluded[column] for column in ("name", "level", "parent_code")}
        await work.session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=update))
