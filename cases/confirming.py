"""What weighs much takes two words of the same person: the first is kept, the second carries it out while it is fresh."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.tables import Facts, Task
from storage.work import Work


def ask_to_confirm(work: Work, task: Task, by: int, what: Facts, minutes: int) -> None:
    """Keeps the first word; a newer one takes its place."""
    until = work.now + timedelta(minutes=minutes)
    task.facts = {**task.facts, "confirming": {**what, "by": by, "until": until.isoformat()}}
    actor = f"person:{by}"
    work.record("confirmation_asked", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, actor=actor, kind=task.kind)


def awaited(task: Task, by: int, said_at: datetime) -> Facts | None:
    """What this person said first, if it may still be confirmed at that moment."""
    kept: Facts | None = task.facts.get("confirming")
    if kept is None or kept["by"] != by or datetime.fromisoformat(kept["until"]) < said_at:
        return None
    return kept


def forget(task: Task) -> None:
    """Nothing waits to be confirmed any more."""
    task.facts = {name: value for name, value in task.facts.items() if name != "confirming"}
