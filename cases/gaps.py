"""A child between two enrolments: who does not appear at the next place by the plan's day becomes a case (art. 2.6)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from cases.casework import close_case, lock_case, open_case_at, open_case_of
from cases.desk import Desk, desk_of_case, desk_of_student
from cases.escalation import settle
from cases.responsible import CODE_LENGTH
from cases.rolls import ON_ROLLS
from cases.tasks import LIVING, NewTask, end_task, open_task
from plan.enrolment import Enrolment, GapKind
from plan.model import Plan
from storage.tables import CaseFile, CaseLevel, EnrolmentGap, School, SchoolClass, Student, Task
from storage.work import Work

ARRIVED = "arrived"


async def gap_of(work: Work, student_id: int) -> EnrolmentGap | None:
    """The child's open gap, locked for this use case."""
    query = select(EnrolmentGap).where(EnrolmentGap.student_id == student_id, EnrolmentGap.closed_at.is_(None))
    return await work.session.scalar(query.with_for_update())


async def open_gap(work: Work, student: Student, kind: GapKind, due_at: datetime, *, by: int | None, grade: int | None) -> EnrolmentGap:
    """The child leaves its place (or never had one) and is expected elsewhere by then. An open case of the child goes on beside it."""
    gap = EnrolmentGap(
        student_id=student.id, kind=kind, grade=grade, from_school_id=student.school_id, from_class_id=student.class_id,
        opened_at=work.now, opened_by=by, due_at=due_at,
    )  # fmt: skip
    work.session.add(gap)
    case = await open_case_of(work, student.id)
    if case is not None and kind != "suspension":
        case.class_id, gap.case_id = None, case.id
    await work.session.flush()
    actor = f"person:{by}" if by else "system"
    work.record("gap_opened", f"student:{student.id}", area_code=student.area_code, actor=actor, kind=kind, due=due_at.isoformat())
    return gap


async def close_gap(work: Work, gap: EnrolmentGap, outcome: str, *, by: int | None = None, evidence: str = "roster") -> None:
    """The child has its place, or needs none. A case that is about the missing place ends with the school's roll as evidence."""
    gap.closed_at, gap.outcome = work.now, outcome
    student = await work.session.get_one(Student, gap.student_id)
    actor = f"person:{by}" if by else "system"
    work.record("gap_closed", f"student:{student.id}", area_code=student.area_code, actor=actor, kind=gap.kind, outcome=outcome)
    await _end_errands(work, gap)
    if outcome == ARRIVED and gap.case_id is not None:
        case = await lock_case(work, gap.case_id)
        if case.state == "open":
            await _end_case(work, gap, case, by, evidence)


async def _end_errands(work: Work, gap: EnrolmentGap) -> None:
    keys = [f"gap:{gap.id}:{errand}" for errand in ("arrival", "no_roll", "namesake")]
    for task in await work.session.scalars(select(Task).where(Task.key.in_(keys), Task.state.in_(LIVING))):
        end_task(work, task, "cancelled", reason="gap_closed")


async def _end_case(work: Work, gap: EnrolmentGap, case: CaseFile, by: int | None, evidence: str) -> None:
    """A place on a roll does not end a case that began with absent days: only days at school do."""
    if gap.kind != "transfer" and not await _is_of_gap(work, gap):
        return
    student = await work.session.get_one(Student, gap.student_id)
    school = await work.session.scalar(select(School.code).where(School.id == student.school_id)) or ""
    exits = (await desk_of_case(work, case)).plan.exits
    exit_kind = "enrolled" if gap.kind != "transfer" and "enrolled" in exits else "transferred"
    await close_case(work, case, exit_kind, {"evidence": {"receiving_school": school, "school_roll": evidence}}, by=by)


async def _is_of_gap(work: Work, gap: EnrolmentGap) -> bool:
    """Whether the missing place opened the case; one that was open before began with absent days."""
    began = select(CaseLevel.id).where(CaseLevel.case_id == gap.case_id, CaseLevel.reason == f"not_arrived_{gap.kind}")
    return await work.session.scalar(began.limit(1)) is not None


async def open_due_cases(work: Work, plan: Plan, day: date) -> None:  # noqa: ARG001
    """The day's look: every gap whose time is over becomes a case, once; a case that ended without a roll is looked into."""
    if plan.enrolment is None:
        return
    due = select(EnrolmentGap).where(EnrolmentGap.closed_at.is_(None), EnrolmentGap.case_id.is_(None), EnrolmentGap.due_at <= work.now)
    for gap in (await work.session.scalars(due.order_by(EnrolmentGap.due_at, EnrolmentGap.id).with_for_update())).all():
        await open_gap_case(work, gap)
    ended = select(EnrolmentGap).join(CaseFile, CaseFile.id == EnrolmentGap.case_id).where(
        EnrolmentGap.closed_at.is_(None), CaseFile.state == "closed"
    )  # fmt: skip
    for gap in (await work.session.scalars(ended.order_by(EnrolmentGap.id))).all():
        if await _is_of_gap(work, gap):
            await _ask_for_roll(work, gap)
        else:
            gap.case_id = None  # the older case ended: from now on the missing place counts by itself
    await _ask_about_namesakes(work)


