"""A step on a task that its holder has just taken and takes back: they have it, handed it on, put it off.

What can be taken back is read from the record: the step is the last thing that happened to the task, it was theirs, and it was not
long ago. What others have acted upon meanwhile stands. A task that is done stays done: what followed from it cannot be unsaid.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from cases.duty_facts import next_duty_at
from cases.reminders import desk_of_task
from cases.tasks import LIVING, add_holders, alert
from plan.model import Plan
from storage.tables import Event, Intent, Task, TaskHolder
from storage.work import Work

Before = Mapping[str, Any]


async def last_step(work: Work, plan: Plan, task_id: int, by: int) -> Event | None:
    """The step of this person that can still be taken back."""
    newest = select(Event).where(Event.subject == f"task:{task_id}").order_by(Event.id.desc()).limit(1)
    event = await work.session.scalar(newest)
    if event is None or event.action not in BACK or event.actor != f"person:{by}" or "before" not in event.facts:
        return None
    return event if event.at > work.now - timedelta(minutes=plan.dialogs.undo_minutes) else None


async def newest_step(work: Work, plan: Plan, by: int) -> int | None:
    """The task on which this person took a step last, if that was just now; also one that cannot be taken back."""
    since = work.now - timedelta(minutes=plan.dialogs.undo_minutes)
    held = select(TaskHolder.task_id).join(Task).where(
        TaskHolder.person_id == by, or_(Task.state.in_(LIVING), Task.ended_at > since)
    )  # fmt: skip
    subjects = [f"task:{task_id}" for task_id in await work.session.scalars(held)]
    steps = select(Event.subject).where(
        Event.subject.in_(subjects), Event.actor == f"person:{by}", Event.action.in_([*BACK, "task_done"]), Event.at > since
    )  # fmt: skip
    newest = await work.session.scalar(steps.order_by(Event.id.desc()).limit(1))
    return int(newest.removeprefix("task:")) if newest is not None else None


async def take_back(work: Work, plan: Plan, task_id: int, by: int) -> str | None:
    """As it was before the step. What forbids it (`refusals` of the pages), or None."""
    task = await work.session.get_one(Task, task_id)
    desk = await desk_of_task(work, task)
    await work.session.refresh(task, with_for_update=True)
    event = await last_step(work, plan, task_id, by)
    if event is None or task.state not in LIVING:
        return "undo_too_late"
    await BACK[event.action](work, task, by, event.facts)
    task.next_at = next_duty_at(desk, task)
    actor = f"person:{by}"
    work.record("step_taken_back", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, actor=actor, step=event.action)
    return None


async def _not_taken(work: Work, task: Task, by: int, facts: Mapping[str, Any]) -> None:  # noqa: ARG001 - the shape of a step back
    _stands_as(task, facts["before"])


async def _not_put_off(work: Work, task: Task, by: int, facts: Mapping[str, Any]) -> None:  # noqa: ARG001
    before = facts["before"]
    task.due_at, task.postponed, task.postponed_reason = datetime.fromisoformat(before["due_at"]), task.postponed - 1, None
    task.reminder, task.progress_at = before["reminder"], _moment(before["progress_at"])


async def _not_handed_on(work: Work, task: Task, by: int, facts: Mapping[str, Any]) -> None:
    """Who got it is told that it is no longer theirs, unless they have not even heard that it was; who had it before keeps it."""
    other, before = facts["to"], facts["before"]
    await add_holders(work, task, [by], before["why"] or "holder", tell=False)
    _stands_as(task, before)
    if before["had_it"]:
        return
    mine = TaskHolder.task_id == task.id, TaskHolder.person_id == other
    await work.session.execute(update(TaskHolder).where(*mine).values(until=work.now))
    unsaid = Intent.task_id == task.id, Intent.person_id == other, Intent.state == "pending"
    dropped = update(Intent).where(*unsaid).values(state="dropped", reason="taken_back").returning(Intent.id)
    if not (await work.session.scalars(dropped)).all():
        alert(work, task, other, "task_taken_back", key=f"back:{work.now.isoformat()}")


def _stands_as(task: Task, before: Before) -> None:
    task.state, task.acknowledged_by = before["state"], before["acknowledged_by"]
    task.acknowledged_at = _moment(before["acknowledged_at"])


def _moment(kept: str | None) -> datetime | None:
    return datetime.fromisoformat(kept) if kept else None


BACK: Mapping[str, Callable[[Work, Task, int, Mapping[str, Any]], Awaitable[None]]] = {
    "task_acknowledged": _not_taken, "task_postponed": _not_put_off, "task_delegated": _not_handed_on,
}  # fmt: skip
