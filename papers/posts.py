"""The register of those who answer for a place, as a sheet. Facts in, sheet out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from papers.workbook import Column, Sheet


@dataclass(frozen=True)
class PostLine:
    """One post, in words."""

    county: str
    township: str
    place: str
    role: str
    people: str
    substitute: str
    until: date | None
    tasks: int
    faults: str


def post_sheet(name: str, title: str, words: Mapping[str, str], lines: Sequence[PostLine], note: str) -> Sheet:
    """A line a post. `words`: titles of the columns."""
    columns = [
        Column(words["county"], 14), Column(words["township"], 14), Column(words["place"], 26), Column(words["role"], 14),
        Column(words["people"], 18), Column(words["substitute"], 12), Column(words["until"], 11, "date"),
        Column(words["tasks"], 8, "count"), Column(words["faults"], 18),
    ]  # fmt: skip
    rows = [
        (line.county, line.township, line.place, line.role, line.people, line.substitute, line.until, line.tasks, line.faults)
        for line in lines
    ]
    return Sheet(name, title, columns, rows, (note,))