async def open_gap_case(work: Work, gap: EnrolmentGap) -> None:
    """The child did not arrive: its case begins at the plan's level, with what is owed there besides. An open case is kept."""
    student = await work.session.get_one(Student, gap.student_id)
    desk = await desk_of_student(work, student)
    opening = _rules(desk).case_of(_kind(gap))
    case = await open_case_of(work, student.id)
    if case is None:
        case = await open_case_at(work, desk, student, opening.level, f"not_arrived_{gap.kind}")
    gap.case_id = case.id
    about: dict[str, int | None] = {"case_id": case.id, "student_id": student.id}
    for owed in opening.owed:
        due = desk.calendar.after(work.now, owed.due)
        new = NewTask(f"gap:{gap.id}:{owed.task}:{owed.role}", owed.task, owed.role, due, owed.template, opening.level, about=about)
        await open_task(work, desk, new)
    await settle(work, case)


def _rules(desk: Desk) -> Enrolment:
    if desk.plan.enrolment is None:
        raise ValueError("the plan in force has no section enrolment")
    return desk.plan.enrolment


def _kind(gap: EnrolmentGap) -> GapKind:
    kinds: dict[str, GapKind] = {"transfer": "transfer", "leaver": "leaver", "suspension": "suspension"}
    return kinds.get(gap.kind, "unenrolled")


async def _ask_about_namesakes(work: Work) -> None:
    """A child without papers may stand on a roll meanwhile under its name and birthday: a person says whether it is the same."""
    twin = aliased(Student)
    same = (twin.name == Student.name, twin.birth_date == Student.birth_date, twin.status.in_(ON_ROLLS))
    county = func.left(twin.school_area_code, CODE_LENGTH["county"]) == func.left(Student.area_code, CODE_LENGTH["county"])
    query = (
        select(EnrolmentGap, Student)
        .join(Student, Student.id == EnrolmentGap.student_id)
        .join(twin, and_(*same, county))
        .where(EnrolmentGap.closed_at.is_(None), EnrolmentGap.kind == "unenrolled", Student.id_number_index.is_(None))
        .order_by(EnrolmentGap.id)
    )
    for gap, student in (await work.session.execute(query)).all():
        await _ask_manager(work, student, f"gap:{gap.id}:namesake", gap.case_id)


async def _ask_for_roll(work: Work, gap: EnrolmentGap) -> None:
    """The case ended (the child is at some school), yet no roll names it: the enrolment manager finds out which."""
    await _ask_manager(work, await work.session.get_one(Student, gap.student_id), f"gap:{gap.id}:no_roll", None)


async def _ask_manager(work: Work, student: Student, key: str, case_id: int | None) -> None:
    desk = await desk_of_student(work, student)
    duty = desk.plan.duties["roster_check"]
    due = desk.calendar.after(work.now, duty.due)
    about: dict[str, int | None] = {"student_id": student.id, "case_id": case_id}
    await open_task(work, desk, NewTask(key, "enrolment_check", duty.role, due, about=about))


async def see_arrivals(work: Work) -> int:
    """After a roster went in: every open gap whose child stands on the roll it was expected on is closed. Returns how many."""
    await work.session.flush()
    query = (
        select(EnrolmentGap, Student, SchoolClass.grade)
        .join(Student, Student.id == EnrolmentGap.student_id)
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .where(EnrolmentGap.closed_at.is_(None), EnrolmentGap.kind != "suspension", Student.status.in_(ON_ROLLS))
        .execution_options(populate_existing=True)
    )
    rows = (await work.session.execute(query.order_by(EnrolmentGap.id))).all()
    arrived = [(gap, student) for gap, student, grade in rows if _has_arrived(gap, student, grade)]
    for gap, student in arrived:
        gap.received_at = gap.received_at or work.now
        gap.to_school_id = gap.to_school_id or student.school_id
        await close_gap(work, gap, ARRIVED)
    return len(arrived)


def _has_arrived(gap: EnrolmentGap, student: Student, grade: int) -> bool:
    if gap.kind == "leaver":
        return gap.grade is None or grade >= gap.grade or student.school_id != gap.from_school_id
    return gap.kind == "unenrolled" or student.school_id != gap.from_school_id
