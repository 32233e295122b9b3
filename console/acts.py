"""What a holder does with a task on a page: the same use cases, and the same refusals, as by message.

Each returns None, or what forbids it (templates/pages/refusals.yaml).
"""

from __future__ import annotations

from datetime import date

from bot.dialogs.meaning import note_meaning
from bot.dialogs.phrases import law_book
from bot.dialogs.proposing import never_in_its_letter
from bot.replies.visit import read_visit
from cases import postponing, tasks
from cases.casework import lock_case
from cases.colleagues import near_colleagues
from cases.duty_facts import next_duty_at
from cases.entitled import may_hold
from cases.finishing import finish_task
from cases.outside import barred_from
from cases.reminders import desk_of_task
from cases.visits import Found, is_visit, record_attempt, record_visit
from storage.tables import Task
from storage.work import Work

CONFIRM_FIRST = "confirm_first"


async def held_task(work: Work, task_id: int, person_id: int) -> Task | str:
    """The task, locked, where this person is asked for it now; else why nothing can be done."""
    task = await work.session.get(Task, task_id)
    if task is None:
        return "not_holder"
    if task.case_id is not None:
        await lock_case(work, task.case_id)  # the case first, as everywhere
    await work.session.refresh(task, with_for_update=True)
    if person_id not in await tasks.living_holders(work, task_id):
        return "not_holder"
    return task if task.state in tasks.LIVING else "too_late"


async def take(work: Work, task: Task, by: int) -> str | None:
    """They have it; some tasks are done by that."""
    await tasks.acknowledge(work, task, by)
    if task.facts.get("by_acknowledging"):
        await finish_task(work, task, by, "")
    await _rest(work, task)
    return None


async def finish(work: Work, task: Task, by: int, said: str, today: date, *, is_confirmed: bool = False) -> str | None:
    """It is done, with these words; what a visit found is read from them. Where nobody was met and they go again, the task stays open."""
    if never_in_its_letter(law_book(), (await desk_of_task(work, task)).plan, task.kind, said) is not None:
        return "reply_forbidden"
    visited = read_visit(said, today) if await is_visit(work, task) else None
    found = Found(visited.visited_on, visited.found, visited.said or said, visited.expected_on) if visited else None
    if found and visited and visited.is_attempt:
        await record_attempt(work, task, by, found)
        await _rest(work, task)
        return None
    refusal = await finish_task(work, task, by, said, is_confirmed=is_confirmed)
    if refusal is not None:
        return refusal.reason
    if found is not None:
        record_visit(work, task, by, found)
    await note_meaning(work, task, by=by, said=said, today=today)
    return None


async def hand_on(work: Work, task: Task, by: int, to: int, today: date) -> str | None:
    """To somebody of the same area, school or department."""
    if not await near_colleagues(work, by, today, most=1, only=to):
        return "out_of_area"
    if to in await barred_from(work, task):
        return "of_the_school"
    if not await may_hold(work, task, to):
        return "not_allowed"
    await tasks.delegate(work, task, by, to)
    await _rest(work, task)
    return None


async def put_off(work: Work, task: Task, by: int, until: date, reason: str) -> str | None:
    """Within the plan's limits, to the hour at which the school's day ends."""
    desk = await desk_of_task(work, task)
    return await postponing.postpone(work, desk, task, by, desk.calendar.at(until, desk.plan.attendance.closes_at), reason.strip())


async def _rest(work: Work, task: Task) -> None:
    if task.state in tasks.LIVING:
        task.next_at = next_duty_at(await desk_of_task(work, task), task)
