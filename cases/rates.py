"""Dropout and suspected dropout by stage, counted from the open cases and the rolls, with the children behind each number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select

from cases.attended import attended_days
from cases.desk import Desk, desk_of_case
from cases.leaves import leave_days
from cases.plans import plan_in_force
from plan.model import Plan
from plan.targets import STAGES, Listed, at_risk, list_of, rate
from storage.tables import CaseFile, SchoolClass, Student
from storage.work import Work

ON_ROLLS = ("enrolled", "resumed")


@dataclass(frozen=True)
class StageRate:
    """One stage of an area. `rate` and `stay_below` in per cent; the rate is None where nobody is on the rolls."""

    stage: str
    on_rolls: int
    dropouts: tuple[int, ...]  # ids of students
    suspected: tuple[int, ...]
    stay_below: float | None

    @property
    def rate(self) -> float | None:
        return rate(len(self.dropouts), self.on_rolls)

    @property
    def at_risk(self) -> bool:
        return at_risk(self.rate, self.stay_below)


async def dropout_rates(work: Work, area_code: str) -> list[StageRate]:
    """Each stage of the schools in an area, against the targets of the plan in force."""
    _, plan = await plan_in_force(work.session)
    rolls = await _rolls(work, area_code)
    listed = await listed_children(work, plan, Student.school_area_code.startswith(area_code))
    return [_stage(plan, stage, rolls, listed) for stage in STAGES]


def _stage(plan: Plan, stage: str, rolls: dict[int, int], listed: Sequence[tuple[int, int, Listed]]) -> StageRate:
    grades = STAGES[stage]
    named = {
        kind: tuple(student for student, grade, found in listed if grade in grades and found == kind) for kind in ("dropout", "suspected")
    }
    on_rolls = sum(count for grade, count in rolls.items() if grade in grades)
    return StageRate(stage, on_rolls, named["dropout"], named["suspected"], plan.targets.dropout_rate_below.get(stage))


async def _rolls(work: Work, area_code: str) -> dict[int, int]:
    """Children on the rolls by grade."""
    counted = (
        select(SchoolClass.grade, func.count())
        .join(Student, Student.class_id == SchoolClass.id)
        .where(Student.status.in_(ON_ROLLS), Student.school_area_code.startswith(area_code))
        .group_by(SchoolClass.grade)
    )
    return dict((await work.session.execute(counted)).all())


async def listed_children(work: Work, plan: Plan, *where: ColumnElement[bool]) -> list[tuple[int, int, Listed]]:
    """(student, grade, list) of every child on the rolls whose open case has put it on a list; `where` says which children."""
    away = (
        select(CaseFile, SchoolClass.grade)
        .join(Student, Student.id == CaseFile.student_id)
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .where(CaseFile.state == "open", CaseFile.back_on.is_(None), Student.status.in_(ON_ROLLS))
        .where(*where)
        .order_by(Student.id)
    )
    found: list[tuple[int, int, Listed]] = []
    for case, grade in (await work.session.execute(away)).all():
        listed = list_of(await absent_school_days(work, case), plan.lists)
        if listed != "none":
            found.append((case.student_id, grade, listed))
    return found


async def absent_school_days(work: Work, case: CaseFile) -> int:
    """School days of the episode on which the child was neither at school nor on leave; today counts once its sheet is closed."""
    since, desk = case.first_absent_on, await desk_of_case(work, case)
    known = await leave_days(work, case.student_id, since) | frozenset(await attended_days(work, case.student_id, since))
    last = _last_whole_day(desk, work)
    days = (since + timedelta(days=number) for number in range((last - since).days + 1))
    return sum(desk.calendar.is_school_day(day) and day not in known for day in days)


def _last_whole_day(desk: Desk, work: Work) -> date:
    closed = desk.calendar.local(work.now).time() >= desk.plan.attendance.closes_at
    return desk.today if closed else desk.today - timedelta(days=1)
