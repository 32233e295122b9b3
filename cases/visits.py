"""Home visits: whom they found, what was said, and the photographs that come with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, or_, select

from cases.plans import plan_in_force, plan_of
from cases.tasks import LIVING, note_progress
from plan.model import Plan
from storage.tables import Activity, Inbound, Photo, Task, TaskHolder, Visit
from storage.work import Work


@dataclass(frozen=True)
class Found:
    """What a visit found. `whom`: child, parents, grandparents, relatives, neighbours, nobody."""

    visited_on: date
    whom: tuple[str, ...]
    said: str
    expected_on: date | None


async def is_visit(work: Work, task: Task) -> bool:
    """Whether the plan wants a visit's account of this task."""
    return task.kind in visit_kinds(await plan_of(work.session, task.plan_version_id))


def visit_kinds(plan: Plan) -> list[str]:
    """Kinds of task for which somebody goes to the home."""
    return [name for name, kind in plan.tasks.items() if kind.visit]


def photo_kinds(plan: Plan) -> list[str]:
    """Kinds of task for which photographs are taken: visits, and deliveries."""
    return [name for name, kind in plan.tasks.items() if kind.visit or kind.photos]


def record_visit(work: Work, task: Task, by: int, found: Found) -> None:
    """Keeps what a visit found; the record says only that it was."""
    work.session.add(
        Visit(
            task_id=task.id, case_id=task.case_id, student_id=task.student_id, area_code=task.area_code, visited_on=found.visited_on,
            found=list(found.whom), said=found.said, expected_on=found.expected_on, recorded_by=by, recorded_at=work.now,
        )
    )  # fmt: skip
    work.record(
        "visit_recorded", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, actor=f"person:{by}",
        on=found.visited_on.isoformat(), found=list(found.whom),
    )  # fmt: skip


async def record_attempt(work: Work, task: Task, by: int, found: Found) -> None:
    """Nobody was met, and they go again: kept once, and the task stays open."""
    if await _says_more(work, task, found):
        record_visit(work, task, by, found)
    task.facts = {name: value for name, value in task.facts.items() if name != "visit"}
    await note_progress(work, task, by)


async def add_account(work: Work, task: Task, by: int, found: Found) -> bool:
    """What is told of a visit after it was done; the same told again adds nothing."""
    if not await _says_more(work, task, found):
        return False
    record_visit(work, task, by, found)
    return True


async def _says_more(work: Work, task: Task, found: Found) -> bool:
    kept = (await work.session.scalars(select(Visit).where(Visit.task_id == task.id))).all()
    return not any(found.said in one.said and set(found.whom) <= set(one.found) and found.visited_on == one.visited_on for one in kept)


async def visits_done_lately(work: Work, plan: Plan, person_ids: list[int]) -> list[Task]:
    """Visits that these persons said were done, not so long ago that nothing is added any more; the oldest first."""
    lately = work.now - timedelta(days=plan.visits.added_days)
    done = (Task.state == "done", Task.ended_by.in_(person_ids), Task.ended_at >= lately, Task.kind.in_(visit_kinds(plan)))
    return list(await work.session.scalars(select(Task).where(*done).order_by(Task.ended_at, Task.id)))


async def keep_first_words(work: Work, task: Task, by: int, words: str) -> None:
    """A visit of which the outcome was not said: the words wait for the rest, and count as progress."""
    task.facts = {**task.facts, "visit": words}
    await note_progress(work, task, by)


async def photo_tasks_of(work: Work, plan: Plan, person_ids: list[int]) -> list[Task]:
    """Visits and deliveries that these persons owe, or have recorded not so long ago that photographs are no longer taken."""
    lately = work.now - timedelta(hours=plan.visits.photo_hours)
    done: ColumnElement[bool] = (Task.state == "done") & Task.ended_by.in_(person_ids) & (Task.ended_at >= lately)
    held = Task.id.in_(select(TaskHolder.task_id).where(TaskHolder.person_id.in_(person_ids), TaskHolder.until.is_(None)))
    query = select(Task).where(Task.kind.in_(photo_kinds(plan)), or_(held & Task.state.in_(LIVING), done))
    return list(await work.session.scalars(query.order_by(Task.id)))


async def take_photo(work: Work, plan: Plan, task: Task, by: int, inbound: Inbound) -> bool:
    """Puts a photograph to a visit; it is fetched from its provider by the worker. False when there are enough of them."""
    kept = select(func.count()).select_from(Photo).where(Photo.task_id == task.id, Photo.state != "refused")
    if (await work.session.scalar(kept) or 0) >= plan.visits.photos:
        return False
    work.session.add(Photo(task_id=task.id, inbound_id=inbound.id, person_id=by, received_at=inbound.received_at, next_at=work.now))
    await note_progress(work, task, by)
    work.record("photo_received", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, actor=f"person:{by}")
    return True


async def photo_kept(work: Work, photo: Photo, content_encrypted: bytes, media_type: str, size: int) -> None:
    """It is here, encrypted."""
    photo.state, photo.content_encrypted, photo.media_type, photo.size, photo.stored_at = (
        "stored", content_encrypted, media_type, size, work.now,
    )  # fmt: skip
    if photo.task_id is None:
        activity = await work.session.get_one(Activity, photo.activity_id)
        work.record("photo_stored", f"photo:{photo.id}", area_code=activity.area_code, activity_id=activity.id)
        return
    task = await work.session.get_one(Task, photo.task_id)
    work.record("photo_stored", f"photo:{photo.id}", area_code=task.area_code, case_id=task.case_id, task_id=task.id)


async def photo_refused(work: Work, photo: Photo, reason: str) -> None:
    """It is too large, or nowhere to be had: whoever sent it is told, and may send it again."""
    photo.state, photo.reason = "refused", reason
    if photo.task_id is None:
        await _activity_photo_refused(work, photo, reason)
        return
    task = await work.session.get_one(Task, photo.task_id)
    work.record("photo_refused", f"photo:{photo.id}", area_code=task.area_code, case_id=task.case_id, task_id=task.id, reason=reason)
    work.say(
        f"photo:{photo.id}:refused", photo.person_id, "photo_refused", area_code=task.area_code, facts={"why": reason},
        task_id=task.id, case_id=task.case_id, student_id=task.student_id,
    )  # fmt: skip


async def _activity_photo_refused(work: Work, photo: Photo, reason: str) -> None:
    activity = await work.session.get_one(Activity, photo.activity_id)
    kind = (await plan_in_force(work.session))[1].publicity.activities.kinds.get(activity.kind)
    facts = {"why": reason, "activity": kind.zh if kind else activity.kind, "month": activity.held_on.month, "day": activity.held_on.day}
    work.record("photo_refused", f"photo:{photo.id}", area_code=activity.area_code, activity_id=activity.id, reason=reason)
    work.say(f"photo:{photo.id}:refused", photo.person_id, "activity_unpictured", area_code=activity.area_code, facts=facts)
