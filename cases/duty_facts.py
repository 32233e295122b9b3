"""From a task's row to the facts that the duty rules look at."""

from __future__ import annotations

from datetime import datetime

from cases.desk import Desk
from plan.duty import DutyFacts, upcoming
from storage.tables import Task


def duty_facts(desk: Desk, task: Task) -> DutyFacts:
    """What `plan.duty` may know of a task."""
    levels = min(desk.plan.acknowledgement.levels_above, len(desk.plan.ladder(task.role)))
    return DutyFacts(
        opened_at=task.opened_at,
        due_at=task.due_at,
        alerted_at=task.alerted_at,
        alert_stage=task.alert_stage,
        acknowledged_at=task.acknowledged_at if task.state == "acknowledged" else None,
        progress_at=task.progress_at,
        reminder=task.reminder,
        quiet=bool(task.facts.get("quiet") or task.facts.get("patient")),
        urgent=bool(task.facts.get("urgent")),
        last_stage=1 + levels,
    )


def next_duty_at(desk: Desk, task: Task) -> datetime | None:
    """When the task wants looking at again."""
    action = upcoming(desk.plan, duty_facts(desk, task), desk.calendar)
    return action.at if action is not None else None
