"""A responsible person is away for some days, and another stands in."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select, update

from cases.desk import Desk
from cases.entitled import may_hold
from cases.handing_over import hand_back
from cases.outside import answers_beyond_school, barred_from, works_at_school_only
from cases.reminders import desk_of_task
from cases.sheet_asking import hand_sheets_over
from cases.tasks import LIVING, add_holders, first_holders
from storage.tables import StandIn, Task, TaskHolder
from storage.work import Work


async def stands_in_now(work: Work, person_id: int, on: date) -> StandIn | None:
    """Who stands in for this person that day; the newest word counts."""
    query = select(StandIn).where(StandIn.person_id == person_id, StandIn.starts_on <= on, StandIn.ends_on >= on)
    return await work.session.scalar(query.order_by(StandIn.id.desc()).limit(1))


async def may_stand_in(work: Work, person_id: int, substitute_id: int, on: date) -> str | None:
    """What forbids it (templates/words.yaml, refusals): they are away themselves, or would hear what is said against their own school."""
    if await stands_in_now(work, substitute_id, on) is not None:
        return "substitute_away"
    if await answers_beyond_school(work, person_id, on) and await works_at_school_only(work, substitute_id, on):
        return "substitute_of_school"
    return None


async def set_away(work: Work, desk: Desk, person_id: int, until: date, substitute_id: int, since: date | None = None) -> None:
    """From `since` (today) to `until` the substitute is asked instead; what is open goes over on the day on which it begins.

    Said again, the newer word counts.
    """
    first = since or desk.today
    await _end_earlier(work, person_id, first)
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
    held = select(Task).join(TaskHolder).where(TaskHolder.person_id == person_id, TaskHolder.until.is_(None), Task.state.in_(LIVING))
    for task in (await work.session.scalars(held)).all():
        await _pass_on(work, task, person_id, substitute_id)


async def come_back_early(work: Work, desk: Desk, person_id: int) -> bool:
    """The person is there again: what the substitute held for them is theirs. False when nobody stands in."""
    stand_in = await stands_in_now(work, person_id, desk.today)
    if stand_in is None:
        return False
    await _end_earlier(work, person_id, desk.today)
    await hand_back(work, person_id, stand_in.substitute_person_id)
    work.record("stand_in_ended", f"person:{person_id}", area_code=desk.place.area_code, actor=f"person:{person_id}")
    return True


async def _end_earlier(work: Work, person_id: int, today: date) -> None:
    running = update(StandIn).where(StandIn.person_id == person_id, StandIn.ends_on >= today)
    await work.session.execute(running.values(ends_on=today - timedelta(days=1)))


async def _pass_on(work: Work, task: Task, person_id: int, substitute_id: int) -> None:
    """What the substitute may not hold goes to the next who may; where there is nobody, it stays."""
    people, why, stage = [substitute_id], "substitute", task.alert_stage
    if not await may_hold(work, task, substitute_id):
        desk = await desk_of_task(work, task)
        people, why, stage = await first_holders(work, desk, task.role, barred={*await barred_from(work, task), person_id, substitute_id})
    if not people:
        return
    handed_on = update(TaskHolder).where(TaskHolder.task_id == task.id, TaskHolder.person_id == person_id)
    await work.session.execute(handed_on.values(until=work.now))
    task.state, task.acknowledged_at, task.alerted_at, task.alert_stage = "open", None, work.now, stage
    await add_holders(work, task, people, why)
