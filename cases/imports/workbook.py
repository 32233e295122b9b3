"""The rows that need mending, as a workbook in which they are marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from cases.imports.headers import Header, heading
from cases.imports.lines import Table
from cases.imports.report import Finding, ImportReport
from cases.imports.sheets import Row
from cases.imports.texts import Cell, table

RED, YELLOW = "#F4B6B6", "#FFF2B3"
WIDTH = 60


def write_workbook(report: ImportReport, tables: Sequence[Table], out: Path) -> None:
    """The bad rows of each table as they were, bad cells coloured, with reason and remedy; red was refused, yellow taken in.

    `tables` are those that were imported, read here a second time. Findings about the whole file stand on a sheet of their own.
    """
    by_row: defaultdict[tuple[str | None, int | None], list[tuple[Finding, bool]]] = defaultdict(list)
    for refused, findings in ((True, report.errors), (False, report.warnings)):
        for finding in findings:
            by_row[finding.sheet, finding.row].append((finding, refused))
    with xlsxwriter.Workbook(str(out), {"constant_memory": True}) as book:
        marks = {refused: book.add_format({"bg_color": color}) for refused, color in ((True, RED), (False, YELLOW))}
        bold = book.add_format({"bold": True})
        for found in tables:
            _Page(book.add_worksheet(found.sheet.name[:31]), found.header, marks, bold).write(found, by_row)
        whole = [entry for (_, row), entries in by_row.items() if row is None for entry in entries]
        if whole or not tables:
            _write_whole(book.add_worksheet(table("labels")["whole_file"]), whole, marks)


def _write_whole(page: Any, entries: Sequence[tuple[Finding, bool]], marks: dict[bool, Any]) -> None:
    for index, (finding, refused) in enumerate(entries):
        page.write_row(index, 0, [finding.reason, finding.how, finding.value or ""], marks[refused])


class _Page:
    def __init__(self, page: Any, header: Header, marks: dict[bool, Any], bold: Any) -> None:
        self._page = page
        self._marks = marks
        self._header = header
        self._columns = {title: header.columns[column] for column, title in header.titles.items()}
        self._bold = bold
        self._at = 0

    def write(self, found: Table, by_row: dict[tuple[str | None, int | None], list[tuple[Finding, bool]]]) -> None:
        labels: dict[str, str] = table("labels")
        for number, row in found.sheet.rows():
            if number == self._header.last + 1:
                self._put([labels["row"], labels["reason"], labels["how"], *(heading(cell) for cell in row)], {}, self._bold)
            elif entries := by_row.get((found.sheet.name, number)):
                self._mark(number, row, entries)
        self._page.set_column(1, 2, WIDTH)
        self._page.freeze_panes(1, 1)

    def _mark(self, number: int, row: Row, entries: Sequence[tuple[Finding, bool]]) -> None:
        refused = any(refusal for _, refusal in entries)
        marked: dict[int, Any] = dict.fromkeys((0, 1, 2), self._marks[refused])
        for finding, refusal in entries:
            if finding.column in self._columns:
                marked[self._columns[finding.column] + 3] = self._marks[refusal]
        reasons = "\n".join(f"{finding.column or ''}: {finding.reason}" for finding, _ in entries)
        remedies = "\n".join(dict.fromkeys(finding.how for finding, _ in entries))
        self._put([number, reasons, remedies, *map(_plain, row)], marked)

    def _put(self, cells: Sequence[Any], marked: dict[int, Any], style: Any = None) -> None:
        for column, value in enumerate(cells):
            self._page.write(self._at, column, value, marked.get(column, style))
        for column in (column for column in marked if column >= len(cells)):
            self._page.write_blank(self._at, column, None, marked[column])
        self._at += 1


def _plain(cell: Cell) -> Any:
    """Dates as text, so that they come back as they were read; long numbers too."""
    if isinstance(cell, date | datetime):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() and cell > 1e9 else cell
