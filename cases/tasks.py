"""Tasks: one step owed by responsible persons, opened, acknowledged, handed on, ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from cases.desk import Desk
from cases.duty_facts import next_duty_at
from cases.holes import report_hole
from cases.matter import BEGAN_WITH
from cases.outside import SCHOOL, barred_from, barred_people
from cases.responsible import Holder, could_hold, holders, reachable_people
from cases.task_codes import FORMER, free_code, tell_apart
from storage.tables import Person, Task, TaskHolder
from storage.work import Work

LIVING = ("open", "acknowledged")
ADD_HOLDER = "insert into task_holder (task_id, person_id, why, since) values (:task_id, :person_id, :why, :since)"
ASKED_AGAIN = """
on conflict (task_id, person_id) do update set until = null, why = excluded.why, since = excluded.since where task_holder.until is not null
"""
ASKED = "holders of tasks read ahead"


@dataclass(frozen=True)
class NewTask:
    """A task to be opened. `key`: the same key is the same task. `about`: case_id, student_id, sheet_id …

    `patient`: it has a time and reminders of its own; silence before its due time widens nothing, and a bare digit is never about it.
    `outside_school`: nobody of the school may hold it (see `cases/outside.py`); without it the plan's word for the kind counts.
    """

    key: str
    kind: str
    role: str
    due_at: datetime
    template: str = "task_new"
    level: int | None = None
    quiet: bool = False
    urgent: bool = False
    patient: bool = False
    department: str | None = None
    by_acknowledging: bool = False
    outside_school: str | None = None
    holder_ids: tuple[int, ...] = ()
    about: Mapping[str, int | None] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


async def open_task(work: Work, desk: Desk, new: NewTask, at: datetime | None = None) -> Task | None:
    """Opens a task with its holders and tells them. None when this key was opened before.

    Where nobody can be found or reached in the role, the substitutes, then the roles above it are asked, and the hole is reported.
    """
    barred = await barred_people(work, _outside(desk, new), desk.place.school_id, desk.today)
    people, why, stage = (
        (list(new.holder_ids), "holder", 0) if new.holder_ids else await first_holders(work, desk, new.role, new.department, barred)
    )
    stored = insert(Task).values(_row(work, desk, new, at or work.now, stage, await free_code(work, new.key, people)))
    task: Task | None = await work.session.scalar(stored.on_conflict_do_nothing(index_elements=["key"]).returning(Task))
    if task is None:
        return None
    await _add(work, task, people, why)
    if stage and could_hold(desk.plan, new.role, desk.place):
        await report_hole(work, desk, role=new.role, reason="nobody_reachable", task=task)
    work.record("task_opened", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, at=at, kind=task.kind, holders=people)
    return task


def _outside(desk: Desk, new: NewTask) -> str | None:
    kind = desk.plan.tasks.get(new.kind)
    return new.outside_school or (SCHOOL if kind is not None and kind.outside_school else None)


def _row(work: Work, desk: Desk, new: NewTask, at: datetime, stage: int, code: str) -> dict[str, Any]:
    place = desk.place
    switches = {
        "template": new.template, "quiet": new.quiet, "urgent": new.urgent, "patient": new.patient,
        "by_acknowledging": new.by_acknowledging, "outside_school": _outside(desk, new),
    }  # fmt: skip
    row = {
        "key": new.key, "kind": new.kind, "role": new.role, "level": new.level, "code": code, "state": "open",
        "area_code": place.area_code, "school_id": place.school_id, "class_id": place.class_id,
        "plan_version_id": desk.plan_version_id, "opened_at": at, "due_at": new.due_at,
        "alerted_at": max(at, work.now), "alert_stage": stage,
        "facts": {**new.facts, **{name: value for name, value in switches.items() if value}}, **new.about,
    }  # fmt: skip
    return row | {"next_at": next_duty_at(desk, Task(**row))}


async def first_holders(
    work: Work, desk: Desk, role: str, department: str | None = None, barred: Collection[int] = ()
) -> tuple[list[int], str, int]:
    """(persons, why them, alert stage): the role's own, its substitutes, or the nearest role above that is staffed; never who is barred."""
    own = await holders(work.session, desk.plan, role, desk.place, desk.today, department)
    if reached := [holder.person_id for holder in own if holder.reachable and holder.person_id not in barred]:
        return reached, "holder", 0
    if reached := await substitutes(work, desk, own, barred):
        return reached, "substitute", 1
    return await people_above(work, desk, role, 0, barred)


