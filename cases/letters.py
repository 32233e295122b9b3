"""Texts of one sender about one matter are one task: what comes later joins it, and is read with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select

from cases.tasks import LIVING, alert, living_holders
from storage.tables import Inbound, Task
from storage.work import Work

LATER, READ_TO, TOLD = "letters", "read_to", "told_more"
"""Facts of a task: the texts that joined it, the last one that its owner has opened, and that the owner knows of more."""
TEMPLATE = "letter_more"


def letter_ids(task: Task) -> list[int]:
    """All texts of a task, oldest first."""
    first = [task.inbound_id] if task.inbound_id is not None else []
    return [*first, *task.facts.get(LATER, [])]


async def letters_of(work: Work, task: Task) -> Sequence[Inbound]:
    """The texts that the task is about, oldest first."""
    return (await work.session.scalars(select(Inbound).where(Inbound.id.in_(letter_ids(task))).order_by(Inbound.id))).all()


async def join_letter(work: Work, task: Task, inbound: Inbound) -> None:
    """One more text of the same sender. Its owners hear of it only where they have seen to the earlier ones, and once until they look."""
    if inbound.id in letter_ids(task):
        return
    is_news = (task.state == "acknowledged" or READ_TO in task.facts) and TOLD not in task.facts
    task.facts = {**task.facts, LATER: [*task.facts.get(LATER, []), inbound.id], **({TOLD: True} if is_news else {})}
    inbound.area_code = task.area_code
    work.record("letter_joined", f"task:{task.id}", area_code=task.area_code)
    for person_id in await living_holders(work, task.id) if is_news else []:
        alert(work, task, person_id, TEMPLATE, f"more:{inbound.id}")


async def join_living(work: Work, student_ids: Collection[int], inbound: Inbound, *which: ColumnElement[bool]) -> bool:
    """Whoever sees to what this sender wrote about these children reads this text, too; False where nothing such of `which` lives."""
    sent_here = select(Inbound.id).where(Inbound.contact_id == inbound.contact_id)
    query = select(Task).where(Task.state.in_(LIVING), Task.student_id.in_(student_ids), Task.inbound_id.in_(sent_here), *which)
    found = (await work.session.scalars(query.order_by(Task.id))).all()
    for task in found:
        await join_letter(work, task, inbound)
    return bool(found)


def mark_read(task: Task, last: Inbound) -> None:
    """Somebody opened the texts up to this one: of what comes after it they are told anew."""
    known = max(last.id, task.facts.get(READ_TO, 0))
    task.facts = {**{name: value for name, value in task.facts.items() if name != TOLD}, READ_TO: known}
