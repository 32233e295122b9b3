"""The ledger (控辍台账): every case with where it stands, who owes what, and its story told from the record (art. 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from cases.plans import plan_of
from cases.tasks import LIVING
from plan.calendar import Calendar
from storage.tables import CaseFile, CaseLevel, Event, School, SchoolClass, Student, Task
from storage.work import Work


@dataclass(frozen=True)
class LedgerRow:
    """One line of the ledger."""

    case_id: int
    number: str
    student: str
    sex: str | None
    born: date | None
    school: str
    class_name: str
    area_code: str
    opened_at: datetime
    level: int
    episode: int
    cause: str | None
    state: str
    exit: str | None
    closed_at: datetime | None
    owner_role: str | None
    due_at: datetime | None


async def ledger(session: AsyncSession, area_code: str, *, from_level: int = 0) -> list[LedgerRow]:
    """The cases of an area, oldest first, with the step owed next."""
    owed = (
        select(Task.case_id, Task.role, Task.due_at)
        .where(Task.state.in_(LIVING), Task.case_id.is_not(None))
        .ext(distinct_on(Task.case_id))
        .order_by(Task.case_id, Task.due_at)
        .subquery()
    )
    highest = select(CaseLevel.case_id, func.max(CaseLevel.level).label("top")).group_by(CaseLevel.case_id).subquery()
    query = (
        select(CaseFile, Student, func.coalesce(School.name, ""), func.coalesce(SchoolClass.name, ""), owed.c.role, owed.c.due_at)
        .join(Student, Student.id == CaseFile.student_id)
        .outerjoin(School, School.id == CaseFile.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == CaseFile.class_id)
        .join(highest, highest.c.case_id == CaseFile.id)
        .outerjoin(owed, owed.c.case_id == CaseFile.id)
        .where(CaseFile.area_code.startswith(area_code) | CaseFile.school_area_code.startswith(area_code), highest.c.top >= from_level)
        .order_by(CaseFile.id)
    )
    return [_row(*found) for found in (await session.execute(query))]


def _row(case: CaseFile, student: Student, school: str, class_name: str, role: str | None, due_at: datetime | None) -> LedgerRow:
    return LedgerRow(
        case.id, case.number, student.name, student.sex, student.birth_date, school, class_name, case.area_code, case.opened_at, case.level,
        case.episode, case.cause, case.state, case.exit, case.closed_at, role, due_at,
    )  # fmt: skip


@dataclass(frozen=True)
class StoryLine:
    """One event of a case."""

    at: datetime
    actor: str
    action: str
    subject: str
    facts: dict[str, Any]


async def story(session: AsyncSession, case_id: int) -> Sequence[StoryLine]:
    """What happened to a case, from the record, in order."""
    found = await session.scalars(select(Event).where(Event.case_id == case_id).order_by(Event.at, Event.id))
    return [StoryLine(event.at, event.actor, event.action, event.subject, event.facts) for event in found]


async def short_story(work: Work, case: CaseFile) -> str:
    """A case in a few words for a phone: the levels it stood at with their dates, and what is owed now."""
    plan = await plan_of(work.session, case.plan_version_id)
    calendar = Calendar(plan)
    levels = await work.session.scalars(select(CaseLevel).where(CaseLevel.case_id == case.id).order_by(CaseLevel.entered_at, CaseLevel.id))
    steps = [f"{calendar.local(entry.entered_at):%m-%d} {plan.at_level(entry.level).name.zh}" for entry in levels]
    if case.state == "closed" and case.exit is not None and case.closed_at is not None:
        steps.append(f"{calendar.local(case.closed_at):%m-%d} {plan.exits[case.exit].zh}")
    chain = (Task.case_id == case.id, Task.state.in_(LIVING), Task.level.is_not(None))  # what else is owed may be nobody else's business
    living = select(Task).where(*chain).order_by(Task.due_at).limit(1)
    if (task := await work.session.scalar(living)) is not None:
        steps.append(f"{plan.role_name(task.role)} {plan.task_name(task.kind).zh} {calendar.local(task.due_at):%m-%d}")
    return f"{case.number}：" + "；".join(steps[-6:])
