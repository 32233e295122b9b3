"""Aid that children have received: granted, listed or paid, as registers and cards show it (art. 2.1⑤, 2.7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Select, select

from cases.aid_figures import money
from cases.support_words import support_words
from plan.model import Plan
from storage.tables import AidRequest
from storage.work import Work

RECEIVED = ("granted", "listed", "paid")


async def aid_received(work: Work, students: Select[int]) -> Mapping[int, Sequence[AidRequest]]:
    """Child → what was granted to it, the latest first."""
    query = select(AidRequest).where(AidRequest.student_id.in_(students), AidRequest.state.in_(RECEIVED)).order_by(AidRequest.id.desc())
    found: defaultdict[int, list[AidRequest]] = defaultdict(list)
    for row in await work.session.scalars(query):
        found[row.student_id].append(row)
    return found


def aided_on(plan: Plan, row: AidRequest) -> date:
    """The day of its latest step."""
    return row.paid_on or (row.listed_at or row.decided_at or row.requested_at).astimezone(plan.zone).date()


def aided(plan: Plan, row: AidRequest) -> str:
    """As "寄宿生生活补助 500元 已发放"; what was asked for, where the grant names no kind."""
    helps = plan.follow_ups.help
    kind = plan.aid.label(row.aid_kind) if row.aid_kind else helps[row.kind].zh if row.kind in helps else ""
    amount = row.paid_amount if row.paid_amount is not None else row.amount
    parts = (kind, f"{money(amount)}元" if amount is not None else "", support_words().label("states", row.state))
    return " ".join(part for part in parts if part)


def aid_told(plan: Plan, rows: Sequence[AidRequest]) -> str:
    """All of it in a line: "2026-11-02 寄宿生生活补助 500元 已发放；…"."""
    return "；".join(f"{aided_on(plan, row)} {aided(plan, row)}" for row in rows)
