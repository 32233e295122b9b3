"""What waits for a person: texts that the bot could not read or place. Read, answered, placed with a child, or explained."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import Select, select
from starlette.responses import Response

from cases.letters import letters_of
from cases.tasks import LIVING
from cases.triage_answers import children_named, letter_of
from cases.triage_list import QUEUE, Waiting, triage_queue
from cases.words import words
from console import acts, letters
from console.letters import Refusal
from console.pages.complaints import may_see
from console.paging import After, counted, piece
from console.security import require_csrf_form
from console.visit import Blank, Visit, Visiting, gone, see_other
from console.words import page_data
from storage.tables import Task, TaskHolder
from storage.work import Work

router = APIRouter(prefix="/triage")
ACTING = [Depends(require_csrf_form)]
Words = Annotated[str, Form(max_length=500)]


@router.get("")
async def queue(visit: Visiting, after: After = "") -> Response:
    found = await piece(visit.session, _waiting(visit), (Task.due_at, Task.id), after)
    ids = list(found.rows)
    late = await counted(visit.session, _waiting(visit).where(Task.due_at < visit.now))
    return await visit.show(
        "triage", piece=found, rows=await _letters(visit, ids), late=late, mine=await _mine(visit, ids), complaints=await may_see(visit)
    )


def _waiting(visit: Visit) -> Select[int]:
    """The tasks of its area's queue; the visit's own session shows only what the post sees."""
    return select(Task.id).where(Task.kind.in_(QUEUE), Task.state.in_(LIVING), Task.area_code.startswith(visit.area))


async def _letters(visit: Visit, task_ids: list[int]) -> list[Waiting]:
    """The texts of these tasks. The worker's log-in reads the senders: an unknown one's text belongs to no area."""
    async with visit.acting() as work:
        return await triage_queue(work.session, visit.parts.cipher, visit.area, visit.now, task_ids)


async def _mine(visit: Visit, task_ids: list[int]) -> set[int]:
    """Those that this person is asked for."""
    held = select(TaskHolder.task_id).where(
        TaskHolder.task_id.in_(task_ids), TaskHolder.person_id == visit.me.person_id, TaskHolder.until.is_(None), TaskHolder.why != "copy"
    )  # fmt: skip
    return set(await visit.session.scalars(held))


@router.get("/{task_id}")
async def show(visit: Visiting, task_id: int) -> Response:
    return await _page(visit, task_id)


async def _page(visit: Visit, task_id: int, *, letter: str | None = None, refused: Refusal | None = None, **typed: object) -> Response:
    """One text. `letter`: its words, once somebody who may has opened them; `typed`: what stands in the forms."""
    task = await visit.session.scalar(select(Task).where(Task.id.in_(_waiting(visit)), Task.id == task_id))
    if task is None:
        raise gone()
    one = (await _letters(visit, [task_id]))[0]
    async with visit.acting() as work:
        may_place = letters.may_be_placed(task, await letter_of(work, task))
    relations = [called for said in words().relations.values() for called in said]
    shown = {"said": "", "name": "", "called": "", "children": (), **typed}
    return await visit.show(
        "triage_letter", status=409 if refused else 200, one=one, letter=letter, fault=refused, relations=relations, typed=shown,
        is_mine=bool(await _mine(visit, [task_id])), may_place=may_place, meanings=page_data("story")["intents"],
        longest=visit.plan.dialogs.longest_reply, has_text=task.inbound_id is not None,
    )  # fmt: skip


async def _task(visit: Visit, work: Work, task_id: int) -> Task | Refusal:
    """The task where this post sees it and this person holds it."""
    if await visit.session.scalar(select(Task.id).where(Task.id == task_id, Task.kind.in_(QUEUE))) is None:
        raise gone()
    task = await acts.held_task(work, task_id, visit.me.person_id)
    if isinstance(task, str):
        return Refusal(task)
    return task if task.kind != "complaint" else Refusal("complaint_elsewhere")


@router.post("/{task_id}/read", dependencies=ACTING)
async def read(visit: Visiting, task_id: int) -> Response:
    async with visit.acting() as work:
        task = await _task(visit, work, task_id)
        text = None if isinstance(task, Refusal) else await letters.read(work, task, visit.me.person_id)
    if isinstance(task, Refusal):
        return await _page(visit, task_id, refused=task)
    return await _page(visit, task_id, letter=text, refused=Refusal("not_a_letter") if text is None else None)


async def _ended(visit: Visit, task_id: int, refused: Refusal | None, done: str, **typed: object) -> Response:
    """Back to the queue, or the page again with why not and everything that was typed."""
    if refused is None:
        return see_other("/triage", said=done)
    return await _page(visit, task_id, letter=await _again(visit, task_id), refused=refused, **typed)


async def _again(visit: Visit, task_id: int) -> str | None:
    """The words once more for whoever holds the task: they were opened on this page already."""
    if not await _mine(visit, [task_id]):
        return None
    async with visit.acting() as work:
        texts = await letters_of(work, await work.session.get_one(Task, task_id))
    return letters.masked_texts(texts) if texts else None


@router.post("/{task_id}/answer", dependencies=ACTING)
async def answer(visit: Visiting, task_id: int, said: Words = "") -> Response:
    async with visit.acting() as work:
        task = await _task(visit, work, task_id)
        refused = task if isinstance(task, Refusal) else await letters.answer(work, visit.plan, task, visit.me.person_id, said.strip())
    return await _ended(visit, task_id, refused, "answered", said=said)


@router.post("/{task_id}/belongs", dependencies=ACTING)
async def belongs(visit: Visiting, task_id: int, name: Words = "", called: Words = "", chosen: Annotated[int, Form()] = 0) -> Response:
    """First the children of that name are shown, with their classes; the one that is chosen then is the second word."""
    name, called = name.strip(), called.strip()
    async with visit.acting() as work:
        task = await _task(visit, work, task_id)
        if isinstance(task, Refusal):
            return await _ended(visit, task_id, task, "")
        if chosen:
            refused = await letters.place(work, task, visit.me.person_id, (name, chosen, called), visit.today)
            found = []
        else:
            found = await children_named(Work(visit.session, visit.now), task.area_code, name) if name else []
            refused = None if found else Refusal("no_child")
    if chosen or refused is not None:
        return await _ended(visit, task_id, refused, "placed", name=name, called=called)
    children = [(student.id, student.name, room) for student, room in found]
    return await _page(visit, task_id, letter=await _again(visit, task_id), name=name, called=called, children=children)


@router.post("/{task_id}/meant", dependencies=ACTING)
async def meant(visit: Visiting, task_id: int, intent: Words = "", on: Annotated[Blank[date | None], Form()] = None) -> Response:
    async with visit.acting() as work:
        task = await _task(visit, work, task_id)
        named = page_data("story")["intents"].get(intent, {}).get("zh", "")
        refused = task if isinstance(task, Refusal) else await letters.meant(work, task, visit.me.person_id, (intent, named), on)
    return await _ended(visit, task_id, refused, "meaning_kept")
