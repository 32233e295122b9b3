"""Tasks to find a guardian's working number."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from cases.desk import desk_of_student
from cases.tasks import LIVING, NewTask, end_task, open_task
from storage.tables import Student, Task
from storage.work import Work


async def open_find_contacts(work: Work, student_ids: Sequence[int], *, quiet: bool = True) -> None:
    """Somebody looks for a working number of these children's guardians; one living task a child at a time.

    A quiet one waits for the digest.
    """
    if not student_ids:
        return
    waiting = set(
        await work.session.scalars(
            select(Task.student_id).where(Task.kind == "find_contact", Task.student_id.in_(student_ids), Task.state.in_(LIVING))
        )
    )
    wanted = [student_id for student_id in dict.fromkeys(student_ids) if student_id not in waiting]
    for student in await work.session.scalars(select(Student).where(Student.id.in_(wanted)).order_by(Student.id)):
        await _open(work, student, quiet)


async def end_find_contacts(work: Work, student_ids: Sequence[int]) -> None:
    """A guardian is reached again: nobody needs to look any more."""
    looking = select(Task).where(Task.kind == "find_contact", Task.student_id.in_(student_ids), Task.state.in_(LIVING))
    for task in await work.session.scalars(looking):
        end_task(work, task, "cancelled", reason="contact_restored")


async def _open(work: Work, student: Student, quiet: bool) -> None:
    desk = await desk_of_student(work, student)
    duty = desk.plan.duties["find_contact"]
    key = f"student:{student.id}:find_contact:{work.now:%Y%m%d%H%M%S}"
    due = desk.calendar.after(work.now, duty.due)
    await open_task(work, desk, NewTask(key, "find_contact", duty.role, due, duty.template, quiet=quiet, about={"student_id": student.id}))
