"""A child may be in danger: school and county hear of it in the same minute, whatever the level (未成年人保护法 art. 11)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from cases.desk import Desk
from cases.letters import join_living
from cases.outside import SCHOOL
from cases.tasks import NewTask, open_task
from plan.model import Plan
from storage.tables import CaseFile, Inbound, Person, Student, Task, TaskHolder
from storage.work import Work

WITHIN_SCHOOL = {"class", "school"}


async def raise_safety(
    work: Work, desk: Desk, student: Student, case: CaseFile | None, inbound_id: int | None, *, accused: bool = False
) -> None:
    """Opens an urgent task for each of the roles that the plan names; where the school is accused, only outside it."""
    about = {"case_id": case.id if case else None, "student_id": student.id, "inbound_id": inbound_id}
    duty = desk.plan.duties["safety"]
    roles = [role for role in desk.plan.safety.roles if not (accused and WITHIN_SCHOOL & set(desk.plan.roles[role].scope))]
    for role in roles or [desk.plan.holes.role]:
        key = f"safety:{student.id}:{inbound_id or work.now.isoformat()}:{role}"
        due = desk.calendar.after(work.now, duty.due)
        outside = SCHOOL if accused else None
        new = NewTask(key, "safety", role, due, desk.plan.safety.template, urgent=True, outside_school=outside, about=about)
        await open_task(work, desk, new)
    work.record("safety_raised", f"student:{student.id}", area_code=student.area_code, case_id=case.id if case else None)


async def join_alarm(work: Work, student_ids: Collection[int], inbound: Inbound, *, only_outside: bool) -> bool:
    """Whoever looks into an alarm reads what its sender writes further, 找着了 before all; False where no alarm of this sender lives.

    `only_outside`: no alarm that the school has.
    """
    outside = [Task.facts["outside_school"].astext.is_not(None)] if only_outside else []
    return await join_living(work, student_ids, inbound, Task.kind == "safety", *outside)


async def raise_unplaced(work: Work, desk: Desk, inbound_id: int) -> None:
    """Nobody knows yet which child it is about: the county reads it at once."""
    duty = desk.plan.duties["safety"]
    due = desk.calendar.after(work.now, duty.due)
    key = f"safety:inbound:{inbound_id}"
    new = NewTask(key, "safety", desk.plan.holes.role, due, "safety_unplaced", urgent=True, about={"inbound_id": inbound_id})
    await open_task(work, desk, new)
    work.record("safety_raised", f"inbound:{inbound_id}", area_code=desk.place.area_code)


async def alarm_readers(work: Work, plan: Plan, inbound_id: int, *, but: int) -> str:
    """Who was told of the alarm that a text raised: post and name of each but its writer; the posts where it was nobody else."""
    told = select(Task.role, Person.id, Person.name).outerjoin(TaskHolder, TaskHolder.task_id == Task.id)
    told = told.outerjoin(Person, Person.id == TaskHolder.person_id).where(Task.inbound_id == inbound_id, Task.kind == "safety")
    found = (await work.session.execute(told.order_by(Task.id, TaskHolder.since, Person.id))).all()
    named = [f"{plan.role_name(role)}{name}" for role, person_id, name in found if person_id not in {None, but}]
    return "、".join(dict.fromkeys(named or [plan.role_name(role) for role, _, _ in found]))
