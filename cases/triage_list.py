"""The queue of an area: what waits for a person, with its owner and due time. No text, and of a number only its ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.tasks import LIVING
from storage.crypto import Cipher
from storage.tables import Area, Inbound, Person, Task, TaskHolder

QUEUE = (
    "safety",
    "complaint",
    "triage",
    "triage_aside",
    "triage_unknown",
    "staff_letter",
    "sheet_letter",
    "bullying_check",
    "betrothal_check",
)
"""Kinds of task that begin with somebody's text and are answered by a person."""
KEPT = (3, 2)
"""Digits of a number that are shown at its beginning and its end."""


@dataclass(frozen=True)
class Waiting:
    """One text that waits. `sender` is masked; empty where there is none, and for a complaint. `age_hours` since it came.

    `writer`: post and name of a colleague whose text it is; empty for anybody else.
    """

    task_id: int
    code: str
    kind: str
    state: str
    area_code: str
    area: str
    owners: list[str]
    sender: str
    writer: str
    opened_at: datetime
    due_at: datetime
    age_hours: float
    is_overdue: bool


async def triage_queue(
    session: AsyncSession, cipher: Cipher, area_code: str, now: datetime, task_ids: Sequence[int] | None = None
) -> list[Waiting]:
    """What waits in an area, the most urgent first; of these tasks only, where they are named."""
    chosen = [Task.id.in_(task_ids)] if task_ids is not None else []
    owners = (
        select(TaskHolder.task_id, func.array_agg(Person.name).label("names"))
        .join(Person, Person.id == TaskHolder.person_id)
        .join(Task, Task.id == TaskHolder.task_id)
        .where(TaskHolder.until.is_(None), Task.kind.in_(QUEUE), Task.state.in_(LIVING), *chosen)
        .group_by(TaskHolder.task_id)
        .subquery()
    )
    query = (
        select(Task, Area.name, owners.c.names, Inbound.address_encrypted)
        .outerjoin(Area, Area.code == Task.area_code)
        .outerjoin(owners, owners.c.task_id == Task.id)
        .outerjoin(Inbound, Inbound.id == Task.inbound_id)
        .where(Task.kind.in_(QUEUE), Task.state.in_(LIVING), Task.area_code.startswith(area_code), *chosen)
        .order_by(Task.due_at, Task.id)
    )
    return [
        Waiting(
            task.id, task.code, task.kind, task.state, task.area_code, area or task.area_code, sorted(names or []),
            masked(cipher.decrypt(address)) if address is not None and task.kind != "complaint" else "",
            str(task.facts.get("writer", "")), task.opened_at, task.due_at,
            round((now - task.opened_at).total_seconds() / 3600, 1), task.due_at < now,
        )
        for task, area, names, address in await session.execute(query)
    ]  # fmt: skip


def masked(number: str) -> str:
    """A phone number or chat id of which only the ends are seen."""
    plain = number.removeprefix("+86")
    first, last = KEPT
    return plain[:first] + "*" * (len(plain) - first - last) + plain[-last:] if len(plain) > first + last else "*" * len(plain)
