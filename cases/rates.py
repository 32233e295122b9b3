"""Dropout and suspected dropout by stage, of any area or school and on any day, with the children behind each number (art. 1).

One definition for everything that counts: messages, ledger, sheets, year-end. docs/targets.md has it in words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from sqlalchemy import select

from cases.history.away import Away, absent_days, children_away
from cases.history.moment import AsOf, as_of
from cases.history.rolls import Counted, counted_rolls
from cases.names import area_names
from cases.plans import plan_in_force
from cases.responsible import CODE_LENGTH
from plan.model import Plan
from plan.targets import STAGES, Listed, at_risk, list_of, rate
from storage.tables import School
from storage.work import Work

Unit = Literal["school", "township", "county", "prefecture"]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class StageRate:
    """One stage of an area. `rate` and `stay_below` in per cent; the rate is None where there is nobody to count.

    `on_rolls`: children on the rolls; `off_rolls`: children on no roll whose open case says that they should be at school.
    """

    stage: str
    on_rolls: int
    dropouts: tuple[int, ...]  # ids of students
    suspected: tuple[int, ...]
    stay_below: float | None
    off_rolls: tuple[int, ...] = ()
    of_age: int = 0  # children on the stage's rolls who are of the stage's age

    @property
    def expected(self) -> int:
        """The denominator: everybody who should be at school."""
        return self.on_rolls + len(self.off_rolls)

    @property
    def rate(self) -> float | None:
        return rate(len(self.dropouts), self.expected)

    @property
    def at_risk(self) -> bool:
        return at_risk(self.rate, self.stay_below)


@dataclass(frozen=True)
class Child:
    """A child away on that day: its list, and the school days it has been away."""

    away: Away
    days: int
    listed: Listed

    @property
    def stage(self) -> str:
        return stage_of(self.away.grade)


@dataclass(frozen=True)
class Count:
    """Everything that rates are made of: the rolls by school and grade, and every child away."""

    when: AsOf
    rolls: Sequence[Counted]
    children: Sequence[Child]

    def stages(self, plan: Plan, area_code: str = "", school_id: int | None = None) -> list[StageRate]:
        """Each stage of the schools in an area, or of one school, against the plan's targets."""
        rolls = [row for row in self.rolls if row.area_code.startswith(area_code) and school_id in {None, row.school_id}]
        away = [one for one in self.children if one.away.area_code.startswith(area_code) and school_id in {None, one.away.school_id}]
        return [_stage(plan, stage, rolls, away) for stage in STAGES]


_STAGE_OF = {grade: stage for stage, grades in STAGES.items() for grade in grades}


def stage_of(grade: int) -> str:
    """The stage that a grade belongs to; above the last grade, the last stage."""
    return _STAGE_OF.get(grade, "junior")


def _stage(plan: Plan, stage: str, rolls: Iterable[Counted], away: Iterable[Child]) -> StageRate:
    mine = [row for row in rolls if row.grade in STAGES[stage]]
    children = [one for one in away if one.stage == stage]
    named = {kind: tuple(one.away.student_id for one in children if one.listed == kind) for kind in ("dropout", "suspected")}
    off = tuple(one.away.student_id for one in children if not one.away.on_roll)
    of_age = sum(row.of_primary_age if stage == "primary" else row.of_junior_age for row in mine)
    below = plan.targets.dropout_rate_below.get(stage)
    return StageRate(stage, sum(row.children for row in mine), named["dropout"], named["suspected"], below, off, of_age)


async def count(work: Work, plan: Plan, area_code: str, on: date | None = None, *, ages: bool = True) -> Count:
    """Counts an area on a day (without one: now). Raises ValueError for a day that has not come yet.

    Without `ages` nobody is counted as of a stage's age: `StageRate.of_age` stays 0.
    """
    return await count_at(work, plan, area_code, as_of(work, plan, on), ages=ages)


async def count_at(work: Work, plan: Plan, area_code: str, when: AsOf, *, ages: bool = True) -> Count:
    """Counts an area at a moment, from what is known of it today."""
    return Count(when, await counted_rolls(work, when, area_code, ages=ages), await listed_at(work, plan, area_code, when))


async def listed_at(work: Work, plan: Plan, area_code: str, when: AsOf) -> list[Child]:
    """Only the children away, each with its list: the rolls, which hold every child, are not read."""
    away = await children_away(work, when, area_code)
    days = await absent_days(work, plan, when, away)
    return [Child(child, days[child.case_id], list_of(days[child.case_id], plan.lists)) for child in away]


async def dropout_rates(work: Work, area_code: str, on: date | None = None) -> list[StageRate]:
    """Each stage of the schools in an area, against the targets of the plan in force."""
    _, plan = await plan_in_force(work.session)
    return (await count(work, plan, area_code, on)).stages(plan)


@dataclass(frozen=True)
class UnitRates:
    """One school, township, county or prefecture. `is_focus`: it lies in one of the plan's focus counties."""

    unit: Unit
    key: str  # the area's code, or the school's
    name: str
    area_code: str
    school_id: int | None
    stages: list[StageRate]
    is_focus: bool


async def rates_of_units(work: Work, plan: Plan, area_code: str, unit: Unit, on: date | None = None) -> list[UnitRates]:
    """The rates of every unit of this kind within an area that has anybody to count, in the order of their codes."""
    return await units_of(work, plan, await count(work, plan, area_code, on), unit)


async def units_of(work: Work, plan: Plan, counted: Count, unit: Unit) -> list[UnitRates]:
    """The same, of what has been counted already."""
    if unit == "school":
        return await _schools(work, plan, counted)
    length = CODE_LENGTH[unit]
    parts = _parts(counted, lambda row: row.area_code[:length], lambda away: away.area_code[:length])
    codes = sorted(code for code in parts if len(code) == length)
    names = await area_names(work.session, codes)
    return [UnitRates(unit, code, names.get(code, code), code, None, parts[code].stages(plan), _is_focus(plan, code)) for code in codes]


async def _schools(work: Work, plan: Plan, counted: Count) -> list[UnitRates]:
    parts = _parts(counted, lambda row: row.school_id, lambda away: away.school_id or 0)
    schools = await work.session.scalars(select(School).where(School.id.in_(parts)).order_by(School.area_code, School.code))
    return [
        UnitRates(
            "school", school.code, school.name, school.area_code, school.id, parts[school.id].stages(plan),
            _is_focus(plan, school.area_code),
        )
        for school in schools
    ]  # fmt: skip


def _parts(counted: Count, of_roll: Callable[[Counted], Key], of_away: Callable[[Away], Key]) -> dict[Key, Count]:
    """Sorted once by a unit's key: a prefecture has a thousand schools."""
    rolls: defaultdict[Key, list[Counted]] = defaultdict(list)
    children: defaultdict[Key, list[Child]] = defaultdict(list)
    for row in counted.rolls:
        rolls[of_roll(row)].append(row)
    for one in counted.children:
        children[of_away(one.away)].append(one)
    return {key: Count(counted.when, rolls[key], children[key]) for key in {*rolls, *children}}


def _is_focus(plan: Plan, area_code: str) -> bool:
    return any(area_code.startswith(code) for code in plan.targets.focus_areas)
