"""Workbooks that print well: A4 across, the header on every page, as wide as one page, numbers of pages, and no formulas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from math import ceil
from typing import Any, Literal

import xlsxwriter

Kind = Literal["text", "date", "moment", "count", "percent", "money"]
Cell = str | int | float | Decimal | date | datetime | None

_A4 = 9
LINE, TITLE = 15.75, 27.75
"""Points that a line of a note takes, and the title."""
LATIN, FULL = 0x2E7F, 0.94
"""Signs beyond the first take two characters; a line breaks before it is quite full."""
_FORMATS: dict[Kind, dict[str, Any]] = {
    "text": {"text_wrap": True},
    "date": {"num_format": "yyyy-mm-dd", "align": "center"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm", "align": "center"},
    "count": {"num_format": "#,##0"},
    "percent": {"num_format": '0.00"%"'},
    "money": {"num_format": "#,##0.00"},
}


@dataclass(frozen=True)
class Column:
    """One column. `width`: in characters of the default font; a Chinese character takes two. `kind`: how its cells read.

    percent: 1.25 reads 1.25%; money: CNY; moment: a datetime in local time (its zone is dropped).
    """

    title: str
    width: float = 12
    kind: Kind = "text"


@dataclass(frozen=True)
class Sheet:
    """One sheet: its title above the header, rows in the columns' order, notes below them, and at last a row of sums."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    notes: Sequence[str] = ()
    sums: Sequence[Cell] | None = None
    across: bool = True


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """An xlsx file. Texts are written as texts, so that one that begins with "=" is never a formula."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "remove_timezone": True}) as book:
        for sheet in sheets:
            _write(book, sheet)
    return out.getvalue()


def _write(book: Any, sheet: Sheet) -> None:
    page = book.add_worksheet(_name(sheet.name))
    _set_up(page, sheet)
    last = len(sheet.columns) - 1
    title = book.add_format({"bold": True, "font_size": 14, "align": "center", "valign": "vcenter"})
    if last:
        page.merge_range(0, 0, 0, last, sheet.title, title)
    else:
        page.write_string(0, 0, sheet.title, title)
    header = book.add_format({"bold": True, "border": 1, "text_wrap": True, "align": "center", "valign": "vcenter", "bg_color": "#E8ECEF"})
    for index, column in enumerate(sheet.columns):
        page.set_column(index, index, column.width)
        page.write_string(1, index, column.title, header)
    _fill(book, page, sheet)


def _fill(book: Any, page: Any, sheet: Sheet) -> None:
    styles = [book.add_format({"border": 1, "valign": "vcenter", **_FORMATS[column.kind]}) for column in sheet.columns]
    row = 2
    for values in sheet.rows:
        _line(page, row, values, styles)
        row += 1
    if sheet.sums is not None:
        bold = [book.add_format({"border": 1, "bold": True, **_FORMATS[column.kind]}) for column in sheet.columns]
        _line(page, row, sheet.sums, bold)
        row += 1
    _note(book, page, sheet, row + 1)


def _note(book: Any, page: Any, sheet: Sheet, row: int) -> None:
    """Notes stand below, as wide as the table: one that ran on beyond it would make everything smaller on paper."""
    style, last = book.add_format({"text_wrap": True, "valign": "top"}), len(sheet.columns) - 1
    room = sum(column.width for column in sheet.columns)
    for number, note in enumerate(sheet.notes, start=row):
        if last:
            page.merge_range(number, 0, number, last, "", style)
        page.write_string(number, 0, note, style)
        page.set_row(number, LINE * lines_of(note, room))


def lines_of(text: str, room: float) -> int:
    """How many lines a text takes in a cell so many characters wide; a merged cell does not grow by itself."""
    return sum(max(1, ceil(sum(2 if ord(sign) > LATIN else 1 for sign in line) / (room * FULL))) for line in text.split("\n"))


def _line(page: Any, row: int, values: Sequence[Cell], styles: Sequence[Any]) -> None:
    for index, (value, style) in enumerate(zip(values, styles, strict=True)):
        if value is None:
            page.write_blank(row, index, None, style)
        elif isinstance(value, datetime | date):
            page.write_datetime(row, index, value, style)
        elif isinstance(value, int | float | Decimal):
            page.write_number(row, index, value, style)
        else:
            page.write_string(row, index, value, style)


def _set_up(page: Any, sheet: Sheet) -> None:
    page.set_paper(_A4)
    page.set_row(0, TITLE)
    if sheet.across:
        page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0, 1)
    page.freeze_panes(2, 0)
    page.set_footer("&L&A&R&P/&N")
    page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)


def _name(name: str) -> str:
    """Excel takes 31 characters, and none of []:*?/\\ ."""
    return "".join("·" if sign in "[]:*?/\\" else sign for sign in name)[:31]
