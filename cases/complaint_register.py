"""Complaints as the county sees them: by area, without child or sender; and their counts by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.complaints import OPEN
from storage.tables import Complaint, School


@dataclass(frozen=True)
class ComplaintRow:
    """One complaint. `school`: empty where nobody knows which it is."""

    number: str
    kind: str
    area_code: str
    school: str
    is_anonymous: bool
    state: str
    received_at: datetime
    acknowledge_by: datetime
    acknowledged_at: datetime | None
    answer_by: datetime
    outcome: str | None
    answered_at: datetime | None
    overdue: bool


@dataclass(frozen=True)
class KindCount:
    """How many of a kind, and what came of them. Withdrawn ones count as received only."""

    kind: str
    received: int
    answered: int
    substantiated: int
    partly: int
    unsubstantiated: int
    overdue: int


Complaints = Select[Complaint, str | None, bool]


def complaints_of(area_code: str, now: datetime, *, barred_schools: Iterable[int] = (), kind: str = "") -> Complaints:
    """Complaints of an area, each with its school's name and whether it is overdue, oldest first; none about these schools, nor those
    that may be about any. `kind`: empty for all.
    """
    query = select(Complaint, School.name, _overdue(now)).outerjoin(School, School.id == Complaint.school_id)
    query = query.where(Complaint.area_code.startswith(area_code)).order_by(Complaint.id)
    if barred := set(barred_schools):
        query = query.where(Complaint.school_id.is_not(None), Complaint.school_id.not_in(barred))
    return query.where(Complaint.kind == kind) if kind else query


def _overdue(now: datetime) -> ColumnElement[bool]:
    """Not answered in the plan's time, or not even acknowledged."""
    unread = and_(Complaint.state == "received", Complaint.acknowledge_by < now)
    return or_(unread, and_(Complaint.state.in_(OPEN), Complaint.answer_by < now))


async def complaint_rows(session: AsyncSession, query: Complaints) -> list[ComplaintRow]:
    """All that `complaints_of` finds."""
    return [complaint_row(*row) for row in await session.execute(query)]


def complaint_row(complaint: Complaint, school: str | None, overdue: bool) -> ComplaintRow:
    """One that `complaints_of` has found."""
    return ComplaintRow(
        complaint.number, complaint.kind, complaint.area_code, school or "", complaint.person_id is None, complaint.state,
        complaint.received_at, complaint.acknowledge_by, complaint.acknowledged_at, complaint.answer_by, complaint.outcome,
        complaint.answered_at, overdue,
    )  # fmt: skip


async def count_by_kind(session: AsyncSession, query: Complaints, now: datetime) -> list[KindCount]:
    """Of what `complaints_of` finds, one line a kind, in the order of their first complaint."""
    came_to = [func.count().filter(Complaint.outcome == outcome) for outcome in ("substantiated", "partly", "unsubstantiated")]
    answered, overdue = func.count().filter(Complaint.state == "answered"), func.count().filter(_overdue(now))
    counts = query.with_only_columns(Complaint.kind, func.count(), answered, *came_to, overdue)
    found = await session.execute(counts.group_by(Complaint.kind).order_by(None).order_by(func.min(Complaint.id)))
    return [KindCount(kind, *numbers) for kind, *numbers in found]
