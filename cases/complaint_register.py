"""Complaints as the county sees them: by area, without child or sender; and their counts by kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
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

    def is_overdue(self, now: datetime) -> bool:
        """Not answered in the plan's time, or not even acknowledged."""
        late = self.state == "received" and self.acknowledge_by < now
        return late or (self.state in OPEN and self.answer_by < now)


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


async def complaint_rows(session: AsyncSession, area_code: str, *, barred_schools: Iterable[int] = ()) -> list[ComplaintRow]:
    """Complaints of an area, oldest first; none about these schools, nor those that may be about any."""
    query = select(Complaint, School.name).outerjoin(School, School.id == Complaint.school_id)
    query = query.where(Complaint.area_code.startswith(area_code)).order_by(Complaint.id)
    if barred := set(barred_schools):
        query = query.where(Complaint.school_id.is_not(None), Complaint.school_id.not_in(barred))
    return [_row(complaint, school) for complaint, school in await session.execute(query)]


def _row(complaint: Complaint, school: str | None) -> ComplaintRow:
    return ComplaintRow(
        complaint.number, complaint.kind, complaint.area_code, school or "", complaint.person_id is None, complaint.state,
        complaint.received_at, complaint.acknowledge_by, complaint.acknowledged_at, complaint.answer_by, complaint.outcome,
        complaint.answered_at,
    )  # fmt: skip


def count_by_kind(rows: Sequence[ComplaintRow], now: datetime) -> list[KindCount]:
    """One line a kind, in the order of their first complaint."""
    return [_count(kind, [row for row in rows if row.kind == kind], now) for kind in dict.fromkeys(row.kind for row in rows)]


def _count(kind: str, rows: list[ComplaintRow], now: datetime) -> KindCount:
    outcomes = [row.outcome for row in rows]
    return KindCount(
        kind, len(rows), sum(row.state == "answered" for row in rows), outcomes.count("substantiated"), outcomes.count("partly"),
        outcomes.count("unsubstantiated"), sum(row.is_overdue(now) for row in rows),
    )  # fmt: skip
