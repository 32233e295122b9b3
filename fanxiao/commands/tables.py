"""Tables with numbers in them: a number that is cut off is worth nothing, so a narrow terminal breaks the line instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

WIDEST = 400


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Every column as wide as what stands in it. A header has its Chinese above its English word."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False)
    for header in headers:
        table.add_column(header, no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console(soft_wrap=True, highlight=False, width=WIDEST).print(table)
