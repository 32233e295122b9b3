"""A child taught at home is on no sheet: its chain rests, and somebody hears of it when it is not visited (DE-17: it is no dropout)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select

from cases.casework import open_case_of
from cases.desk import desk_of_student
from cases.returning import come_back, count_attended
from cases.rolls import AT_HOME, ON_ROLLS, taught_at_home
from cases.tasks import LIVING, NewTask, end_task, open_task
from plan.model import Plan
from plan.registers import HomeLessons, NoVisits
from storage.tables import Arrangement, CaseFile, HomeLesson, Student, Task
from storage.work import Work

PLAN = "plan_lessons"


async def watch_home_teaching(work: Work, plan: Plan, day: date) -> None:
    """Each school day: who was put under this arrangement by a list has its chain stopped; who is not visited is told of."""
    away = select(Student.id).join(CaseFile, CaseFile.student_id == Student.id).where(
        CaseFile.state == "open", CaseFile.back_on.is_(None), Student.status.in_(ON_ROLLS), taught_at_home()
    )  # fmt: skip
    for student_id in (await work.session.scalars(away.order_by(Student.id))).all():
        await rest_chain(work, student_id)
    if plan.registers is not None and (rules := plan.registers.lessons.idle) is not None:
        await _ask_for_visits(work, plan.registers.lessons, rules, day)


async def rest_chain(work: Work, student_id: int) -> None:
    """The child has its schooling again: the chain stops. The case ends once so many visits were held as it takes school days."""
    case = await open_case_of(work, student_id)
    if case is None or case.back_on is not None:
        return
    student = await work.session.get_one(Student, student_id)
    await come_back(work, case, (await desk_of_student(work, student)).today)


async def count_visit(work: Work, student_id: int) -> None:
    """A visit was held: an open case may end by it."""
    case = await open_case_of(work, student_id)
    if case is not None:
        await work.session.flush()
        await count_attended(work, await desk_of_student(work, await work.session.get_one(Student, student_id)), case)


async def _ask_for_visits(work: Work, lessons: HomeLessons, rules: NoVisits, day: date) -> None:
    """Asked again after as many days, where the task has ended and there is still no visit."""
    for student, last in await _last_visits(work):
        periods = (day - last).days // rules.after_days
        if periods < 1:
            continue
        desk = await desk_of_student(work, student)
        new = NewTask(
            f"student:{student.id}:visits:{last}:{periods}", PLAN, lessons.role, desk.calendar.after(work.now, rules.due), rules.template,
            about={"student_id": student.id}, facts={"days": periods * rules.after_days},
        )  # fmt: skip
        await open_task(work, desk, new)


async def _last_visits(work: Work) -> Collection[tuple[Student, date]]:
    """Each child taught at home with the day of its last visit, held or planned, else of the arrangement; not whose task is open."""
    latest = func.greatest(Arrangement.since, func.max(HomeLesson.planned_on))
    living = select(Task.id).where(Task.student_id == Student.id, Task.kind == PLAN, Task.state.in_(LIVING)).exists()
    visited = (HomeLesson.student_id == Student.id) & HomeLesson.state.in_(("planned", "asked", "done"))
    query = (
        select(Student, latest)
        .join(Arrangement, Arrangement.student_id == Student.id)
        .outerjoin(HomeLesson, visited)
        .where(Arrangement.kind == AT_HOME, Arrangement.until.is_(None), Student.status.in_(ON_ROLLS), ~living)
        .group_by(Student.id, Arrangement.id)
        .order_by(Student.id)
    )
    return [(student, last) for student, last in (await work.session.execute(query)).all()]


async def visits_are_planned(work: Work, student_id: int, by: int) -> None:
    """Whoever was to plan them has done so."""
    asked = select(Task).where(Task.student_id == student_id, Task.kind == PLAN, Task.state.in_(LIVING))
    for task in await work.session.scalars(asked):
        end_task(work, task, "done", by=by)
