"""What really happened in one case, for a few words about it: steps that people took, what they found, and what is owed now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from cases.declining import why_declined
from cases.ledger_entries import papers_of, shown_kinds
from cases.names import given_name
from cases.tasks import LIVING
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import CaseFile, CaseLevel, Notice, Referral, SchoolClass, Student, Task, Visit
from storage.work import Work


@dataclass(frozen=True)
class Happened:
    """One thing that somebody did. `what`: a key of the plan's tasks, or notice:KIND, declined:KIND, delivered:KIND, referral:DEPARTMENT.

    `said`: in the words of whoever did it; they may hold what no SMS may repeat.
    """

    on: date
    what: str
    said: str = ""


@dataclass(frozen=True)
class CaseTold:
    """`since`: when the case came to the level at which it stands. `owed`: the next step of the chain that is waited for."""

    child: str
    class_name: str
    since: date | None
    happened: Sequence[Happened]
    owed: Task | None


async def told_of(work: Work, plan: Plan, case: CaseFile) -> CaseTold:
    """Whose case it is, what was done in order of the days, and what is owed."""
    calendar = Calendar(plan)
    student = await work.session.get_one(Student, case.student_id)
    room = await work.session.get(SchoolClass, case.class_id) if case.class_id is not None else None
    happened = [
        *await _steps(work, plan, calendar, case),
        *[Happened(paper.on, paper.what) async for _, paper in papers_of(work, calendar, [case.id])],
        *await _declined(work, calendar, case),
        *await _referrals(work, calendar, case),
    ]
    return CaseTold(
        given_name(student.name, student.ethnicity), room.name if room else "", await _since(work, calendar, case),
        sorted(happened, key=lambda one: one.on), await _owed(work, case),
    )  # fmt: skip


async def _steps(work: Work, plan: Plan, calendar: Calendar, case: CaseFile) -> list[Happened]:
    """What a person said to have done; not what is nobody else's business (see `shown_kinds`)."""
    visited_last = select(func.max(Visit.visited_on)).where(Visit.task_id == Task.id).scalar_subquery()  # some are told of several times
    done = select(Task.kind, Task.ended_at, Task.result, visited_last).where(
        Task.case_id == case.id, Task.state == "done", Task.ended_by.is_not(None), Task.kind.in_(shown_kinds(plan)),
        Task.facts["outside_school"].astext.is_(None),
    )  # fmt: skip
    rows = (await work.session.execute(done.order_by(Task.ended_at))).all()
    return [Happened(visited or calendar.day_of(ended), kind, said or "") for kind, ended, said, visited in rows if ended is not None]


async def _declined(work: Work, calendar: Calendar, case: CaseFile) -> list[Happened]:
    found = await work.session.scalars(select(Notice).where(Notice.case_id == case.id, Notice.declined_at.is_not(None)))
    return [
        Happened(calendar.day_of(notice.declined_at), f"declined:{notice.kind}", await why_declined(work, notice))
        for notice in found.all() if notice.declined_at is not None
    ]  # fmt: skip


async def _referrals(work: Work, calendar: Calendar, case: CaseFile) -> list[Happened]:
    sent = select(Referral.department, Referral.decided_at).where(
        Referral.case_id == case.id, Referral.state.in_(("approved", "sent", "answered"))
    )
    rows = (await work.session.execute(sent)).all()
    return [Happened(calendar.day_of(decided), f"referral:{department}") for department, decided in rows if decided is not None]


async def _since(work: Work, calendar: Calendar, case: CaseFile) -> date | None:
    """A level that was left out stands in the table as well, but the case never stood there."""
    entered = select(CaseLevel.entered_at).where(
        CaseLevel.case_id == case.id, CaseLevel.episode == case.episode, CaseLevel.level == case.level
    )
    found = await work.session.scalar(entered)
    return calendar.day_of(found) if found is not None else None


async def _owed(work: Work, case: CaseFile) -> Task | None:
    chain = (Task.case_id == case.id, Task.state.in_(LIVING), Task.level.is_not(None))  # what else is owed may be nobody else's business
    return await work.session.scalar(select(Task).where(*chain).order_by(Task.due_at, Task.id).limit(1))