async def substitutes(work: Work, desk: Desk, own: Sequence[Holder], barred: Collection[int] = ()) -> list[int]:
    """The reachable substitutes of these holders."""
    named = [holder.substitute_id for holder in own if holder.substitute_id is not None and holder.substitute_id not in barred]
    reachable = await reachable_people(work.session, named, desk.today)
    return [person for person in named if person in reachable]


async def people_above(work: Work, desk: Desk, role: str, skip: int, barred: Collection[int] = ()) -> tuple[list[int], str, int]:
    """The reachable holders of the nearest role above, leaving out the first `skip`; stage 2 is the first above."""
    for number, above in enumerate(desk.plan.ladder(role)[skip:], start=skip):
        found = await holders(work.session, desk.plan, above, desk.place, desk.today)
        if reached := [holder.person_id for holder in found if holder.reachable and holder.person_id not in barred]:
            return reached, "above", 2 + number
    return [], "above", 2 + len(desk.plan.ladder(role))


async def add_holders(work: Work, task: Task, people: Collection[int], why: str, *, tell: bool = True) -> None:
    """Adds persons to those who are asked (again, who had handed it on), and tells each of them once. A quiet task tells nobody.

    Without `tell` the caller says it, many tasks in one message.
    Nobody of a school that is kept out is ever added, whoever asks for it.
    """
    has_it = await living_holders(work, task.id)
    if new := set(people).difference(has_it):
        await tell_apart(work, task, new, has_it)
    await _add(work, task, people, why, tell=tell)


async def _add(work: Work, task: Task, people: Collection[int], why: str, *, tell: bool = True) -> None:
    barred = await barred_from(work, task)
    for person_id in [person_id for person_id in people if person_id not in barred]:
        new = await _add_holder(work, task.id, person_id, why)
        if new and tell and not task.facts.get("quiet"):
            alert(work, task, person_id, key=f"alert:{work.now.isoformat()}")


async def _add_holder(work: Work, task_id: int, person_id: int, why: str) -> bool:
    """Whether the person was not asked before."""
    asked = _asked(work, task_id)
    row = {"task_id": task_id, "person_id": person_id, "why": why, "since": work.now}
    if asked is None:
        stored = await work.session.execute(text(f"{ADD_HOLDER} {ASKED_AGAIN} returning person_id"), row)
        return stored.scalar() is not None
    if asked.get(person_id):
        return False
    asked[person_id] = True
    work.later("task_holder", row, ASKED_AGAIN)
    return True


async def asked_first(work: Work, task: Task) -> tuple[str, str] | None:
    """(why, name) of whoever has the task the longest; None where nobody has it."""
    held = select(TaskHolder.why, Person.name).join(Person, Person.id == TaskHolder.person_id)
    held = held.where(TaskHolder.task_id == task.id, TaskHolder.until.is_(None)).order_by(TaskHolder.since, TaskHolder.person_id)
    found = (await work.session.execute(held.limit(1))).first()
    return (found.why, found.name) if found is not None else None


def alert(
    work: Work, task: Task, person_id: int, template: str | None = None, key: str = "alert", *, still: str = "task_open", **facts: Any
) -> None:
    """Says something about a task to one person, in the task's own words unless a template is named."""
    work.say(
        f"task:{task.id}:{key}:{person_id}", person_id, template or task.facts.get("template", "task_new"),
        area_code=task.area_code, urgency="safety" if task.facts.get("urgent") else "duty", still=still, question="task",
        facts={**_shown(task), **facts}, task_id=task.id, case_id=task.case_id, student_id=task.student_id,
        sheet_id=task.sheet_id, notice_id=task.notice_id,
    )  # fmt: skip


def _shown(task: Task) -> dict[str, Any]:
    hidden = {
        "template",
        "quiet",
        "urgent",
        "patient",
        "by_acknowledging",
        "outside_school",
        "confirming",
        "visit",
        "letters",
        "read_to",
        "told_more",
        FORMER,
        BEGAN_WITH,
    }
    return {name: value for name, value in task.facts.items() if name not in hidden}


