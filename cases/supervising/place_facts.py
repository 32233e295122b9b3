"""What the year-end sheets say of places, read once for all places of an area: overdue steps, daily sheets, holes, differences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from cases.responsible import CODE_LENGTH
from cases.supervising.times import Span
from cases.tasks import LIVING
from storage.tables import AttendanceSheet, Difference, Hole, Report, ReportVersion, Task
from storage.work import Work

Place = int | str
"""A school by its id, or an area by its code."""


def _places(area_code: str, school_id: int | None = None) -> Iterator[Place]:
    """Every place that something counts for: the school, and the areas that hold it."""
    if school_id is not None:
        yield school_id
    yield from (area_code[:length] for length in CODE_LENGTH.values() if length <= len(area_code))


@dataclass
class PlaceFacts:
    """By place. `unmet`: steps overdue now, by kind and role; `answered` of `asked` daily sheets; `in_time` of `due` periodic reports."""

    unmet: defaultdict[Place, Counter[tuple[str, str]]] = field(default_factory=lambda: defaultdict(Counter))
    answered: Counter[Place] = field(default_factory=Counter)
    asked: Counter[Place] = field(default_factory=Counter)
    in_time: Counter[Place] = field(default_factory=Counter)
    due: Counter[Place] = field(default_factory=Counter)
    holes: Counter[Place] = field(default_factory=Counter)
    differences: Counter[Place] = field(default_factory=Counter)

    def unmet_of(self, place: Place, roles: Collection[str]) -> dict[str, int]:
        """Kind → how many steps of these roles, the most frequent first."""
        kinds = Counter[str]()
        for (kind, role), number in self.unmet[place].items():
            if role in roles:
                kinds[kind] += number
        return dict(sorted(kinds.items(), key=lambda one: (-one[1], one[0])))

    def own_overdue(self, place: Place, role: str) -> int:
        """Of these, what a post's own role owes."""
        return sum(number for (_, owed_by), number in self.unmet[place].items() if owed_by == role)


async def place_facts(work: Work, area_code: str, schools: Sequence[int], span: Span, days: tuple[date, date]) -> PlaceFacts:
    """Of an area and everything in it, for a span; of these schools also what is about children who live elsewhere.

    `days`: the first and the last local day whose sheets count.
    """
    found = PlaceFacts()
    for kind, role, code, school, number in await work.session.execute(_unmet(area_code, schools, span)):
        for place in _places(code, school):
            found.unmet[place][kind, role] += number
    for code, school, answered, asked in await work.session.execute(_sheets(area_code, days)):
        for place in _places(code, school):
            found.answered[place] += answered
            found.asked[place] += asked
    for code, school, in_time, due in await work.session.execute(_reports(area_code, schools, span)):
        for place in _places(code, school):
            found.in_time[place] += in_time
            found.due[place] += due
    holes = select(Hole.area_code, func.count()).where(Hole.area_code.startswith(area_code), Hole.opened_at.between(span.since, span.until))
    for code, number in await work.session.execute(holes.group_by(Hole.area_code)):
        for place in _places(code):
            found.holes[place] += number
    differ = select(Difference.area_code, Difference.school_id, func.count()).where(Difference.state == "open")
    differ = differ.where(_inside(Difference, area_code, schools)).group_by(Difference.area_code, Difference.school_id)
    for code, school, number in await work.session.execute(differ):
        for place in _places(code, school):
            found.differences[place] += number
    return found


def _unmet(area_code: str, schools: Sequence[int], span: Span) -> Any:
    """Steps that were due by then and not ended by then."""
    return (
        select(Task.kind, Task.role, Task.area_code, Task.school_id, func.count())
        .where(
            _inside(Task, area_code, schools), Task.opened_at <= span.until, Task.due_at < span.until,
            or_(Task.ended_at.is_(None), Task.ended_at > span.until), or_(Task.state.in_(LIVING), Task.ended_at > span.until),
            Task.facts["quiet"].astext.is_(None), Task.facts["outside_school"].astext.is_(None),
        )
        .group_by(Task.kind, Task.role, Task.area_code, Task.school_id)
    )  # fmt: skip


def _reports(area_code: str, schools: Sequence[int], span: Span) -> Any:
    """What counts is the first time that a report was submitted: a later correction makes none late."""
    first = select(func.min(ReportVersion.submitted_at)).where(ReportVersion.report_id == Report.id).scalar_subquery()
    return (
        select(Report.area_code, Report.school_id, func.count().filter(first <= Report.first_due_at), func.count())
        .where(_inside(Report, area_code, schools), Report.first_due_at.between(span.since, span.until))
        .group_by(Report.area_code, Report.school_id)
    )


def _inside(table: type[Task] | type[Difference] | type[Report], area_code: str, schools: Sequence[int]) -> ColumnElement[bool]:
    return table.area_code.startswith(area_code) | (table.school_id == func.any(list(schools)))


def _sheets(area_code: str, days: tuple[date, date]) -> Any:
    sheet = AttendanceSheet
    return (
        select(sheet.area_code, sheet.school_id, func.count().filter(sheet.state == "answered"), func.count())
        .where(
            sheet.area_code.startswith(area_code), sheet.on.between(*days), sheet.state.in_(("answered", "unanswered")),
        )
        .group_by(sheet.area_code, sheet.school_id)
    )  # fmt: skip
