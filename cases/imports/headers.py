"""Finding the header row, whatever stands above it and however its columns are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cases.imports.sheets import Row
from cases.imports.texts import Cell, as_text, pattern, squeezed

DECORATION = pattern("headers", "decoration")


def heading(cell: Cell) -> str:
    """A heading without the decoration that templates put around it."""
    return DECORATION.sub("", squeezed(as_text(cell)))


def comparable(cell: Cell) -> str:
    """A heading in the form in which headings are compared."""
    return heading(cell).replace("_", "").replace("、", "/").lower()


@dataclass(frozen=True)
class Vocabulary:
    """Which headings mean which column. `needed` are groups of which one column each must be there."""

    names: dict[str, str]  # comparable heading → column
    needed: tuple[tuple[str, ...], ...]

    def candidates(self, text: str) -> Iterator[str]:
        """The columns that a heading may mean, best first."""
        if text in self.names:
            yield self.names[text]


def vocabulary(columns: dict[str, Sequence[str]], needed: tuple[tuple[str, ...], ...]) -> Vocabulary:
    """From a table of column → aliases."""
    names = {comparable(alias): column for column, aliases in columns.items() for alias in aliases}
    return Vocabulary(names | {comparable(column): column for column in columns}, needed)


@dataclass(frozen=True)
class Header:
    """Where each column stands. `last` is the index of the last header row."""

    last: int
    columns: dict[str, int]
    titles: dict[str, str]  # column → as the file writes it
    ignored: list[str] = field(default_factory=list)

    def cell(self, row: Row, column: str) -> Cell:
        """The row's cell in this column; None when there is none."""
        at = self.columns.get(column)
        return row[at] if at is not None and at < len(row) else None

    def missing(self, vocabulary: Vocabulary) -> list[str]:
        """The needed columns that are not there."""
        return ["/".join(group) for group in vocabulary.needed if not any(column in self.columns for column in group)]


def find_header(rows: list[Row], vocabulary: Vocabulary) -> Header | None:
    """The header with the most known columns in one row or in two rows above each other, or None."""
    single = (_read(index, [[cell] for cell in row], vocabulary) for index, row in enumerate(rows))
    double = (_read(index + 1, _stack(*pair), vocabulary) for index, pair in enumerate(pairwise(rows)))
    found = [header for header in (*single, *double) if len(header.columns) >= 2]
    return max(found, key=lambda header: (len(header.columns), not header.missing(vocabulary), -header.last), default=None)


def _stack(above: Row, below: Row) -> list[Row]:
    width = max(len(above), len(below))
    upper, lower = (row + [None] * (width - len(row)) for row in (above, below))
    stacked: list[Row] = []
    group: Cell = None
    for over, under in zip(upper, lower, strict=True):
        group = over if as_text(over) else group  # a csv keeps a merged heading in its first column only
        stacked.append([group if as_text(under) else over, under])
    return stacked


def _read(last: int, cells: list[Row], vocabulary: Vocabulary) -> Header:
    columns: dict[str, int] = {}
    titles: dict[str, str] = {}
    choices = {at: list(_candidates(column, vocabulary)) for at, column in enumerate(cells)}
    # A column's own name goes before the aliases of others, wherever it stands.
    for at, found in sorted(choices.items(), key=lambda item: not _exact(cells[item[0]], item[1])):
        column = next((name for name in found if name not in columns), None)
        if column is not None:
            columns[column] = at
            titles[column] = _title(cells[at])
    taken = set(columns.values())
    ignored = [_title(column) for at, column in enumerate(cells) if at not in taken and _title(column)]
    return Header(last, columns, titles, ignored)


def _exact(cells: Row, found: list[str]) -> bool:
    return bool(found) and comparable(found[0]) in {comparable(cells[-1]), "".join(map(comparable, cells))}


def _title(cells: Row) -> str:
    return "".join(dict.fromkeys(heading(cell) for cell in cells))


def _candidates(cells: Row, vocabulary: Vocabulary) -> Iterator[str]:
    texts = list(dict.fromkeys(comparable(cell) for cell in cells if as_text(cell)))
    if len(texts) == 2:
        yield from vocabulary.candidates("".join(texts))
        if any(True for _ in vocabulary.candidates(texts[0])) and not any(True for _ in vocabulary.candidates(texts[1])):
            return  # a known heading over a line of data is no second header line
        yield from vocabulary.candidates(texts[1])
    elif texts:
        yield from vocabulary.candidates(texts[0])
