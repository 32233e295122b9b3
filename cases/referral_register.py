"""Referrals of an area as officers see them. What the plan does not enable is neither listed nor counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from plan.model import Plan
from storage.tables import CaseFile, Referral


@dataclass(frozen=True)
class ReferralRow:
    """One referral."""

    id: int
    case_number: str
    kind: str
    kind_zh: str
    department: str
    department_zh: str
    state: str
    number: str | None
    proposed_at: datetime
    decided_at: datetime | None
    acknowledged_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None

    def is_overdue(self, now: datetime) -> bool:
        """Approved, and the department has not answered in its time."""
        return self.state == "approved" and self.due_at is not None and self.due_at < now


async def referral_rows(session: AsyncSession, plan: Plan, area_code: str, state: str = "") -> list[ReferralRow]:
    """Referrals of an area, oldest first."""
    return [referral_row(plan, found) for found in await session.execute(referral_query(plan, area_code, state).order_by(Referral.id))]


def referral_query(plan: Plan, area_code: str, state: str = "") -> Select[*tuple[Any, ...]]:
    """What `referral_row` reads a referral from."""
    enabled = [name for name, kind in plan.referrals.items() if kind.enabled]
    query = select(Referral, CaseFile.number).join(CaseFile, CaseFile.id == Referral.case_id)
    query = query.where(Referral.area_code.startswith(area_code), Referral.kind.in_(enabled))
    return query.where(Referral.state == state) if state else query


def referral_row(plan: Plan, found: Sequence[Any]) -> ReferralRow:
    """One referral as officers see it."""
    referral, case_number = found
    department = plan.departments.get(referral.department)
    return ReferralRow(
        referral.id, case_number, referral.kind, plan.referrals[referral.kind].zh, referral.department,
        department.zh if department else referral.department, referral.state, referral.number, referral.proposed_at,
        referral.decided_at, referral.acknowledged_at, referral.due_at, referral.answered_at,
    )  # fmt: skip
