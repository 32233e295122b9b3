"""What follows a complaint: while it is open, and some days after, nothing unread of its sender goes to the school."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from cases.complaints import OPEN, join_complaint
from cases.tasks import LIVING
from cases.triage import STRANGER
from storage.tables import Complaint, Inbound, Task
from storage.work import Work


async def open_complaint(work: Work, inbound: Inbound) -> Complaint | None:
    """The newest complaint of whoever wrote this text that nobody has answered yet."""
    query = select(Complaint).where(_by_sender(inbound), Complaint.state.in_(OPEN), Complaint.task_id.is_not(None))
    return await work.session.scalar(query.order_by(Complaint.id.desc()).limit(1))


async def accused_lately(work: Work, inbound: Inbound, student_ids: Collection[int], after: timedelta) -> bool:
    """Whether the sender's complaint, or an alarm about one of these children that accuses the school, is open or ended within `after`.

    What the county only reads, since it may accuse the school, counts as long as it is open.
    """
    since = work.now - after
    told = or_(Complaint.state.in_(OPEN), Complaint.answered_at > since)
    if await work.session.scalar(select(Complaint.id).where(_by_sender(inbound), told).limit(1)) is not None:
        return True
    is_living = Task.state.in_(LIVING)
    alarm = and_(Task.kind == "safety", Task.facts["outside_school"].astext.is_not(None), or_(is_living, Task.ended_at > since))
    theirs = select(Task.id).join(Inbound, Inbound.id == Task.inbound_id).where(
        Task.student_id.in_(student_ids), Inbound.contact_id == inbound.contact_id, or_(alarm, and_(Task.kind == STRANGER, is_living)),
    )  # fmt: skip
    return await work.session.scalar(theirs.limit(1)) is not None


async def add_to_complaint(work: Work, inbound: Inbound) -> Complaint | None:
    """The sender's open complaint with this text added to it; None where there is none."""
    complaint = await open_complaint(work, inbound)
    if complaint is not None:
        await join_complaint(work, complaint, inbound)
    return complaint


def _by_sender(inbound: Inbound) -> ColumnElement[bool]:
    by_contact = Complaint.contact_id == inbound.contact_id
    return by_contact if inbound.person_id is None else or_(by_contact, Complaint.person_id == inbound.person_id)
