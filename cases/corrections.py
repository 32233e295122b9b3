"""A family says "不对", or something else than before: what its answer set going is taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Text, cast, func, select, update

from cases.casework import open_case_of
from cases.complaints import withdraw_complaint
from cases.desk import desk_of_case
from cases.escalation import settle
from cases.family_word import wait_again
from cases.tasks import LIVING, end_task
from storage.tables import AidRequest, CaseFile, EnrolmentCheck, GuardianAnswer, Leave, Question, Student, Task
from storage.work import Work


async def undo_answer(work: Work, answer: GuardianAnswer, *, why: str = "answer_undone", goes_on: bool = True) -> None:
    """Takes back what an answer set going; what was already told to others stays in the record.

    `why` is the record's word for it: answer_undone, or answer_set_aside where another guardian's answer counts. `goes_on`: the
    chain goes on at once; not where another answer, which may hold it again, is about to be carried out.
    """
    answer.undone_at = work.now
    await _withdraw_questions(work, answer)
    await undo_effects(work, answer.student_id, answer.effects, why=why, of=answer.id, goes_on=goes_on)
    if "complaint_id" in answer.effects:
        return  # it has its own line in the record, in the county's area
    student = await work.session.get_one(Student, answer.student_id)
    work.record(why, f"student:{student.id}", area_code=student.area_code, case_id=answer.case_id, intent=answer.intent)


async def undo_effects(
    work: Work, student_id: int, effects: Mapping[str, Any], *, why: str, of: int | None = None, goes_on: bool = True
) -> None:  # fmt: skip
    """Takes back what a word about the child set going, be it a family's answer (`of`) or a teacher's."""
    if effects.get("leave_id"):
        (await work.session.get_one(Leave, effects["leave_id"])).withdrawn_at = work.now
    if effects.get("task_id"):
        task = await work.session.get_one(Task, effects["task_id"])
        if task.state in LIVING:
            end_task(work, task, "cancelled", reason=why)
    await _take_back_requests(work, effects, of)
    case = await open_case_of(work, student_id)
    if case is not None:
        _restore(work, case, effects)
        if goes_on:
            await wait_again(work, await desk_of_case(work, case), case)
            await settle(work, case)


async def _take_back_requests(work: Work, effects: Mapping[str, Any], of: int | None) -> None:
    """What was asked for or reported with it, unless a person has decided on it, or another answer asks for the same."""
    request = await work.session.get(AidRequest, effects.get("aid_request_id") or 0)
    if request is not None and request.state == "requested" and not await _is_wanted(work, effects, "aid_request_id", of):
        request.state = "withdrawn"
    if (complaint_id := effects.get("complaint_id")) and not await _is_wanted(work, effects, "complaint_id", of):
        await withdraw_complaint(work, complaint_id, "answer_undone")
    check = await work.session.get(EnrolmentCheck, effects.get("enrolment_check_id") or 0)
    if check is not None and check.closed_at is None and not await _is_wanted(work, effects, "enrolment_check_id", of):
        check.closed_at, check.outcome = work.now, "answer_undone"


async def _is_wanted(work: Work, effects: Mapping[str, Any], name: str, of: int | None) -> bool:
    same = GuardianAnswer.effects[name].astext == str(effects[name])
    others = (
        select(func.count()).select_from(GuardianAnswer).where(same, GuardianAnswer.undone_at.is_(None), GuardianAnswer.id != (of or 0))
    )
    return bool(await work.session.scalar(others))


async def _withdraw_questions(work: Work, answer: GuardianAnswer) -> None:
    """What was asked further about it is no longer open."""
    asked = update(Question).where(Question.state == "open", Question.facts["answer_id"].astext == cast(answer.id, Text))
    await work.session.execute(asked.values(state="withdrawn", ended_at=work.now))


def _restore(work: Work, case: CaseFile, effects: Mapping[str, Any]) -> None:
    """The chain goes on from now: days that were thought to be accounted for bring nothing forward."""
    if "leave_id" in effects:
        case.paused_until = work.now
    if "promised_on" in effects:
        case.promised_on = date.fromisoformat(effects["promised_on"]) if effects["promised_on"] else None
    if "answered_until" in effects:
        case.answered_until = None
    if effects.get("cause"):
        case.cause = None
    if effects.get("confirmed"):
        case.guardian_confirmed_at = None


async def last_answers(work: Work, person_id: int, within: timedelta, *, of: Collection[int]) -> list[GuardianAnswer]:
    """What this person's latest reply about these children was taken to mean, if it is not long ago.

    Words that were confirmed later count from then.
    """
    query = select(GuardianAnswer).where(
        GuardianAnswer.person_id == person_id, GuardianAnswer.undone_at.is_(None), GuardianAnswer.at >= work.now - within,
        GuardianAnswer.student_id.in_(of),
    )  # fmt: skip
    found = list(await work.session.scalars(query.order_by(GuardianAnswer.id.desc())))
    return [answer for answer in found if (answer.inbound_id, answer.at) == (found[0].inbound_id, found[0].at)]
