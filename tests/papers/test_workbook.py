"""A workbook as somebody opens and prints it."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, date, datetime
from io import BytesIO

from python_calamine import CalamineWorkbook

from papers.workbook import Column, Sheet, workbook

COLUMNS = [Column("姓名", 10), Column("日期", 12, "date"), Column("办理时间", 16, "moment"), Column("率", 8, "percent")]


def a_book(**more: object) -> bytes:
    rows = [["=HYPERLINK(1)", date(2026, 9, 1), datetime(2026, 9, 1, 8, 30, tzinfo=UTC), 1.25], [None, None, None, None]]
    return workbook([Sheet("台账[1]", "控辍台账", COLUMNS, rows, **more)])  # type: ignore[arg-type]


def test_reads_back_as_it_was_given() -> None:
    rows = CalamineWorkbook.from_filelike(BytesIO(a_book(notes=["注：样例"]))).get_sheet_by_index(0).to_python()
    assert rows[0][0] == "控辍台账"
    assert rows[1] == ["姓名", "日期", "办理时间", "率"]
    assert rows[2] == ["=HYPERLINK(1)", date(2026, 9, 1), datetime(2026, 9, 1, 8, 30), 1.25]
    assert rows[-1][0] == "注：样例"


def test_a_text_is_never_a_formula_and_the_header_is_on_every_page() -> None:
    with zipfile.ZipFile(BytesIO(a_book())) as book:
        sheet, names = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/workbook.xml").decode()
    assert "<f>" not in sheet
    assert all(setting in sheet for setting in ('paperSize="9"', 'orientation="landscape"', 'fitToHeight="0"'))
    assert all(name in names for name in ("_xlnm.Print_Titles", "台账·1·"))


def test_a_long_note_stands_within_the_table_in_as_many_lines_as_it_takes() -> None:
    """Run on beyond the last column, it would make the whole sheet smaller on paper."""
    with zipfile.ZipFile(BytesIO(a_book(notes=["短注", "这一条注很长" * 20]))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert 'mergeCell ref="A6:D6"' in sheet
    assert 'mergeCell ref="A7:D7"' in sheet
    heights = dict(re.findall(r'<row r="([67])"[^>]* ht="([0-9.]+)"', sheet))
    assert float(heights["6"]) == 15.75
    assert float(heights["7"]) >= 15.75 * 240 / 46  # 240 characters' width in a table of 46
