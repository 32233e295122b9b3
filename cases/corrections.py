"""A family says "不对": what its last answer set going is taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from cases.casework import open_case_of
from cases.escalation import settle
from cases.tasks import LIVING, end_task
from storage.tables import CaseFile, GuardianAnswer, Leave, Student, Task
from storage.work import Work


async def undo_answer(work: Work, answer: GuardianAnswer) -> None:
    """Takes back what an answer set going; what was already told to others stays in the record."""
    effects = answer.effects
    answer.undone_at = work.now
    if effects.get("leave_id"):
        (await work.session.get_one(Leave, effects["leave_id"])).withdrawn_at = work.now
    if effects.get("task_id"):
        task = await work.session.get_one(Task, effects["task_id"])
        if task.state in LIVING:
            end_task(work, task, "cancelled", reason="answer_undone")
    case = await open_case_of(work, answer.student_id)
    if case is not None:
        _restore(work, case, effects)
        await settle(work, case)
    student = await work.session.get_one(Student, answer.student_id)
    work.record("answer_undone", f"student:{student.id}", area_code=student.area_code, case_id=answer.case_id, intent=answer.intent)


def _restore(work: Work, case: CaseFile, effects: dict[str, Any]) -> None:
    """The chain goes on from now: days that were thought to be accounted for bring nothing forward."""
    if "leave_id" in effects:
        case.paused_until = work.now
    if "promised_on" in effects:
        case.promised_on = date.fromisoformat(effects["promised_on"]) if effects["promised_on"] else None
    if "answered_until" in effects:
        case.answered_until = None
    if effects.get("cause"):
        case.cause = None


async def last_answers(work: Work, person_id: int, within: timedelta) -> list[GuardianAnswer]:
    """What this person's latest reply was taken to mean, if it is not long ago."""
    query = select(GuardianAnswer).where(
        GuardianAnswer.person_id == person_id, GuardianAnswer.undone_at.is_(None), GuardianAnswer.at >= work.now - within
    )
    found = list(await work.session.scalars(query.order_by(GuardianAnswer.id.desc())))
    return [answer for answer in found if answer.inbound_id == found[0].inbound_id]
