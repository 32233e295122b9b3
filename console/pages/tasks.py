"""What I owe, and what I do about it in one click."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from sqlalchemy import Select, select
from starlette.responses import Response

from cases.colleagues import Colleague, are_many, near_colleagues
from cases.tasks import LIVING
from cases.undoing import take_back
from cases.visits import visit_kinds
from console import acts
from console.acts import CONFIRM_FIRST
from console.pages.photos import may_picture, pictures_of
from console.paging import After, counted, piece
from console.security import require_csrf_form
from console.visit import Visit, Visiting, gone, see_other
from storage.tables import CaseFile, School, Student, Task, TaskHolder

router = APIRouter(prefix="/tasks")
ACTING = [Depends(require_csrf_form)]
LONGEST = 500
CAN_BE_UNDONE = ("taken", "handed_on", "later")
PER_PIECE = 20
FEW = 30
"""Colleagues that are offered at once; of more, one is looked for."""
LISTED = 50
Words = Annotated[str, Form(max_length=LONGEST)]


@router.get("")
async def mine(visit: Visiting, after: After = "") -> Response:
    return await _page(visit, after)


async def _page(visit: Visit, after: str = "", *, refused: tuple[int, str] | None = None, said: str = "", status: int = 200) -> Response:
    """`refused`: the task and why it was not done; it stands first, with the words as they were typed."""
    query = tasks_of(visit.me.person_id)
    found = await piece(visit.session, query, (Task.due_at, Task.id), after, per=PER_PIECE)
    first = (await visit.session.execute(query.where(Task.id == refused[0]))).all() if refused else []
    rows = [*first, *(row for row in found.rows if row[0].id not in {one[0].id for one in first})]
    return await visit.show(
        "tasks", rows=rows, photo_rights=await may_picture(visit), pictures=await pictures_of(visit, [task.id for task, *_ in rows]),
        piece=found, late=await counted(visit.session, query.where(Task.due_at < visit.now)), refused=refused,
        colleagues=await few_colleagues(visit), typed=said, status=status, longest=LONGEST, confirm_first=CONFIRM_FIRST,
        never_later=visit.plan.postponing.never, visit_kinds=visit_kinds(visit.plan),
    )  # fmt: skip


def tasks_of(person_id: int) -> Select[Task, CaseFile | None, Student | None, School | None]:
    """Living tasks that this person is asked for, each with its case, child and school. Quiet ones ask nobody."""
    return (
        select(Task, CaseFile, Student, School)
        .join(TaskHolder, TaskHolder.task_id == Task.id)
        .outerjoin(CaseFile, CaseFile.id == Task.case_id)
        .outerjoin(Student, Student.id == Task.student_id)
        .outerjoin(School, School.id == Task.school_id)
        .where(TaskHolder.person_id == person_id, TaskHolder.until.is_(None), Task.state.in_(LIVING), TaskHolder.why != "copy")
    )


async def few_colleagues(visit: Visit) -> list[Colleague] | None:
    """Whom a task can be handed on to; None where they are too many to choose from at once."""
    async with visit.acting() as work:
        if await are_many(work, visit.me.person_id, visit.today, FEW):
            return None
        return await near_colleagues(work, visit.me.person_id, visit.today, most=FEW)


@router.get("/{task_id}/hand-on")
async def to_whom(visit: Visiting, task_id: int, back: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Where colleagues are many: the one is looked for by name."""
    row = (await visit.session.execute(tasks_of(visit.me.person_id).where(Task.id == task_id))).one_or_none()
    if row is None:
        raise gone()
    async with visit.acting() as work:
        found = await near_colleagues(work, visit.me.person_id, visit.today, most=LISTED, called=visit.sought.q)
    return await visit.show(
        "hand_on",
        task=row[0],
        case=row[1],
        child=row[2],
        found=found,
        back=back if back.startswith("/cases/") else "",
        most=LISTED,
    )


async def _seen(visit: Visit, task_id: int) -> None:
    """404 for a task that this post does not see."""
    if await visit.session.scalar(select(Task.id).where(Task.id == task_id)) is None:
        raise gone()


async def _answer(visit: Visit, task_id: int, refusal: str | None, done: str, back: str, said: str = "") -> Response:
    if refusal is not None:
        return await _page(visit, refused=(task_id, refusal), said=said, status=409)
    path = back if back.startswith("/cases/") else "/tasks"
    return see_other(path, said=done, undo=str(task_id)) if done in CAN_BE_UNDONE else see_other(path, said=done)


Back = Annotated[str, Form(max_length=40)]


@router.post("/{task_id}/take", dependencies=ACTING)
async def take(visit: Visiting, task_id: int, back: Back = "") -> Response:
    await _seen(visit, task_id)
    async with visit.acting() as work:
        task = await acts.held_task(work, task_id, visit.me.person_id)
        refusal = task if isinstance(task, str) else await acts.take(work, task, visit.me.person_id)
    return await _answer(visit, task_id, refusal, "taken", back)


@router.post("/{task_id}/done", dependencies=ACTING)
async def done(visit: Visiting, task_id: int, said: Words = "", confirmed: Annotated[str, Form()] = "", back: Back = "") -> Response:
    await _seen(visit, task_id)
    async with visit.acting() as work:
        task = await acts.held_task(work, task_id, visit.me.person_id)
        refusal = (
            task if isinstance(task, str)
            else await acts.finish(work, task, visit.me.person_id, said, visit.today, is_confirmed=confirmed == "yes")
        )  # fmt: skip
        goes_again = isinstance(task, Task) and refusal is None and task.state in LIVING
    return await _answer(visit, task_id, refusal, "visit_again" if goes_again else "done", back, said)


@router.post("/{task_id}/hand-on", dependencies=ACTING)
async def hand_on(visit: Visiting, task_id: int, to: Annotated[int, Form()], back: Back = "") -> Response:
    await _seen(visit, task_id)
    async with visit.acting() as work:
        task = await acts.held_task(work, task_id, visit.me.person_id)
        refusal = task if isinstance(task, str) else await acts.hand_on(work, task, visit.me.person_id, to, visit.today)
    return await _answer(visit, task_id, refusal, "handed_on", back)


@router.post("/{task_id}/later", dependencies=ACTING)
async def later(visit: Visiting, task_id: int, until: Annotated[date, Form()], said: Words = "", back: Back = "") -> Response:
    await _seen(visit, task_id)
    async with visit.acting() as work:
        task = await acts.held_task(work, task_id, visit.me.person_id)
        refusal = task if isinstance(task, str) else await acts.put_off(work, task, visit.me.person_id, until, said)
    return await _answer(visit, task_id, refusal, "later", back, said)


@router.post("/{task_id}/undo", dependencies=ACTING)
async def undo(visit: Visiting, task_id: int, back: Back = "") -> Response:
    """The last step, as long as nothing has followed from it."""
    await _seen(visit, task_id)
    async with visit.acting() as work:
        refusal = await take_back(work, visit.plan, task_id, visit.me.person_id)
    path = back if back.startswith("/cases/") else "/tasks"
    return see_other(path, refused=refusal) if refusal else see_other(path, said="undone")
