"""A running case goes over to the plan that is now in force; otherwise it keeps the one that it began under."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from cases.casework import lock_case
from cases.desk import desk_of_case
from cases.duty_facts import next_duty_at
from cases.escalation import settle
from cases.notices import draft_notice
from cases.plans import plan_in_force
from cases.tasks import LIVING
from plan.model import Plan
from storage.tables import CaseFile, CaseLevel, Notice, Task
from storage.work import Work


@dataclass(frozen=True)
class Unmoved:
    """The case stays as it was. `reason`: closed, already, level, role; `detail` names the level or role that the new plan lacks."""

    reason: str
    detail: str = ""


async def move_case(work: Work, case_id: int) -> Unmoved | None:
    """Moves an open case and what is owed for it; None when it was moved. What was due under the old plan is carried out first."""
    case = await lock_case(work, case_id)
    version_id, plan = await plan_in_force(work.session)
    if case.state != "open":
        return Unmoved("closed")
    if case.plan_version_id == version_id:
        return Unmoved("already")
    await settle(work, case)
    tasks = list(await work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state.in_(LIVING))))
    if (lacking := await _lacking(work, plan, case, tasks)) is not None:
        return lacking
    work.record(
        "case_moved_to_plan", f"case:{case.id}", area_code=case.area_code, actor="operator", case_id=case.id,
        before=case.plan_version_id, after=version_id,
    )  # fmt: skip
    case.plan_version_id = version_id
    await _follow(work, plan, case, tasks)
    await settle(work, case)
    return None


async def _lacking(work: Work, plan: Plan, case: CaseFile, tasks: list[Task]) -> Unmoved | None:
    """What the case stands on and the new plan does not have."""
    episode = select(CaseLevel.level).where(CaseLevel.case_id == case.id, CaseLevel.episode == case.episode)
    levels = {case.level, *await work.session.scalars(episode)} - {rung.level for rung in plan.levels}
    roles = {task.role for task in tasks} - set(plan.roles)
    if levels:
        return Unmoved("level", ", ".join(map(str, sorted(levels))))
    return Unmoved("role", ", ".join(sorted(roles))) if roles else None


async def _follow(work: Work, plan: Plan, case: CaseFile, tasks: list[Task]) -> None:
    """Tasks keep their due times and are reminded of by the new plan; a notice that its level wants is drafted."""
    await work.session.flush()
    desk = await desk_of_case(work, case)
    for task in tasks:
        task.plan_version_id = case.plan_version_id
        task.next_at = next_duty_at(desk, task)
    kind = plan.at_level(case.level).notice
    drafted = select(Notice.id).where(Notice.case_id == case.id, Notice.episode == case.episode, Notice.kind == kind)
    if kind is not None and await work.session.scalar(drafted) is None:
        await draft_notice(work, case, kind)
