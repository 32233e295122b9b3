"""A stranger's texts go to the county that they are about: all of one sender together, and their deadline stands."""

from __future__ import annotations

from sqlalchemy import update

from cases.desk import desk_of_area
from cases.duty_facts import next_duty_at
from cases.letters import READ_TO, TOLD, letters_of
from cases.outside import barred_people
from cases.task_codes import free_code
from cases.tasks import add_holders, first_holders
from storage.tables import Complaint, Task, TaskHolder
from storage.work import Work

MOVING = ("triage_unknown", "complaint")


async def may_move(work: Work, task: Task) -> bool:
    """Whether nobody knows yet whom and which school it is about: only then another county may have it."""
    is_placed = task.student_id is not None or task.school_id is not None
    return task.kind in MOVING and not is_placed and all(text.person_id is None for text in await letters_of(work, task))


async def move_to_county(work: Work, task: Task, county: str, by: int | None = None) -> bool:
    """Those who had it are no longer asked; False where the other county has nobody for it, and nothing is changed."""
    desk = await desk_of_area(work, county)
    barred = await barred_people(work, task.facts.get("outside_school"), None, desk.today)
    people, why, stage = await first_holders(work, desk, task.role, barred=barred)
    if not people:
        return False
    left = update(TaskHolder).where(TaskHolder.task_id == task.id, TaskHolder.until.is_(None))
    await work.session.execute(left.values(until=work.now))
    await _readdress(work, task, county)
    task.code = await free_code(work, task.key, people)
    task.state, task.acknowledged_at, task.acknowledged_by, task.alerted_at, task.alert_stage = "open", None, None, work.now, stage
    await work.session.flush()
    await add_holders(work, task, people, why)
    task.next_at = next_duty_at(desk, task)
    actor = f"person:{by}" if by is not None else "system"
    work.record("task_moved", f"task:{task.id}", area_code=county, actor=actor, holders=people)
    return True


async def _readdress(work: Work, task: Task, county: str) -> None:
    task.area_code = county
    task.facts = {name: value for name, value in task.facts.items() if name not in {READ_TO, TOLD}}
    for text in await letters_of(work, task):
        text.area_code = county
    await work.session.execute(update(Complaint).where(Complaint.task_id == task.id).values(area_code=county))
