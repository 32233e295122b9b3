"""Whoever has left a post, or no longer stands in for somebody, holds nothing any more: it goes to who answers for it today."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, or_, select, update

from cases.desk import Desk
from cases.duty_facts import next_duty_at
from cases.outside import barred_from
from cases.reminders import desk_of_task
from cases.responsible import holders, in_force
from cases.tasks import LIVING, add_holders, first_holders
from plan.model import Plan
from storage.tables import Responsibility, StandIn, Task, TaskHolder
from storage.work import Work

LOOK_BACK = timedelta(days=14)
"""Stand-ins that ended this lately are looked at: a morning that was missed is made good by a later one."""


async def hand_over_posts(work: Work, plan: Plan, day: date) -> None:  # noqa: ARG001 - a day's job is given the plan in force
    """Every living task whose holder no longer answers for it gets those who do; nothing changes its deadline."""
    held = select(Task, TaskHolder.person_id).join(TaskHolder).where(
        Task.state.in_(LIVING), TaskHolder.until.is_(None), _may_have_left(day)
    )  # fmt: skip
    for task, person_id in (await work.session.execute(held.order_by(Task.id))).all():
        await _hand_over(work, task, person_id)


async def hand_back(work: Work, person_id: int, substitute_id: int) -> None:
    """What a substitute held for somebody who is there again: what was handed on is theirs, the rest goes to who answers for it today."""
    held = select(Task).join(TaskHolder).where(
        Task.state.in_(LIVING), TaskHolder.until.is_(None), TaskHolder.person_id == substitute_id,
        TaskHolder.why.in_(("holder", "substitute")),
    )  # fmt: skip
    theirs = select(TaskHolder.task_id).where(TaskHolder.person_id == person_id, TaskHolder.until.is_not(None))
    handed_on = set(await work.session.scalars(theirs))
    for task in (await work.session.scalars(held.order_by(Task.id))).all():
        if task.id in handed_on:
            await pass_task(work, await desk_of_task(work, task), task, substitute_id, ([person_id], "holder", 0))
        else:
            await _hand_over(work, task, substitute_id)


def _may_have_left(day: date) -> ColumnElement[bool]:
    posts = select(Responsibility.person_id).where(*in_force(day))
    deputies = select(Responsibility.substitute_person_id).where(Responsibility.substitute_person_id.is_not(None), *in_force(day))
    standing_in = select(StandIn.substitute_person_id).where(StandIn.starts_on <= day, StandIn.ends_on >= day)
    ended = select(StandIn.substitute_person_id).where(StandIn.ends_on < day, StandIn.ends_on >= day - LOOK_BACK)
    someone = TaskHolder.person_id
    no_post = someone.not_in(posts) & someone.not_in(deputies) & someone.not_in(standing_in)
    return or_(no_post, someone.in_(ended) & TaskHolder.why.in_(("holder", "substitute")))


async def _hand_over(work: Work, task: Task, person_id: int) -> None:
    desk = await desk_of_task(work, task)
    own = await holders(work.session, desk.plan, task.role, desk.place, desk.today)
    if person_id in {one for holder in own for one in (holder.person_id, holder.substitute_id)}:
        return
    found = await first_holders(work, desk, task.role, barred=await barred_from(work, task))
    if found[0]:  # better one who has left than nobody; the auditor and the ladder see to the rest
        await pass_task(work, desk, task, person_id, found)


async def pass_task(work: Work, desk: Desk, task: Task, person_id: int, to: tuple[list[int], str, int], *, tell: bool = True) -> None:
    """From one who holds it no longer to others. `to`: persons, why them, alert stage."""
    people, why, stage = to
    left = update(TaskHolder).where(TaskHolder.task_id == task.id, TaskHolder.person_id == person_id)
    await work.session.execute(left.values(until=work.now))
    if task.acknowledged_by in {None, person_id}:
        task.state, task.acknowledged_at, task.acknowledged_by, task.alerted_at, task.alert_stage = "open", None, None, work.now, stage
    await add_holders(work, task, people, why, tell=tell)
    task.next_at = next_duty_at(desk, task)
    work.record("task_handed_over", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, left=person_id, holders=people)
