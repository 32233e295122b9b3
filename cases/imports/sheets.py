"""Rows out of xlsx, xls and csv files."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from cases.imports.texts import Cell

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
PROTECTED = "EncryptedPackage".encode("utf-16-le")
HEADING_ROWS = 40
SAMPLE = 64 * 1024
Row = list[Cell]


class FileRefused(Exception):
    """The file as a whole cannot be taken in; `code` names the reason in data/reasons.yaml."""

    def __init__(self, code: str, value: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.value = value


class Sheet(Protocol):
    """One table of a file."""

    name: str

    def heading(self) -> list[Row]:
        """The first rows, with merged cells filled in every direction."""
        ...

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Every row with its number as the spreadsheet shows it; cells merged downwards are filled."""
        ...

    def size(self) -> int:
        """How many rows there are, about."""
        ...


def open_sheets(path: Path) -> list[Sheet]:
    """The tables of the file. Raises FileRefused: file_missing, file_empty, file_protected, file_not_a_table."""
    if not path.is_file():
        raise FileRefused("file_missing", path.name)
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise FileRefused("file_empty", path.name)
    return _workbook(path, start) if start.startswith((ZIP, OLE)) else [_CsvSheet(path)]


def _workbook(path: Path, start: bytes) -> list[Sheet]:
    try:
        book = CalamineWorkbook.from_path(str(path))
        names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        return [_BookSheet(name, book.get_sheet_by_name(name)) for name in names]
    except PasswordError as error:
        raise FileRefused("file_protected", path.name) from error
    except (CalamineError, OSError, ValueError) as error:
        protected = start.startswith(OLE) and PROTECTED in path.read_bytes()
        raise FileRefused("file_protected" if protected else "file_not_a_table", path.name) from error


class _BookSheet:
    def __init__(self, name: str, sheet: CalamineSheet) -> None:
        self.name = name
        self._sheet = sheet
        self._indent = sheet.start[1] if sheet.start else 0  # the reader leaves empty columns on the left away
        self._merges = sorted(sheet.merged_cell_ranges or [])

    def heading(self) -> list[Row]:
        rows = [row for _, row in zip(range(HEADING_ROWS), self._all(), strict=False)]
        for (top, left), (bottom, right) in self._merges:
            for y in range(top, min(bottom + 1, len(rows))):
                for x in range(left, min(right + 1, len(rows[y]))):
                    rows[y][x] = rows[top][left]
        return rows

    def rows(self) -> Iterator[tuple[int, Row]]:
        downwards = [(top, bottom, left) for (top, left), (bottom, _) in self._merges if bottom > top]
        held: list[tuple[int, int, Cell]] = []
        following = 0
        for index, row in enumerate(self._all()):
            held = [(bottom, left, value) for bottom, left, value in held if bottom >= index]
            for _, left, value in held:
                row[left] = value
            while following < len(downwards) and downwards[following][0] <= index:
                _, bottom, left = downwards[following]
                held.append((bottom, left, row[left]))
                following += 1
            yield index + 1, row

    def size(self) -> int:
        return self._sheet.total_height

    def _all(self) -> Iterator[Row]:
        indent: Row = [None] * self._indent
        for row in self._sheet.iter_rows():
            yield indent + cast(Row, row)


class _CsvSheet:
    name = "csv"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoding = _encoding(path)
        with path.open(encoding=self._encoding, newline="") as file:
            sample = file.read(SAMPLE)
        if "\0" in sample or sample.lstrip().lower().startswith(("<html", "<!doctype", "<table")):
            raise FileRefused("file_not_a_table", path.name)
        self._delimiter = max(",\t;", key=sample.count)

    def heading(self) -> list[Row]:
        return [row for _, (_, row) in zip(range(HEADING_ROWS), self.rows(), strict=False)]

    def rows(self) -> Iterator[tuple[int, Row]]:
        with self._path.open(encoding=self._encoding, newline="") as file:
            for index, row in enumerate(csv.reader(file, delimiter=self._delimiter)):
                yield index + 1, cast(Row, row)

    def size(self) -> int:
        with self._path.open("rb") as file:
            return sum(1 for _ in file)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    raise FileRefused("file_not_a_table", path.name)


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(SAMPLE):
                continue
    except UnicodeDecodeError:
        return False
    return True
