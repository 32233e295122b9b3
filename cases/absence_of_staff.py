"""A responsible person is away for some days, and another stands in."""

from __future__ import annotations

from datetime import date, time, timedelta

from sqlalchemy import Select, select, update

from cases.desk import Desk
from cases.duty_facts import next_duty_at
from cases.entitled import may_hold
from cases.handing_over import hand_back
from cases.outside import answers_beyond_school, barred_from, works_at_school_only
from cases.reminders import desk_of_task
from cases.responsible import standing_in
from cases.sheet_asking import hand_sheets_over
from cases.tasks import LIVING, add_holders, first_holders
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import StandIn, Task, TaskHolder
from storage.work import Work


async def stands_in_now(work: Work, person_id: int, on: date) -> StandIn | None:
    """Who stands in for this person that day; the newest word counts."""
    query = select(StandIn).where(StandIn.person_id == person_id, *standing_in(on))
    return await work.session.scalar(query.order_by(StandIn.id.desc()).limit(1))


async def may_stand_in(work: Work, person_id: int, substitute_id: int, first: date, last: date) -> str | None:
    """What forbids it (templates/words.yaml, refusals): they are away on one of these days themselves, or would hear what is said
    against their own school.
    """
    away = StandIn.person_id == substitute_id, StandIn.starts_on <= last, StandIn.ends_on >= first, StandIn.starts_on <= StandIn.ends_on
    if await work.session.scalar(select(StandIn.id).where(*away).limit(1)) is not None:
        return "substitute_away"
    if await answers_beyond_school(work, person_id, first) and await works_at_school_only(work, substitute_id, first):
        return "substitute_of_school"
    return None


async def set_away(work: Work, desk: Desk, person_id: int, until: date, substitute_id: int, since: date | None = None) -> None:
    """From `since` (today) to `until` the substitute is asked instead; what is open goes over on the day on which it begins
    (`begin_leaves`).

    Said again of the same days, the newer word counts.
    """
    first = since or desk.today
    await _end_earlier(work, person_id, first, until)
    work.session.add(StandIn(person_id=person_id, substitute_person_id=substitute_id, starts_on=first, ends_on=until))
    await work.session.flush()
    if first <= desk.today:
        await _hand_on(work, person_id, substitute_id)
        await hand_sheets_over(work, person_id, desk.today)
    work.record(
        "stand_in_set", f"person:{person_id}", area_code=desk.place.area_code, actor=f"person:{person_id}",
        since=first.isoformat(), until=until.isoformat(), substitute=substitute_id,
    )  # fmt: skip


async def _hand_on(work: Work, person_id: int, substitute_id: int) -> None:
    for task in (await work.session.scalars(_held_by(person_id))).all():
        await _pass_on(work, task, person_id, substitute_id)


def _held_by(person_id: int) -> Select[Task]:
    return select(Task).join(TaskHolder).where(TaskHolder.person_id == person_id, TaskHolder.until.is_(None), Task.state.in_(LIVING))


async def begin_leaves(work: Work, plan: Plan, day: date) -> None:
    """Whoever is away today and said so before: what they still hold from the days before goes over.

    On a later day of the leave too, where the morning was missed; what somebody gave them since it began stays with them.
    """
    away = select(StandIn).where(*standing_in(day)).order_by(StandIn.id)
    for leave in {one.person_id: one for one in (await work.session.scalars(away)).all()}.values():
        before = TaskHolder.since < Calendar(plan).at(leave.starts_on, time.min)
        for task in (await work.session.scalars(_held_by(leave.person_id).where(before).order_by(Task.id))).all():
            await _pass_on(work, task, leave.person_id, leave.substitute_person_id)


async def come_back_early(work: Work, desk: Desk, person_id: int) -> bool:
    """The person is there again: what the substitute held for them is theirs. False when nobody stands in."""
    stand_in = await stands_in_now(work, person_id, desk.today)
    if stand_in is None:
        return False
    await _end_earlier(work, person_id, desk.today, stand_in.ends_on)
    await hand_back(work, person_id, stand_in.substitute_person_id)
    work.record("stand_in_ended", f"person:{person_id}", area_code=desk.place.area_code, actor=f"person:{person_id}")
    return True


async def _end_earlier(work: Work, person_id: int, first: date, last: date) -> None:
    """What was said before of any of these days ends on the day before them."""
    same = update(StandIn).where(StandIn.person_id == person_id, StandIn.ends_on >= first, StandIn.starts_on <= last)
    await work.session.execute(same.values(ends_on=first - timedelta(days=1)))


async def _pass_on(work: Work, task: Task, person_id: int, substitute_id: int) -> None:
    """What the substitute may not hold goes to the next who may; where there is nobody, it stays."""
    desk = await desk_of_task(work, task)
    people, why, stage = [substitute_id], "substitute", task.alert_stage
    if not await may_hold(work, task, substitute_id):
        people, why, stage = await first_holders(work, desk, task.role, barred={*await barred_from(work, task), person_id, substitute_id})
    if not people:
        return
    handed_on = update(TaskHolder).where(TaskHolder.task_id == task.id, TaskHolder.person_id == person_id)
    await work.session.execute(handed_on.values(until=work.now))
    task.state, task.acknowledged_at, task.alerted_at, task.alert_stage = "open", None, work.now, stage
    await add_holders(work, task, people, why)
    task.next_at = next_duty_at(desk, task)
