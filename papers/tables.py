"""The same tables as a workbook and as a document on A4."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Protocol

from papers.typesetting import missing_signs, pdf, with_gaps
from papers.workbook import Cell, Column, Kind, Sheet, workbook


class ColumnLike(Protocol):
    """A column's title, its width in characters, and how its cells read."""

    @property
    def title(self) -> str: ...
    @property
    def width(self) -> float: ...
    @property
    def kind(self) -> Kind: ...


class TableLike(Protocol):
    """A table: its name, title, columns, rows in the columns' order, and notes below."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def columns(self) -> Sequence[ColumnLike]: ...
    @property
    def rows(self) -> Sequence[Sequence[Any]]: ...
    @property
    def notes(self) -> Sequence[str]: ...


def tables_xlsx(tables: Sequence[TableLike], below: Sequence[str] = ()) -> bytes:
    """One sheet a table. `below`: lines under its notes, for signatures."""
    return workbook([_sheet(table, below) for table in tables])


def tables_pdf(tables: Sequence[TableLike], signers: Sequence[str] = ()) -> bytes:
    """One table after the other, each from a new page. `signers`: who signs and dates at the end, a line each.

    A sign that the font has not becomes a gap to be written in by hand, and a note says so.
    """
    facts = {"tables": [_facts(table) for table in tables], "signers": list(signers)}
    return pdf("tables", {**with_gaps(facts), "gaps": missing_signs(facts) and "□"})


def _sheet(table: TableLike, below: Sequence[str]) -> Sheet:
    columns = [Column(column.title, column.width, column.kind) for column in table.columns]
    return Sheet(table.name, table.title, columns, table.rows, [*table.notes, *below])


def _facts(table: TableLike) -> dict[str, Any]:
    kinds = [column.kind for column in table.columns]
    return {
        "title": table.title,
        "header": [column.title for column in table.columns],
        "widths": [column.width for column in table.columns],
        "rows": [[_text(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in table.rows],
        "notes": list(table.notes),
    }


def _text(value: Cell, kind: Kind) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}" if kind == "moment" else f"{value:%Y-%m-%d}"
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:.2f}%" if kind == "percent" and not isinstance(value, str) else str(value)
