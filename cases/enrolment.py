"""Where a child is enrolled: checks, and transfers that end a case only when the other side confirms (art. 2.6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from cases.casework import close_case, open_case_of
from cases.desk import desk_of_case, desk_of_school
from cases.gaps import ARRIVED, close_gap, gap_of
from cases.leaves import end_leave
from cases.said import place_left
from cases.tasks import NewTask, open_task
from storage.tables import EnrolmentCheck, EnrolmentEvent, School, Student
from storage.work import Work

MISSING = "missing_from_roster"
NAMED = 5
"""Children that the message names; the others are counted."""


async def open_enrolment_check(work: Work, student_id: int, reason: str) -> int | None:
    """Lists a child whose enrolment somebody must look into; None where it is listed for this reason already."""
    stored = insert(EnrolmentCheck).values(student_id=student_id, reason=reason, opened_at=work.now)
    return await work.session.scalar(stored.on_conflict_do_nothing().returning(EnrolmentCheck.id))


async def confirm_transfer(work: Work, student_id: int, *, by: int, receiving_school: str) -> None:
    """The receiving school or the enrolment system has the child: its enrolment moves, and an open case ends with that evidence."""
    student = await work.session.get_one(Student, student_id)
    facts, left = {"receiving_school": receiving_school}, place_left(student)
    student.status = "transferred"
    work.session.add(EnrolmentEvent(student_id=student_id, kind="transferred", at=work.now, by_person_id=by, facts={**facts, **left}))
    await _close_checks(work, student_id, "transferred")
    work.record("transfer_confirmed", f"student:{student_id}", area_code=student.area_code, actor=f"person:{by}")
    case = await open_case_of(work, student_id)
    if case is not None:
        await close_case(work, case, "transferred", {"evidence": facts}, by=by)
    await _end_gap(work, student_id, ARRIVED, by)


async def leave_the_rolls(work: Work, student_id: int, exit_kind: str, *, by: int, evidence: dict[str, str]) -> None:
    """Suspended, graduated, deceased or moved abroad: the enrolment says so, and an open case ends with that evidence."""
    student = await work.session.get_one(Student, student_id)
    left = place_left(student)
    student.status = exit_kind
    paper = "；".join(dict.fromkeys(said for name, said in evidence.items() if name != "on"))
    facts = {**evidence, "evidence": paper, **left}
    work.session.add(EnrolmentEvent(student_id=student_id, kind=exit_kind, at=work.now, by_person_id=by, facts=facts))
    await _close_checks(work, student_id, exit_kind)
    work.record("enrolment_ended", f"student:{student_id}", area_code=student.area_code, actor=f"person:{by}", kind=exit_kind)
    case = await open_case_of(work, student_id)
    if case is not None:
        await close_case(work, case, exit_kind, {"evidence": evidence}, by=by)
    await _end_gap(work, student_id, "left_the_rolls", by)


async def _end_gap(work: Work, student_id: int, outcome: str, by: int) -> None:
    if (gap := await gap_of(work, student_id)) is not None:
        await close_gap(work, gap, outcome, by=by)


async def deny_transfer(work: Work, student_id: int, *, by: int) -> None:
    """The child is enrolled nowhere else: the case goes on at once."""
    student = await work.session.get_one(Student, student_id)
    await _close_checks(work, student_id, "not_found", "said_transferred", "said_migrated")
    work.record("transfer_not_found", f"student:{student_id}", area_code=student.area_code, actor=f"person:{by}")
    case = await open_case_of(work, student_id)
    if case is not None:
        case.paused_until, case.answered_until = work.now, None  # the chain goes on from here
        await end_leave(work, student_id, (await desk_of_case(work, case)).today)


async def open_roster_checks(work: Work) -> None:
    """One task a school for the children that the roster taken in just now no longer names."""
    fresh = (
        select(Student)
        .join(EnrolmentCheck, EnrolmentCheck.student_id == Student.id)
        .where(EnrolmentCheck.reason == MISSING, EnrolmentCheck.opened_at == work.now, Student.school_id.is_not(None))
        .order_by(Student.school_id, Student.id)
    )
    gone: dict[int, list[str]] = {}
    for student in await work.session.scalars(fresh):
        gone.setdefault(student.school_id or 0, []).append(student.name)
    for school_id, names in gone.items():
        await _open_roster_check(work, await work.session.get_one(School, school_id), names)


async def _open_roster_check(work: Work, school: School, names: list[str]) -> None:
    desk = await desk_of_school(work, school)
    duty = desk.plan.duties["roster_check"]
    due = desk.calendar.after(work.now, duty.due)
    facts = {"count": len(names), "names": "、".join(names[:NAMED])}
    await open_task(work, desk, NewTask(f"roster:{school.id}:{desk.today}", "roster_check", duty.role, due, duty.template, facts=facts))


async def close_roster_checks(work: Work, school_id: int, opened_by: datetime) -> None:
    """Somebody has looked into the children that were missing at that time; what was found stands in the task."""
    pupils = select(Student.id).where(Student.school_id == school_id)
    waiting = update(EnrolmentCheck).where(EnrolmentCheck.student_id.in_(pupils), EnrolmentCheck.reason == MISSING)
    waiting = waiting.where(EnrolmentCheck.closed_at.is_(None), EnrolmentCheck.opened_at <= opened_by)
    await work.session.execute(waiting.values(closed_at=work.now, outcome="checked"))


async def _close_checks(work: Work, student_id: int, outcome: str, *reasons: str) -> None:
    """Ends what the child was listed for (all of it, where no reasons are named)."""
    waiting = update(EnrolmentCheck).where(EnrolmentCheck.student_id == student_id, EnrolmentCheck.closed_at.is_(None))
    if reasons:
        waiting = waiting.where(EnrolmentCheck.reason.in_(reasons))
    await work.session.execute(waiting.values(closed_at=work.now, outcome=outcome))
