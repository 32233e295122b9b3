"""The roster of dropouts (辍学学生花名册) for township and bureau: every child on one of the two lists, from its open case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from cases.history.moment import moment
from cases.names import area_path
from cases.plans import plan_in_force
from cases.rates import Child, listed_at
from plan.model import Plan
from storage.tables import CaseFile, School, SchoolClass, Student
from storage.work import Work

ILLNESS = "illness"
"""The one cause that is nobody else's business although the plan does not call its answer sensitive."""


@dataclass(frozen=True)
class RosterRow:
    """One child. `cause` is empty where only those who own the case may know it (`is_kept`)."""

    student_id: int
    listed: str
    name: str
    sex: str | None
    born: date | None
    school: str
    class_name: str
    home: str
    since: date
    days: int
    number: str
    level: int
    cause: str | None
    is_kept: bool


async def roster(work: Work, area_code: str) -> list[RosterRow]:
    """Dropouts first, then those suspected, each by school and class."""
    plan = (await plan_in_force(work.session))[1]
    lists = {
        child.away.student_id: child for child in await listed_at(work, plan, area_code, moment(plan, work.now)) if child.listed != "none"
    }
    query = (
        select(CaseFile, Student, func.coalesce(School.name, ""), func.coalesce(SchoolClass.name, ""))
        .join(Student, Student.id == CaseFile.student_id)
        .outerjoin(School, School.id == Student.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Student.class_id)
        .where(CaseFile.state == "open", Student.id == func.any(list(lists)))
        .order_by(Student.school_area_code, School.id, SchoolClass.grade, SchoolClass.id, Student.id)
    )
    rows = [await _row(work, plan, lists, *one) for one in (await work.session.execute(query)).all()]
    return sorted(rows, key=lambda row: row.listed != "dropout")


async def _row(work: Work, plan: Plan, lists: Mapping[int, Child], case: CaseFile, student: Student, school: str, room: str) -> RosterRow:
    kept = case.cause in {ILLNESS, *(answer.cause for answer in plan.answers.values() if answer.sensitive)}
    return RosterRow(
        student.id, lists[student.id].listed, student.name, student.sex, student.birth_date, school, room,
        await area_path(work.session, student.area_code), case.first_absent_on, lists[student.id].days, case.number,
        case.level, None if kept else case.cause, kept,
    )  # fmt: skip
