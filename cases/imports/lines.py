"""The data rows of a file, one at a time, with what is found wrong in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cases.imports.headers import Header, Vocabulary, comparable, find_header
from cases.imports.report import Finding, ImportReport, shown
from cases.imports.sheets import FileRefused, Row, Sheet, open_sheets
from cases.imports.texts import Cell, Unreadable, is_blank, meaningful, squeezed

Read = TypeVar("Read")
Progress = Callable[[int, int], None]
"""Told now and then: rows done, rows in all (about)."""
PROGRESS_EVERY = 100
NOTE_CELLS = 2


class RowRefused(Exception):
    """This row cannot be taken in; the reason is already in the report."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row, read through the header."""

    sheet: str
    number: int
    row: Row
    header: Header
    report: ImportReport

    def cell(self, column: str) -> Cell:
        return self.header.cell(self.row, column)

    def text(self, column: str) -> str:
        """The cell without any spaces; empty for the many ways to write nothing."""
        return squeezed(meaningful(self.cell(column)))

    def read(self, column: str, reader: Callable[[Cell], Read]) -> Read | None:
        """What `reader` makes of the cell; a warning and None when it cannot."""
        try:
            return reader(self.cell(column))
        except Unreadable as error:
            self.warn(error.code, column)
            return None

    def warn(self, code: str, column: str | None = None) -> None:
        self.report.warnings.append(self._finding(code, column))

    def refuse(self, code: str, column: str | None = None) -> RowRefused:
        """Writes the error and gives the exception to raise."""
        self.report.errors.append(self._finding(code, column))
        return RowRefused(code)

    def _finding(self, code: str, column: str | None) -> Finding:
        title = self.header.titles.get(column, column) if column else None
        return Finding(code, self.sheet, self.number, title, shown(self.cell(column)) if column else None)


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet whose header was found."""

    sheet: Sheet
    header: Header


def find_tables(path: Path, vocabulary: Vocabulary, report: ImportReport) -> list[Table]:
    """The sheets that hold data. Raises FileRefused: the reasons of `open_sheets`, header_missing, column_missing."""
    headed = [(sheet, find_header(sheet.heading(), vocabulary)) for sheet in open_sheets(path)]
    tables = [Table(sheet, header) for sheet, header in headed if header is not None]
    whole = [table for table in tables if not table.header.missing(vocabulary)]
    if not tables:
        raise FileRefused("header_missing", path.name)
    if not whole:
        raise FileRefused("column_missing", ", ".join(tables[0].header.missing(vocabulary)))
    report.ignored = list(dict.fromkeys(title for table in whole for title in table.header.ignored))
    return whole


def lines(tables: Sequence[Table], report: ImportReport, named_by: str, progress: Progress | None = None) -> Iterator[Line]:
    """The rows that hold data; blank rows and repeated headers are passed over, and notes with a warning.

    `named_by` is a column that every data row fills.
    """
    total = sum(table.sheet.size() - table.header.last - 1 for table in tables)
    seen = 0
    for table in tables:
        for number, row in table.sheet.rows():
            if number <= table.header.last + 1:
                continue
            seen += 1
            if progress and seen % PROGRESS_EVERY == 0:
                progress(seen, total)
            line = Line(table.sheet.name, number, row, table.header, report)
            if _holds_data(line, named_by):
                report.rows += 1
                yield line
    if progress:
        progress(total, total)


def _holds_data(line: Line, named_by: str) -> bool:
    if is_blank(line.row):
        return False
    name = line.text(named_by)
    if name and comparable(name) == comparable(line.header.titles[named_by]):
        return False  # the header again, as on each printed page
    if not name and sum(1 for cell in line.row if meaningful(cell)) <= NOTE_CELLS:
        line.warn("note_row")
        return False
    return True
