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


def activities_sheet(title: str, kinds: Mapping[str, str], lines: Sequence[Line]) -> Sheet:
    """`kinds`: key → name, in the order of the columns."""
    columns = [
        Column("单位", 26), Column("地区", 16), Column("计划", 8, "count"), Column("已办", 8, "count"), Column("还差", 8, "count"),
        Column("有照片", 9, "count"), *(Column(name, 9, "count") for name in kinds.values()),
    ]  # fmt: skip
    counts: list[list[int | None]] = [
        [
            line.planned, line.held, None if line.planned is None else max(0, line.planned - line.held), line.pictured,
            *(line.by_kind.get(kind, 0) for kind in kinds),
        ]
        for line in lines
    ]  # fmt: skip
    rows: list[list[Cell]] = [[line.name, line.area, *numbers] for line, numbers in zip(lines, counts, strict=True)]
    sums: list[Cell] = ["合计", "", *(sum(number or 0 for number in column) for column in zip(*counts, strict=True))]
    return Sheet("宣传活动", title, columns, rows, notes=["计划为空：该单位还没有报计划次数。"], sums=sums)
