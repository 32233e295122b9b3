"""Carries out what the duty rules decide of a living task: who is asked next, who is reminded."""

from __future__ import annotations

from datetime import timedelta

from cases.casework import lock_case
from cases.desk import Desk, desk_of_area, desk_of_case, desk_of_sheet
from cases.duty_facts import duty_facts
from cases.holes import report_hole
from cases.outside import barred_from
from cases.responsible import Place, holders
from cases.tasks import add_holders, alert, living_holders, people_above, substitutes
from plan.duty import Lapse, Remind, Widen, upcoming
from storage.tables import AttendanceSheet, Task
from storage.work import Work

ENDLESS = 400
TEMPLATES = {"half": "task_reminder", "day_before": "task_reminder", "deadline": "task_reminder", "progress": "task_progress"}
"""Overdue ones are said once a day, all together, in the morning digest."""


async def desk_of_task(work: Work, task: Task) -> Desk:
    """The desk of whatever the task is about."""
    if task.case_id is not None:
        return await desk_of_case(work, await lock_case(work, task.case_id))
    if task.sheet_id is not None:
        return await desk_of_sheet(work, await work.session.get_one(AttendanceSheet, task.sheet_id))
    desk = await desk_of_area(work, task.area_code)
    place = Place(task.area_code, task.area_code, task.school_id, task.class_id)
    return Desk(desk.plan_version_id, desk.plan, desk.calendar, place, desk.today)


async def advance_task(work: Work, task: Task) -> None:
    """Carries out everything that the plan wants of this task by now; of several reminders only the last is said.

    Raises RuntimeError when the rules never come to rest.
    """
    desk = await desk_of_task(work, task)
    with work.session.no_autoflush:  # nothing that is asked here depends on what is written: many tasks are written together
        last = await _take_actions(work, desk, task)
        if last is not None:
            await _say(work, task, last)
            await _climb(work, desk, task, last)


async def _take_actions(work: Work, desk: Desk, task: Task) -> Remind | None:
    """Everything but the reminders, of which the last is given."""
    last: Remind | None = None
    for _ in range(ENDLESS):
        action = upcoming(desk.plan, duty_facts(desk, task), desk.calendar)
        if action is None or action.at > work.now:
            task.next_at = action.at if action is not None else None
            return last
        if isinstance(action, Remind):
            task.reminder, last = action.which, action
        elif isinstance(action, Lapse):
            _lapse(work, task)
        else:
            await _widen(work, desk, task, action)
    raise RuntimeError(f"task {task.id} does not come to rest")


async def _say(work: Work, task: Task, remind: Remind) -> None:
    work.record("task_reminded", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, which=remind.which)
    template = TEMPLATES.get(remind.which)
    if task.facts.get("patient") and template is not None:
        template = task.facts["template"]  # it is answered in words of its own
    if template is None or (task.facts.get("quiet") and remind.which != "deadline"):
        return
    taken = [task.acknowledged_by] if task.state == "acknowledged" and task.acknowledged_by is not None else None
    for person_id in taken or await living_holders(work, task.id):  # who has taken it is reminded, the others are left in peace
        alert(work, task, person_id, template, key=f"{remind.which}:{task.postponed}", still="task_told")


async def _climb(work: Work, desk: Desk, task: Task, remind: Remind) -> None:
    """What the plan lets climb when it is overdue is put to the nearest role above that has not been asked, one each day."""
    kind = desk.plan.tasks.get(task.kind)
    if kind is None or not kind.climbs or not remind.which.startswith("overdue-"):
        return
    asked, barred = set(await living_holders(work, task.id)), await barred_from(work, task)
    for skip in range(min(desk.plan.acknowledgement.levels_above, len(desk.plan.ladder(task.role)))):
        people, why, _ = await people_above(work, desk, task.role, skip, barred)
        if new := [person for person in people if person not in asked]:
            await add_holders(work, task, new, why)
            work.record("task_climbed", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, holders=new)
            return


def _lapse(work: Work, task: Task) -> None:
    """Acknowledged, asked about, and nothing came: the others are asked again."""
    task.state, task.acknowledged_at, task.alerted_at = "open", None, work.now
    work.record("acknowledgement_lapsed", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id)


async def _widen(work: Work, desk: Desk, task: Task, action: Widen) -> None:
    """Nobody has acknowledged: the substitutes, then the next level, are asked as well, and the county hears of the hole."""
    task.alerted_at = max(action.at, work.now - timedelta(hours=1))
    asked = set(await living_holders(work, task.id))
    people, why, stage = await _next_people(work, desk, task, action.stage)
    task.alert_stage = max(action.stage, stage)
    if stage > 1:
        await report_hole(work, desk, role=task.role, reason="no_acknowledgement", task=task)
    new = [person for person in people if person not in asked]
    await add_holders(work, task, new, why)
    work.record("task_widened", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, stage=task.alert_stage, holders=new)


async def _next_people(work: Work, desk: Desk, task: Task, stage: int) -> tuple[list[int], str, int]:
    """The substitutes first; where there are none, the level above at once."""
    barred = await barred_from(work, task)
    if stage == 1:
        own = await holders(work.session, desk.plan, task.role, desk.place, desk.today)
        if people := await substitutes(work, desk, own, barred):
            return people, "substitute", 1
    return await people_above(work, desk, task.role, max(stage - 2, 0), barred)
