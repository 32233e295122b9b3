"""A delivery told otherwise than by an answer to its task: typed in by the office, with the proof that the plan asks for."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from cases.casework import lock_case
from cases.declining import issue_after_all
from cases.desk import desk_of_case
from cases.entitled import answers_for
from cases.escalation import settle
from cases.finishing import Refusal, finish_task
from cases.notices import deliver_notice
from cases.proofs import PERSON_NAME, POSTING, PROOFS, Told
from cases.tasks import LIVING
from cases.words import words
from plan.deliveries import Deliveries
from storage.tables import CaseFile, Notice, Student, Task
from storage.work import Work

PROVEN_BY = {"signature_or_photo": "signed", "witness": "witness", "posting_number": "number"}


async def issue_by_name(work: Work, notice_id: int, by: int) -> Refusal | None:
    """Issues a draft as the answer to its task would, or one that was declined; only a person who may, and only in their own area."""
    return await _decide(work, notice_id, by, words().lists["issued"][0])


async def decline_by_name(work: Work, notice_id: int, by: int, why: str) -> Refusal | None:
    """Declines a draft as the answer to its task would: by a person who may issue it, and with a reason."""
    return await _decide(work, notice_id, by, f"{words().lists['not_issued'][0]}，{why}")


async def _decide(work: Work, notice_id: int, by: int, said: str) -> Refusal | None:
    notice = await work.session.get(Notice, notice_id)
    if notice is None:
        return Refusal("unknown")
    case = await lock_case(work, notice.case_id)
    await settle(work, case)
    task = await _issue_task(work, notice)
    if task is None:
        return await issue_after_all(work, notice, by) if words().is_issued(said) else Refusal("notice_gone")
    desk = await desk_of_case(work, case)
    roles = [task.role, *desk.plan.ladder(task.role)]
    if not await answers_for(work, by, roles, notice.area_code, desk.today):
        return Refusal("not_allowed")
    return await finish_task(work, task, by, said)


async def _issue_task(work: Work, notice: Notice) -> Task | None:
    query = select(Task).where(Task.notice_id == notice.id, Task.kind == "issue_notice", Task.state.in_(LIVING))
    return await work.session.scalar(query.with_for_update())


async def record_delivery(work: Work, notice_id: int, told: Told, *, by: int, on: date | None = None) -> Refusal | None:
    """The deadline runs from the day of delivery. A Refusal (its reason names what is wrong) changes nothing."""
    notice = await work.session.get(Notice, notice_id)
    if notice is None:
        return Refusal("unknown")
    case = await lock_case(work, notice.case_id)
    await settle(work, case)
    await work.session.refresh(notice)
    refusal = await _refused(work, case, notice, told, by, on)
    if refusal is not None:
        return Refusal(refusal)
    await deliver_notice(work, case, notice, told.way, by=by, facts=told.proof, on=on)
    await work.session.flush()
    await settle(work, case)
    return None


async def _refused(work: Work, case: CaseFile, notice: Notice, told: Told, by: int, on: date | None) -> str | None:
    desk = await desk_of_case(work, case)
    if notice.issued_at is None:
        return "not_issued"
    if notice.withdrawn_at is not None:
        return "withdrawn"
    if notice.delivered_at is not None:
        return "delivered"
    if (lacking := proof_lacking(desk.plan.deliveries, told)) is not None:
        return lacking
    if on is not None and not desk.calendar.day_of(notice.issued_at) <= on <= desk.today:
        return "wrong_day"
    if on is not None and on < desk.today - timedelta(days=desk.plan.deliveries.late_days):
        return "long_ago"
    student = await work.session.get_one(Student, notice.student_id)
    areas = {student.area_code, notice.area_code, student.school_area_code}
    allowed = [await answers_for(work, by, desk.plan.deliveries.by, area, desk.today) for area in sorted(areas)]
    return None if any(allowed) else "not_allowed"


def proof_lacking(deliveries: Deliveries, told: Told) -> str | None:
    """The proof that this way needs and that is not there, as a key of the refusals; None where all is well."""
    way = deliveries.ways.get(told.way)
    if way is None or way.proof not in PROOFS:
        return "say_other_way"  # a message is proven by the family's own answer, by nobody's word
    given = str(told.proof.get(PROVEN_BY[way.proof]) or "")
    is_sound = bool(given)
    if way.proof == "witness":
        is_sound = PERSON_NAME.fullmatch(given) is not None and words().is_witness(given)
    elif way.proof == "posting_number":
        is_sound = POSTING.fullmatch(given) is not None
    return None if is_sound else PROOFS[way.proof]
