"""A text of a colleague that nobody could read: a person other than its writer reads it, and is told whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from cases.desk import Desk, desk_of_area, desk_of_school
from cases.tasks import LIVING, NewTask, asked_first, first_holders, open_task
from plan.model import Plan
from storage.tables import Area, Inbound, Person, Responsibility, School, SchoolClass, Task
from storage.work import Work

LETTER, SHEET_LETTER = "staff_letter", "sheet_letter"
TEMPLATE = "staff_letter"
OF_OLD = "triage_unknown"
"""The duty of a plan from before colleagues' letters had one."""


async def writer_of(work: Work, plan: Plan, person_id: int, staff: Sequence[Responsibility]) -> str:
    """Where somebody works, as what, and their name; only the name of whoever stands in for others or holds no post any more."""
    name = (await work.session.get_one(Person, person_id)).name
    post = next((row for row in staff if row.person_id == person_id), None)
    return f"{await _place(work, post)}{plan.role_name(post.role)}{name}" if post is not None else name


async def _place(work: Work, post: Responsibility) -> str:
    if post.school_id is not None:
        return (await work.session.get_one(School, post.school_id)).name
    area = await work.session.get(Area, post.area_code)
    return area.name if area is not None else ""


async def staff_letter(work: Work, inbound: Inbound, by: int, writer: str, area_code: str) -> Task:
    """The county's officer reads it."""
    return await _hand_over(work, await desk_of_area(work, area_code), LETTER, inbound, by, writer)


async def sheet_letter(work: Work, inbound: Inbound, by: int, writer: str, class_id: int) -> Task:
    """A class's sheet cannot be read: whoever takes sheets over helps; one task for a class until it is done."""
    room = await work.session.get_one(SchoolClass, class_id)
    desk = await desk_of_school(work, await work.session.get_one(School, room.school_id))
    there = select(Task).where(Task.kind.in_((SHEET_LETTER, OF_OLD)), Task.class_id == class_id, Task.state.in_(LIVING))
    running = await work.session.scalar(there.order_by(Task.id.desc()).limit(1))
    if running is not None:
        return running
    return await _hand_over(work, replace(desk, place=replace(desk.place, class_id=class_id)), SHEET_LETTER, inbound, by, writer)


async def _hand_over(work: Work, desk: Desk, wanted: str, inbound: Inbound, by: int, writer: str) -> Task:
    kind = wanted if wanted in desk.plan.duties else OF_OLD
    duty = desk.plan.duties[kind]
    others, _, _ = await first_holders(work, desk, duty.role, barred={by})
    key, due = f"triage:{inbound.id}", desk.calendar.after(work.now, duty.due)
    new = NewTask(
        key, kind, duty.role, due, TEMPLATE, holder_ids=tuple(others), about={"inbound_id": inbound.id}, facts={"writer": writer}
    )  # fmt: skip
    opened = await open_task(work, desk, new)
    return opened or (await work.session.scalars(select(Task).where(Task.key == key))).one()


async def reader_of(work: Work, plan: Plan, task: Task) -> str:
    """Who was asked, as the writer is told; the role where there is nobody."""
    holder = await asked_first(work, task)
    return holder[1] if holder is not None else plan.role_name(task.role)
