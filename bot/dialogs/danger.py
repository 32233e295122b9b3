"""A word of danger is told to people in the same minute, whoever wrote it; then the text is heard as what it is."""

from __future__ import annotations

from sqlalchemy import select

from bot.dialogs.officer import officer_reading
from bot.dialogs.speaker import Speaker
from bot.replies import Pupil, is_danger, is_danger_from_staff, may_accuse_school
from bot.replies.normalise import normalise
from bot.replies.sheet_stories import stories_in
from cases.casework import open_case_of
from cases.desk import desk_of_area, desk_of_student
from cases.safety import raise_safety, raise_unplaced
from cases.strangers import desk_of_stranger
from cases.task_codes import of_code
from storage.tables import Inbound, Student, Task
from storage.work import Work

ON_ROLLS = ("enrolled", "resumed")


async def hear_danger(work: Work, inbound: Inbound, speaker: Speaker) -> bool:
    """For texts of strangers and of responsible people; a family's own are heard in its dialog. Whether an alarm was raised."""
    if not (is_danger_from_staff(inbound.body) if speaker.staff else is_danger(inbound.body, by_signs=True)):
        return False
    task = _task_named(inbound, speaker)
    if task is not None and task.facts.get("urgent"):
        return False  # whoever reports on an alarm raises no new one
    found: list[Student | None] = [*await _children_told_of(work, inbound, speaker)]
    for student in found or [await _child(work, inbound, speaker, task)]:
        await _raise(work, inbound, student)
    return True


async def _raise(work: Work, inbound: Inbound, student: Student | None) -> None:
    if student is None:
        desk = await (desk_of_area(work, inbound.area_code) if inbound.area_code else desk_of_stranger(work, inbound))
        await raise_unplaced(work, desk, inbound.id)
    else:
        desk, case = await desk_of_student(work, student), await open_case_of(work, student.id)
        await raise_safety(work, desk, student, case, inbound.id, accused=may_accuse_school(inbound.body))


async def _children_told_of(work: Work, inbound: Inbound, speaker: Speaker) -> list[Student]:
    """Pupils of the writer's classes of whom the danger is told, by name or seat, as on a sheet."""
    pupils = {child.id: child for child in await _pupils(work, speaker)}
    roll = [Pupil(child.id, child.name, child.seat_number) for child in pupils.values()]
    stories = stories_in(normalise(inbound.body), roll, speaker.today, {}).stories
    return [pupils[story.student_id] for story in stories if story.intent == "safety" and story.sure]


async def _pupils(work: Work, speaker: Speaker) -> list[Student]:
    classes = [row.class_id for row in speaker.staff if row.class_id is not None]
    return list(await work.session.scalars(select(Student).where(Student.class_id.in_(classes), Student.status.in_(ON_ROLLS))))


def _task_named(inbound: Inbound, speaker: Speaker) -> Task | None:
    """The task with the code in the text, else the only one there is."""
    code = officer_reading(inbound, speaker).code
    if code is None:
        return speaker.tasks[0] if len(speaker.tasks) == 1 else None
    return next(iter(of_code(speaker.tasks, code)), None)


async def _child(work: Work, inbound: Inbound, speaker: Speaker, task: Task | None) -> Student | None:
    """The one child of the writer's classes that the text names, else the one that the task is about."""
    named = [child for child in await _pupils(work, speaker) if child.name in inbound.body]
    if len(named) == 1:
        return named[0]
    about = task.student_id if task is not None and not named else None
    return await work.session.get(Student, about) if about is not None else None
