"""The list of activities offline by school and township, against what each planned (art. 3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from papers.workbook import Cell, Column, Sheet


@dataclass(frozen=True)
class Line:
    """One school or office. `planned` is None where nobody has said; `by_kind` by key of the plan file."""

    name: str
    area: str
    planned: int | None
    held: int
    pictured: int
    by_kind: Mapping[str, int]


def activities_sheet(title: str, said: Mapping[str, str], kinds: Mapping[str, str], lines: Sequence[Line]) -> Sheet:
    """`said`: the sheet's words; `kinds`: key → name, in the order of the columns."""
    columns = [
        Column(said["name"], 26), Column(said["area"], 16), Column(said["planned"], 8, "count"), Column(said["held"], 8, "count"),
        Column(said["missing"], 8, "count"), Column(said["pictured"], 9, "count"), *(Column(name, 9, "count") for name in kinds.values()),
    ]  # fmt: skip
    counts: list[list[int | None]] = [
        [
            line.planned, line.held, None if line.planned is None else max(0, line.planned - line.held), line.pictured,
            *(line.by_kind.get(kind, 0) for kind in kinds),
        ]
        for line in lines
    ]  # fmt: skip
    rows: list[list[Cell]] = [[line.name, line.area, *numbers] for line, numbers in zip(lines, counts, strict=True)]
    sums: list[Cell] = [said["sums"], "", *(sum(number or 0 for number in column) for column in zip(*counts, strict=True))]
    return Sheet(said["sheet"], title, columns, rows, notes=[said["note"]], sums=sums)
