"""Each difference is owed an answer, once; it ends by itself when it is gone, or by a person's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import func, select, update

from cases.desk import Desk, desk_of_area, desk_of_school, desk_of_student
from cases.reconciling.detect import detect
from cases.reconciling.found import Found
from cases.tasks import LIVING, NewTask, end_task, open_task
from plan.check_counting import RECONCILE
from plan.model import Plan
from plan.reconciling import Difference as Kind
from storage.tables import Difference, School, Student, Task
from storage.work import Work

OPEN, EXPLAINED, GONE = "open", "explained", "gone"


async def reconcile(work: Work, plan: Plan, day: date) -> int:
    """Compares everything. New differences become tasks, up to the plan's number a night; gives how many there are now.

    What a person has explained is left alone for as long as it lasts, and would be asked again if it came back later.
    """
    rules = plan.reconciliation
    if rules is None:
        return 0
    detected, compared = await detect(work, plan, rules, day)
    found = {one.key: one for one in detected}
    living = {row.key: row for row in await work.session.scalars(select(Difference).where(Difference.state != GONE))}
    for row in living.values():
        if row.key not in found and (row.report_id is None or row.report_id in compared):
            await _end(work, row)
    await _still_there(work, [row.id for key, row in living.items() if key in found])
    new = [one for key, one in found.items() if key not in living]
    for one in new[: rules.most_a_night]:
        await _open(work, rules.differences[one.kind], one)
    work.record("reconciled", f"day:{day}", area_code="", found=len(found), new=len(new), opened=min(len(new), rules.most_a_night))
    return len(found)


async def _still_there(work: Work, ids: Sequence[int]) -> None:
    await work.session.execute(update(Difference).where(Difference.id == func.any(ids)).values(seen_at=work.now))


async def _open(work: Work, kind: Kind, one: Found) -> None:
    row = Difference(
        key=one.key, kind=one.kind, area_code=one.area_code, school_id=one.school_id, student_id=one.student_id, case_id=one.case_id,
        report_id=one.report_id, facts=one.facts, found_at=work.now, seen_at=work.now, state=OPEN,
    )  # fmt: skip
    work.session.add(row)
    await work.session.flush()
    work.record(
        "difference_found", f"difference:{row.id}", area_code=row.area_code, case_id=row.case_id, kind=row.kind, student=row.student_id
    )
    desk = await _desk(work, one)
    due = desk.calendar.after(work.now, kind.due)
    about = {"student_id": one.student_id}
    new = NewTask(f"difference:{row.id}", RECONCILE, kind.role, due, "difference_new", about=about, facts={"difference": kind.zh})
    task = await open_task(work, desk, new)
    row.task_id = task.id if task is not None else None


async def _desk(work: Work, one: Found) -> Desk:
    """The child's place; for a child at no school, its home; for a number, the school's."""
    if one.student_id is not None:
        return await desk_of_student(work, await work.session.get_one(Student, one.student_id))
    if one.school_id is not None:
        return await desk_of_school(work, await work.session.get_one(School, one.school_id))
    return await desk_of_area(work, one.area_code)


async def _end(work: Work, row: Difference) -> None:
    """They agree again: nothing is owed any more."""
    task = await work.session.get(Task, row.task_id) if row.task_id is not None else None
    if task is not None and task.state in LIVING:
        end_task(work, task, "cancelled", reason="difference_gone")
    row.state, row.ended_at = GONE, row.ended_at or work.now
    work.record("difference_gone", f"difference:{row.id}", area_code=row.area_code, case_id=row.case_id, kind=row.kind)


async def explain(work: Work, task: Task, by: int) -> None:
    """A person has answered for it in their own words, which stand in the task."""
    row = await work.session.scalar(select(Difference).where(Difference.task_id == task.id, Difference.state == OPEN))
    if row is None:
        return
    row.state, row.ended_at, row.ended_by = EXPLAINED, work.now, by
    work.record(
        "difference_explained", f"difference:{row.id}", area_code=row.area_code, case_id=row.case_id, actor=f"person:{by}", kind=row.kind
    )


async def differences(work: Work, area_code: str, states: Iterable[str]) -> list[tuple[Difference, str | None, str | None, Task | None]]:
    """(difference, school, child, its task) of an area, the oldest first."""
    query = (
        select(Difference, School.name, Student.name, Task)
        .outerjoin(School, School.id == Difference.school_id)
        .outerjoin(Student, Student.id == Difference.student_id)
        .outerjoin(Task, Task.id == Difference.task_id)
        .where(Difference.area_code.startswith(area_code), Difference.state.in_(list(states)))
        .order_by(Difference.found_at, Difference.id)
    )
    return [(row, school, child, task) for row, school, child, task in await work.session.execute(query)]
