"""What a family adds to its answer when it is asked further: which help, where the child has gone, until when it is away."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from cases.desk import Desk, desk_of_student
from cases.leave_said import move_leave
from cases.tasks import LIVING, alert, living_holders
from storage.tables import AidRequest, EnrolmentCheck, GuardianAnswer, Inbound, Student, Task
from storage.work import Work

LONGEST = 30
"""Characters of a family's own words that a task carries."""


async def answer_of(work: Work, answer_id: int) -> GuardianAnswer | None:
    """The answer that a question follows up; None where it was taken back."""
    found = await work.session.get(GuardianAnswer, answer_id)
    return found if found is not None and found.undone_at is None else None


async def note_help(work: Work, answer: GuardianAnswer, kinds: list[str], inbound: Inbound) -> None:
    """Which help: the first kind is kept with the request, and whoever arranges it hears of all."""
    student, desk = await _place_of(work, answer)
    request = await work.session.get(AidRequest, answer.effects.get("aid_request_id") or 0)
    if request is not None and request.state == "requested":
        request.kind = kinds[0]
    work.record("aid_specified", f"student:{student.id}", area_code=student.area_code, case_id=answer.case_id, kinds=kinds)
    await _tell(work, answer, inbound, "、".join(desk.plan.follow_ups.help[kind].zh for kind in kinds))


async def note_place(work: Work, answer: GuardianAnswer, inbound: Inbound, *, place: str | None = None, said: str | None = None) -> None:
    """Where the child has gone: a place of the plan, or the family's own words. Kept with the check, and told to whoever checks."""
    student, desk = await _place_of(work, answer)
    check = await _open_check(work, answer)
    if check is not None:
        check.place, check.said = place or check.place, said[:LONGEST] if said else check.said
    work.record("place_told", f"student:{student.id}", area_code=student.area_code, case_id=answer.case_id, place=place)
    await _tell(work, answer, inbound, desk.plan.follow_ups.where[place].zh if place else (said or "")[:LONGEST])


async def note_until(work: Work, answer: GuardianAnswer, back: date | None) -> date | None:
    """The day on which the child comes back, or that the family does not know it: then the plan's days stand.

    Returns the last day of the leave; None where the leave no longer stands.
    """
    if back is None:
        until = answer.effects.get("until")
        answer.effects = {**answer.effects, "until_said": True}
        return date.fromisoformat(until) if until else None
    leave = await move_leave(work, answer, back)
    return leave.ends_on if leave is not None else None


async def _place_of(work: Work, answer: GuardianAnswer) -> tuple[Student, Desk]:
    student = await work.session.get_one(Student, answer.student_id)
    return student, await desk_of_student(work, student)


async def _open_check(work: Work, answer: GuardianAnswer) -> EnrolmentCheck | None:
    reason = f"said_{answer.intent}"
    waiting = select(EnrolmentCheck).where(EnrolmentCheck.student_id == answer.student_id, EnrolmentCheck.closed_at.is_(None))
    return await work.session.scalar(waiting.where(EnrolmentCheck.reason == reason))


async def _tell(work: Work, answer: GuardianAnswer, inbound: Inbound, said: str) -> None:
    """The task carries what was added, and those who hold it hear of it."""
    task = await work.session.get(Task, answer.effects.get("task_id") or 0)
    if task is None or task.state not in LIVING or not said:
        return
    before = task.facts.get("said")
    task.facts = {**task.facts, "said": f"{before}，{said}" if before else said}
    for person_id in await living_holders(work, task.id):
        alert(work, task, person_id, "task_told_more", key=f"more:{inbound.id}")
