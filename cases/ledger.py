"""The ledger (控辍台账): every case with where it stands, who owes what, and its story told from the record (art. 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from cases.tasks import LIVING
from storage.tables import CaseFile, CaseLevel, Event, School, SchoolClass, Student, Task, TaskHolder

NO_CAUSE = "none"
"""Asks for the cases whose cause nobody knows yet."""
NOT_ABSENT = "not_absent"
"""The exit of a case that was none: the child had come that day. Nothing was struck off."""


@dataclass(frozen=True)
class LedgerRow:
    """One line of the ledger. `family`, measures and confirmations: `cases/ledger_entries.py`."""

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
    student_id: int
    school_area_code: str
    task_id: int | None


@dataclass(frozen=True)
class Wanted:
    """Which cases are shown; what is not given leaves nothing out. Days are of opening, both included, in the plan's zone.

    `owner`: a person who is asked for the step owed next, or a role that owes it. `from_level`: reached at any time.
    """

    area_code: str = ""
    school_id: int | None = None
    class_id: int | None = None
    state: str | None = None
    cause: str | None = None
    level: int | None = None
    from_level: int = 0
    owner_role: str | None = None
    owner_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None


async def ledger(session: AsyncSession, area_code: str, *, from_level: int = 0) -> list[LedgerRow]:
    """The cases of an area, oldest first, with the step owed next."""
    return await ledger_rows(session, Wanted(area_code, from_level=from_level))


async def ledger_rows(session: AsyncSession, wanted: Wanted) -> list[LedgerRow]:
    """The cases that are wanted, oldest first, with the step owed next. What is kept from a school is no step of the ledger."""
    owed = (
        select(Task.case_id, Task.id, Task.role, Task.due_at)
        .where(Task.state.in_(LIVING), Task.case_id.is_not(None), Task.facts["outside_school"].astext.is_(None))
        .ext(distinct_on(Task.case_id))
        .order_by(Task.case_id, Task.due_at)
        .subquery()
    )
    query = (
        select(
            CaseFile, Student, func.coalesce(School.name, ""), func.coalesce(SchoolClass.name, ""), owed.c.id, owed.c.role, owed.c.due_at
        )
        .join(Student, Student.id == CaseFile.student_id)
        .outerjoin(School, School.id == CaseFile.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == CaseFile.class_id)
        .outerjoin(owed, owed.c.case_id == CaseFile.id)
        .where(*_conditions(wanted))
        .order_by(CaseFile.id)
    )
    if wanted.owner_role is not None:
        query = query.where(owed.c.role == wanted.owner_role)
    if wanted.owner_id is not None:
        held = exists().where(TaskHolder.task_id == owed.c.id, TaskHolder.person_id == wanted.owner_id, TaskHolder.until.is_(None))
        query = query.where(held)
    return [_row(*found) for found in (await session.execute(query))]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    equal = {
        CaseFile.school_id: wanted.school_id, CaseFile.class_id: wanted.class_id, CaseFile.state: wanted.state,
        CaseFile.level: wanted.level,
    }  # fmt: skip
    found: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if wanted.state == "closed":
        found.append(CaseFile.exit != NOT_ABSENT)
    found.append(CaseFile.area_code.startswith(wanted.area_code) | CaseFile.school_area_code.startswith(wanted.area_code))
    if wanted.cause is not None:
        found.append(CaseFile.cause.is_(None) if wanted.cause == NO_CAUSE else CaseFile.cause == wanted.cause)
    if wanted.from_level:
        found.append(exists().where(CaseLevel.case_id == CaseFile.id, CaseLevel.level >= wanted.from_level))
    if wanted.since is not None:
        found.append(CaseFile.opened_at >= wanted.since)
    if wanted.before is not None:
        found.append(CaseFile.opened_at < wanted.before)
    return found


def _row(
    case: CaseFile, student: Student, school: str, class_name: str, task_id: int | None, role: str | None, due_at: datetime | None
) -> LedgerRow:
    return LedgerRow(
        case.id, case.number, student.name, student.sex, student.birth_date, school, class_name, case.area_code, case.opened_at, case.level,
        case.episode, case.cause, case.state, case.exit, case.closed_at, role, due_at, student.id, case.school_area_code, task_id,
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
