"""The sheets of a report: the counts of many units with their sums, and the roster of children. Facts in, sheets out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from papers.workbook import Cell, Column, Sheet

_COUNTS = ("computed_of_age", "of_age", "computed_suspected", "suspected", "computed_dropout", "dropout")


@dataclass(frozen=True)
class CountLine:
    """One unit. Numbers that are not there yet are None; `confirmed`, `signed`: names."""

    unit: str
    computed_of_age: int | None
    of_age: int | None
    computed_suspected: int | None
    suspected: int | None
    computed_dropout: int | None
    dropout: int | None
    reason: str
    counted: datetime | None
    confirmed: str
    signed: str
    at: datetime | None
    state: str
    version: int

    @property
    def rate(self) -> float | None:
        """Dropouts in per cent of the children of age."""
        return 100 * self.dropout / self.of_age if self.of_age and self.dropout is not None else None


@dataclass(frozen=True)
class RosterLine:
    """One child of the roster, in words."""

    listed: str
    name: str
    sex: str
    born: date | None
    school: str
    class_name: str
    home: str
    since: date
    days: int
    case: str
    level: str
    cause: str
    owner: str


def count_sheet(name: str, title: str, words: Mapping[str, str], lines: Sequence[CountLine], notes: Sequence[str], total: str) -> Sheet:
    """A line a unit, the stated beside the computed numbers, and their sums. `words`: titles of the columns."""
    columns = [
        Column(words["unit"], 22),
        *(Column(words[key], 9, "count") for key in _COUNTS),
        Column(words["rate"], 8, "percent"),
        Column(words["reason"], 28),
        Column(words["counted"], 16, "moment"),
        Column(words["confirmed"], 9),
        Column(words["signed"], 9),
        Column(words["at"], 16, "moment"),
        Column(words["state"], 9),
        Column(words["version"], 6, "count"),
    ]
    rows: list[list[Cell]] = [
        [
            line.unit, *(getattr(line, key) for key in _COUNTS), line.rate, line.reason, line.counted, line.confirmed, line.signed,
            line.at, line.state, line.version,
        ]
        for line in lines
    ]  # fmt: skip
    return Sheet(name, title, columns, rows, notes, _sums(lines, total))


def _sums(lines: Sequence[CountLine], total: str) -> list[Cell] | None:
    if len(lines) < 2:
        return None
    sums = [sum(getattr(line, key) or 0 for line in lines) for key in _COUNTS]
    of_age = sums[_COUNTS.index("of_age")]
    rate = 100 * sums[-1] / of_age if of_age else None
    return [total, *sums, rate, "", None, "", "", None, "", None]


def roster_sheet(name: str, title: str, words: Mapping[str, str], lines: Sequence[RosterLine], notes: Sequence[str]) -> Sheet:
    """A line a child, numbered."""
    columns = [
        Column(words["number"], 5, "count"), Column(words["list"], 9), Column(words["name"], 10), Column(words["sex"], 5),
        Column(words["born"], 11, "date"), Column(words["school"], 20), Column(words["class_name"], 9), Column(words["home"], 24),
        Column(words["since"], 11, "date"), Column(words["days"], 7, "count"), Column(words["case"], 22), Column(words["level"], 14),
        Column(words["cause"], 12), Column(words["owner"], 14),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            number, line.listed, line.name, line.sex, line.born, line.school, line.class_name, line.home, line.since, line.days, line.case,
            line.level, line.cause, line.owner,
        ]
        for number, line in enumerate(lines, start=1)
    ]  # fmt: skip
    return Sheet(name, title, columns, rows, notes)
