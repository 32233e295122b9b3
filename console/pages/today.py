"""The day in five seconds: what is wrong, and who owes what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Select, func, select
from starlette.responses import Response

from cases.tasks import LIVING
from console.pages.tasks import tasks_of
from console.paging import piece
from console.visit import Visit, Visiting, see_other
from storage.tables import (
    Absence,
    AttendanceSheet,
    BoardingCheck,
    CaseFile,
    GuardianAnswer,
    Hole,
    MissingBoarder,
    Person,
    Responsibility,
    School,
    SchoolClass,
    Student,
    Task,
)  # fmt: skip

router = APIRouter()
LISTED = 8
SAFETY = ("safety", "bullying_check", "betrothal_check")
HOLES_FOR = timedelta(days=31)


@dataclass(frozen=True)
class Sheets:
    """Today's sheets. `missing`: those not in yet, with class, school and teacher."""

    asked: int
    answered: int
    missing: Sequence[Any]

    @property
    def per_cent(self) -> int:
        return 100 * self.answered // self.asked if self.asked else 0


@router.get("/")
async def root(visit: Visiting) -> Response:  # noqa: ARG001 - only somebody who is logged in is led on
    return see_other("/today")


@router.get("/today")
async def today(visit: Visiting) -> Response:
    mine = await piece(visit.session, tasks_of(visit.me.person_id), (Task.due_at, Task.id), "", per=LISTED)
    return await visit.show(
        "today", sheets=await _sheets(visit), absent=await _absent(visit), unanswered=await _unanswered(visit),
        overdue=await _overdue(visit), safety=await _safety(visit), boarders=await _boarders(visit), holes=await _holes(visit),
        mine=mine, cases=await _cases(visit), is_school_day=visit.calendar.is_school_day(visit.today),
        listed=LISTED,
    )  # fmt: skip


async def _count(visit: Visit, query: Select[Any]) -> int:
    return await visit.session.scalar(select(func.count()).select_from(query.subquery())) or 0


async def _sheets(visit: Visit) -> Sheets:
    today = AttendanceSheet.on == visit.today
    by_state = (
        select(AttendanceSheet.state, func.count()).where(today, AttendanceSheet.state != "withdrawn").group_by(AttendanceSheet.state)
    )
    counted = dict((await visit.session.execute(by_state)).all())
    teacher = (
        select(func.min(Person.name))
        .join(Responsibility, Responsibility.person_id == Person.id)
        .where(Responsibility.class_id == AttendanceSheet.class_id, Responsibility.role == visit.plan.attendance.role)
        .scalar_subquery()
    )
    missing = (
        select(School.name, SchoolClass.name, teacher, AttendanceSheet.state)
        .join(School, School.id == AttendanceSheet.school_id)
        .join(SchoolClass, SchoolClass.id == AttendanceSheet.class_id)
        .where(today, AttendanceSheet.state.not_in(("answered", "withdrawn")))
        .order_by(AttendanceSheet.area_code, School.name, SchoolClass.grade)
        .limit(LISTED)
    )
    return Sheets(sum(counted.values()), counted.get("answered", 0), (await visit.session.execute(missing)).all())


async def _absent(visit: Visit) -> dict[str, int]:
    query = select(Absence.state, func.count()).where(Absence.on == visit.today).group_by(Absence.state)
    return dict((await visit.session.execute(query)).all())


def _away() -> Select[Any]:
    return select(CaseFile.id).where(CaseFile.state == "open", CaseFile.back_on.is_(None))


async def _unanswered(visit: Visit) -> int:
    """Children who are away and of whose family nothing was heard."""
    heard = select(GuardianAnswer.case_id).where(GuardianAnswer.case_id.is_not(None), GuardianAnswer.undone_at.is_(None))
    return await _count(visit, _away().where(CaseFile.id.not_in(heard)))


async def _overdue(visit: Visit) -> tuple[int, Sequence[Any]]:
    """How many steps are overdue, and the oldest of them."""
    late = Task.state.in_(LIVING), Task.due_at < visit.now
    query = (
        select(Task, Student.name, School.name)
        .outerjoin(Student, Student.id == Task.student_id)
        .outerjoin(School, School.id == Task.school_id)
        .where(*late)
        .order_by(Task.due_at)
        .limit(LISTED)
    )
    return await _count(visit, select(Task.id).where(*late)), (await visit.session.execute(query)).all()


async def _safety(visit: Visit) -> Sequence[Any]:
    query = (
        select(Task, Student.name, School.name)
        .outerjoin(Student, Student.id == Task.student_id)
        .outerjoin(School, School.id == Task.school_id)
        .where(Task.kind.in_(SAFETY), Task.state.in_(LIVING))
        .order_by(Task.due_at)
    )
    return (await visit.session.execute(query.limit(LISTED))).all()


async def _boarders(visit: Visit) -> int:
    """Boarders of whom it is not known that they have come, this evening or last night."""
    query = (
        select(MissingBoarder.id)
        .join(BoardingCheck, BoardingCheck.id == MissingBoarder.check_id)
        .where(BoardingCheck.on >= visit.today - timedelta(days=1), MissingBoarder.state == "missing")
    )
    return await _count(visit, query)


async def _holes(visit: Visit) -> tuple[int, Sequence[Hole]]:
    fresh = Hole.opened_at >= visit.now - HOLES_FOR
    newest = (await visit.session.scalars(select(Hole).where(fresh).order_by(Hole.id.desc()).limit(LISTED))).all()
    return await _count(visit, select(Hole.id).where(fresh)), newest


async def _cases(visit: Visit) -> list[tuple[int, int]]:
    """(level, open cases whose child is away)."""
    query = select(CaseFile.level, func.count()).where(CaseFile.id.in_(_away())).group_by(CaseFile.level).order_by(CaseFile.level)
    return [(level, count) for level, count in (await visit.session.execute(query)).all()]