def keep_holders(work: Work, asked: dict[int, dict[int, bool]]) -> None:
    """Task → person → whether they are asked now: read together for tasks that only `add_holders` changes in this transaction."""
    work.session.info[ASKED] = asked


def _asked(work: Work, task_id: int) -> dict[int, bool] | None:
    kept: dict[int, dict[int, bool]] = work.session.info.get(ASKED, {})
    return kept.get(task_id)


async def living_holders(work: Work, task_id: int) -> list[int]:
    """The persons who are asked for a task now."""
    if (asked := _asked(work, task_id)) is not None:
        return [person_id for person_id, still in asked.items() if still]
    return list(await work.session.scalars(select(TaskHolder.person_id).where(TaskHolder.task_id == task_id, TaskHolder.until.is_(None))))


async def acknowledge(work: Work, task: Task, person_id: int) -> None:
    """A holder says that they have it: the alerts to the others stop, the deadline stands."""
    if task.state == "acknowledged" and task.acknowledged_by == person_id:
        return
    before, actor = _taken_by(task), f"person:{person_id}"
    task.state, task.acknowledged_at, task.acknowledged_by = "acknowledged", work.now, person_id
    work.record("task_acknowledged", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, actor=actor, before=before)


def _taken_by(task: Task) -> dict[str, Any]:
    """What a step changes, as the record keeps it for taking the step back (`cases/undoing.py`)."""
    return {"state": task.state, "acknowledged_at": _iso(task.acknowledged_at), "acknowledged_by": task.acknowledged_by}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


async def note_progress(work: Work, task: Task, person_id: int) -> None:
    """Something happened on a task that does not end it."""
    task.progress_at = work.now
    work.record("task_progressed", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, actor=f"person:{person_id}")


async def delegate(work: Work, task: Task, person_id: int, to_person_id: int) -> None:
    """Hands a task on; the one who had it is no longer asked."""
    handed_on = update(TaskHolder).where(TaskHolder.task_id == task.id, TaskHolder.person_id == person_id)
    why = await work.session.scalar(handed_on.values(until=work.now).returning(TaskHolder.why))
    before = {**_taken_by(task), "why": why, "had_it": to_person_id in await living_holders(work, task.id)}
    task.state, task.acknowledged_at, task.alerted_at = "open", None, work.now
    await add_holders(work, task, [to_person_id], "delegate")
    work.record(
        "task_delegated", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, actor=f"person:{person_id}", to=to_person_id,
        before=before,
    )  # fmt: skip


def end_task(work: Work, task: Task, state: str, *, by: int | None = None, result: str | None = None, reason: str | None = None) -> None:
    """Ends a task: done (by a person, with a result), missed (the case climbed past it) or cancelled (no longer needed).

    The result is a person's own words and stays in the task; the record holds only that it was given.
    """
    task.state, task.ended_at, task.ended_by, task.result, task.next_at = state, work.now, by, result, None
    actor = f"person:{by}" if by else "system"
    work.record(
        f"task_{state}", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, actor=actor, kind=task.kind, reason=reason
    )


def reopen_task(work: Work, task: Task, next_at: datetime | None, reason: str) -> None:
    """What had ended because it was no longer needed is owed again by those who had it; its due time stands."""
    task.state, task.ended_at, task.acknowledged_at, task.acknowledged_by, task.next_at = "open", None, None, None, next_at
    work.record("task_reopened", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, kind=task.kind, reason=reason)


async def end_tasks(
    work: Work, case_id: int, state: str, reason: str, *, kinds: Collection[str] | None = None, level: int | None = None,
    sparing: Collection[str] = (),
) -> list[Task]:  # fmt: skip
    """Ends all living tasks of a case (of these kinds, of this level, none of those to spare) at once, and returns them.

    A quiet one asked nobody, so nobody missed it.
    """
    query = select(Task).where(Task.case_id == case_id, Task.state.in_(LIVING))
    query = query.where(Task.kind.not_in(sparing))
    if kinds is not None:
        query = query.where(Task.kind.in_(kinds))
    if level is not None:
        query = query.where(Task.level == level)
    ended = list(await work.session.scalars(query))
    for task in ended:
        end_task(work, task, "cancelled" if task.facts.get("quiet") else state, reason=reason)
    return ended
