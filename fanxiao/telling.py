"""A stretch of the played month as lines: what the record says of each child, and what families' phones showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.telling import tell
from fanxiao.cast import Actor
from fanxiao.promises import case_of
from fanxiao.wiring import Storage
from plan.model import Plan
from storage.tables import AttendanceSheet, Guardianship, Inbound, Intent, Message

LEFT_OUT = ("task_reminded", "still_absent", "notice_drafted")
"""Actions that would make a printed story long without telling more."""


@dataclass(frozen=True)
class Line:
    """One line. `kind`: sheets, record, out (to a family), in (from one)."""

    at: datetime
    kind: str
    text: str
    name: str | None = None  # of the child


async def told_between(storage: Storage, plan: Plan, actors: Sequence[Actor], language: str, first: datetime, last: datetime) -> list[Line]:
    """Everything from `first` to before `last`, in order of time."""
    async with storage.worker.session() as session:
        lines = await _sheets(session, first, last)
        for actor in actors:
            case = await case_of(session, actor)
            if case is not None:
                told = await tell(session, plan, case.id, language)
                lines += [
                    Line(one.at, "record", one.text, actor.name) for one in told if first <= one.at < last and one.action not in LEFT_OUT
                ]
            lines += [*await _out(session, actor, first, last), *await _in(session, actor, first, last)]
    return sorted(dict.fromkeys(lines), key=lambda line: line.at)  # two guardians who read the same are one line


async def _sheets(session: AsyncSession, first: datetime, last: datetime) -> list[Line]:
    """One line for all the classes that were asked, and answered, in this stretch."""
    query = (
        select(AttendanceSheet.asked_at, func.count(), func.count(AttendanceSheet.answered_at))
        .where(AttendanceSheet.asked_at >= first, AttendanceSheet.asked_at < last)
        .group_by(AttendanceSheet.asked_at)
    )
    return [Line(at, "sheets", f"{answered}/{asked}") for at, asked, answered in await session.execute(query)]


async def _out(session: AsyncSession, actor: Actor, first: datetime, last: datetime) -> list[Line]:
    family = select(Guardianship.person_id).where(Guardianship.student_id == actor.student_id)
    query = (
        select(Message.sent_at, Message.body)
        .join(Intent, Intent.message_id == Message.id)
        .where(Intent.student_id == actor.student_id, Message.person_id.in_(family), Message.sent_at >= first, Message.sent_at < last)
        .order_by(Message.id)
    )
    return [Line(at, "out", body, actor.name) for at, body in await session.execute(query) if at is not None]


async def _in(session: AsyncSession, actor: Actor, first: datetime, last: datetime) -> list[Line]:
    family = select(Guardianship.person_id).where(Guardianship.student_id == actor.student_id)
    query = select(Inbound.received_at, Inbound.body).where(
        Inbound.person_id.in_(family), Inbound.received_at >= first, Inbound.received_at < last
    )
    return [Line(at, "in", body, actor.name) for at, body in await session.execute(query.order_by(Inbound.id))]
