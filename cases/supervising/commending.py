"""Who meets the plan's criteria for commendation (表彰, art. 3.3). Whether anybody is commended, a person decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from cases.rates import Unit, UnitRates, rates_of_units
from cases.responsible import CODE_LENGTH
from cases.supervising.sheets import span_of
from cases.supervising.times import Times, times_of_units
from plan.calendar import Calendar
from plan.model import Plan
from plan.supervising import Commendation
from storage.tables import AttendanceSheet, Difference, School
from storage.work import Work


@dataclass(frozen=True)
class Candidate:
    """One unit with the facts that the criteria look at. `misses`: the criteria that it does not meet; none: it is on the list."""

    unit: UnitRates
    children: int
    times: Times | None
    sheets: tuple[int, int]  # answered, all
    differences: int
    misses: tuple[str, ...]

    @property
    def sheets_percent(self) -> float | None:
        answered, asked = self.sheets
        return 100 * answered / asked if asked else None


async def candidates(work: Work, plan: Plan, area_code: str, unit: Unit, year: int, on: date) -> list[Candidate]:
    """Every unit of an area that is large enough to say anything, with what it misses. Without the section `supervision`: nobody."""
    if plan.supervision is None:
        return []
    rules, span = plan.supervision.commendation, span_of(plan, year, on, work.now)
    times = {one.key: one for one in await times_of_units(work, plan, area_code, span, unit)}
    answered, open_differences = await _sheets(work, Calendar(plan).day_of(span.since), on), await _differences(work)
    ids = {school.code: str(school.id) for school in await work.session.scalars(select(School))} if unit == "school" else {}
    return [
        _candidate(rules, one, times.get(ids.get(one.key, one.key)), _sum(answered, one), sum(_of(open_differences, one)))
        for one in await rates_of_units(work, plan, area_code, unit, on)
        if sum(stage.expected for stage in one.stages) >= rules.least_children
    ]


def _candidate(rules: Commendation, unit: UnitRates, times: Times | None, sheets: tuple[int, int], differences: int) -> Candidate:
    answered, asked = sheets
    owed = times.owed if times else 0
    share = times.share if times and times.share is not None else 100.0
    checks = {
        "rates": all(not one.at_risk for one in unit.stages),
        "tasks": owed >= rules.least_tasks,
        "in_time": share >= rules.in_time_percent,
        "missed": (times.missed if times else 0) <= rules.missed_at_most,
        "sheets": asked > 0 and 100 * answered / asked >= rules.sheets_answered_percent,
        "differences": differences <= rules.differences_at_most,
    }
    children = sum(one.expected for one in unit.stages)
    return Candidate(unit, children, times, sheets, differences, tuple(name for name, met in checks.items() if not met))


BySchool = Mapping[tuple[int | None, str], tuple[int, ...]]
"""(school, area) → numbers"""


async def _sheets(work: Work, first: date, last: date) -> BySchool:
    query = (
        select(AttendanceSheet.school_id, AttendanceSheet.area_code, func.count().filter(AttendanceSheet.state == "answered"), func.count())
        .where(AttendanceSheet.on.between(first, last), AttendanceSheet.state.in_(("answered", "unanswered")))
        .group_by(AttendanceSheet.school_id, AttendanceSheet.area_code)
    )
    return {(school, area): (answered, asked) for school, area, answered, asked in await work.session.execute(query)}


async def _differences(work: Work) -> BySchool:
    query = select(Difference.school_id, Difference.area_code, func.count()).where(Difference.state == "open")
    rows = await work.session.execute(query.group_by(Difference.school_id, Difference.area_code))
    found: defaultdict[tuple[int | None, str], tuple[int, ...]] = defaultdict(lambda: (0,))
    for school, area, number in rows:
        found[school, area] = (number,)
    return found


def _of(numbers: BySchool, unit: UnitRates) -> list[int]:
    return [value[0] for key, value in numbers.items() if _lies_in(key, unit)]


def _sum(numbers: BySchool, unit: UnitRates) -> tuple[int, int]:
    mine = [value for key, value in numbers.items() if _lies_in(key, unit)]
    return sum(value[0] for value in mine), sum(value[1] for value in mine)


def _lies_in(key: tuple[int | None, str], unit: UnitRates) -> bool:
    school, area = key
    return school == unit.school_id if unit.unit == "school" else area[: CODE_LENGTH[unit.unit]] == unit.key
