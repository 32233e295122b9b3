"""Steps of the plan that were taken in an episode, and those that have to be taken again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from cases.tasks import end_tasks
from storage.tables import CaseFile, CaseStep, Task
from storage.work import Work


async def take_step(work: Work, case: CaseFile, step: str, at: datetime) -> None:
    """Remembers that a step was taken."""
    row = insert(CaseStep).values(case_id=case.id, episode=case.episode, step=step, at=at)
    await work.session.execute(row.on_conflict_do_nothing())


async def step_key(work: Work, case: CaseFile, step: str) -> str:
    """The key of the step's task; a step that was suspended and is taken again gets another one."""
    stem = f"case:{case.id}:{case.episode}:{step}#"
    of_case = select(func.count()).select_from(Task).where(Task.case_id == case.id, Task.key.startswith(stem, autoescape=True))
    taken = await work.session.scalar(of_case)
    return f"{stem}{taken or 0}"


async def suspend_tasks(
    work: Work, case: CaseFile, reason: str, *, kinds: Collection[str] | None = None, sparing: Collection[str] = ()
) -> None:
    """Cancels what is owed (of these kinds) for now: a step that nobody has done is taken again when the chain goes on."""
    ended = await end_tasks(work, case.id, "cancelled", reason, kinds=kinds, sparing=sparing)
    steps = [task.key.split(":", 3)[3].split("#")[0] for task in ended if "#" in task.key]
    undone = delete(CaseStep).where(CaseStep.case_id == case.id, CaseStep.episode == case.episode, CaseStep.step.in_(steps))
    await work.session.execute(undone)
