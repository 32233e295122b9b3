"""A task is put off by its holder, within the limits that the plan sets."""

from __future__ import annotations

from datetime import datetime

from cases.desk import Desk
from cases.duty_facts import next_duty_at
from cases.responsible import has_role
from storage.tables import Task
from storage.work import Work

SHORTEST_REASON = 2


async def postpone(work: Work, desk: Desk, task: Task, person_id: int, until: datetime, reason: str) -> str | None:
    """Puts a task off, within the plan's limits. What forbids it (templates/words.yaml, refusals), or None when it is done."""
    refusal = await _not_to_be_postponed(work, desk, task, person_id) or _beyond_limits(desk, task, until, reason, work.now)
    if refusal is not None:
        return refusal
    before = {
        "due_at": task.due_at.isoformat(),
        "reminder": task.reminder,
        "progress_at": task.progress_at.isoformat() if task.progress_at is not None else None,
    }
    task.due_at, task.postponed, task.reminder, task.progress_at = until, task.postponed + 1, None, work.now
    task.postponed_reason = reason or None
    task.next_at = next_duty_at(desk, task)
    work.record(
        "task_postponed", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, actor=f"person:{person_id}",
        until=until.isoformat(), before=before,
    )  # fmt: skip
    return None


async def _not_to_be_postponed(work: Work, desk: Desk, task: Task, person_id: int) -> str | None:
    limits = desk.plan.postponing
    if task.kind in limits.never or task.facts.get("urgent"):
        return "never_later"
    if limits.by and not await has_role(work.session, person_id, limits.by, desk.today):
        return "not_yours_to_postpone"
    return None


def _beyond_limits(desk: Desk, task: Task, until: datetime, reason: str, now: datetime) -> str | None:
    limits = desk.plan.postponing
    if task.postponed >= limits.times:
        return "too_often"
    if until <= now:
        return "past"
    if until <= task.due_at:
        return "not_later"
    if desk.calendar.day_of(until) > desk.calendar.nth_school_day(desk.today, limits.school_days + 1):
        return "too_far"
    return "say_why_later" if limits.reason and len(reason) < SHORTEST_REASON else None
