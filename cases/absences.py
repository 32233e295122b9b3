"""One child, one day: absent, excused, arrived after all, attended; and what that means for the child's case."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import insert

from cases.asking import ask_guardians, tell_asked, was_asked
from cases.attended import absent_after, attended_days
from cases.casework import close_case, open_case, open_case_of, relapse
from cases.desk import Desk
from cases.escalation import settle
from cases.leaves import leave_on
from cases.returning import come_back, count_attended, take_back_return
from cases.rolls import in_class
from storage.tables import Absence, AttendanceSheet, CaseFile, Student
from storage.work import Work

AT_HOME = "home"
"""Where a child is, which is no reason why."""
OWN_REASONS = ("sick", "leave", AT_HOME)
"""Reasons that a sheet itself knows; any other is an intent of the plan's `answers`, which somebody has been told of."""


@dataclass(frozen=True)
class StudentDay:
    """A child on a school day."""

    student_id: int
    on: date


async def mark_absent(work: Work, day: StudentDay, sheet: AttendanceSheet, reason: str | None, by: int) -> str:
    """Writes that a child was not there, and returns "excused" where a leave covers the day, else "absent"."""
    state = "excused" if await leave_on(work, day.student_id, day.on) else "absent"
    values = {
        "student_id": day.student_id, "on": day.on, "sheet_id": sheet.id, "area_code": sheet.area_code, "state": state,
        "reason": reason, "recorded_at": work.now, "recorded_by": by,
    }  # fmt: skip
    stored = insert(Absence).values(values)
    again = {"state": state, "reason": _known(reason), "recorded_at": work.now, "recorded_by": by}
    await work.session.execute(stored.on_conflict_do_update(index_elements=["student_id", "on"], set_=again))
    return state


def _known(reason: str | None) -> Any:
    """What somebody has been told of stands, also where the child is only named once more."""
    if reason not in {None, AT_HOME}:
        return reason
    told = and_(Absence.state.in_(("absent", "excused")), Absence.reason.not_in(OWN_REASONS))
    return sql_case((told, Absence.reason), else_=reason)


async def withdraw_absence(work: Work, student_id: int, on: date, state: str) -> None:
    """The child was there after all (arrived, or named by mistake): the case that this day opened ends with it."""
    query = select(Absence).where(Absence.student_id == student_id, Absence.on == on, Absence.state.in_(("absent", "excused")))
    absence = await work.session.scalar(query.with_for_update())
    if absence is None:
        return
    absence.state = state
    work.record(f"absence_{state}", f"student:{student_id}", area_code=absence.area_code, on=on.isoformat())
    case = await open_case_of(work, student_id)
    if case is not None:
        await _was_there(work, case, on)


async def _was_there(work: Work, case: CaseFile, on: date) -> None:
    """What a day at school means for a case; a child that was absent again after it is still away."""
    later = await absent_after(work, case.student_id, on)
    if later is not None:
        case.first_absent_on = later if case.first_absent_on == on else case.first_absent_on
        await settle(work, case)
    elif case.first_absent_on == on and case.episode == 1:
        await tell_asked(work, case, "arrived_after_all")
        await close_case(work, case, "not_absent", {"evidence": {"school": on.isoformat()}})
    elif case.back_on is None:
        await come_back(work, case, on)


async def annul_absences(work: Work, sheet: AttendanceSheet) -> None:
    """There were no lessons after all: nobody was absent. A case that this day opened ends; one that is older goes on without the day."""
    found = select(Absence).where(Absence.sheet_id == sheet.id, Absence.state.in_(("absent", "excused"))).with_for_update()
    for absence in (await work.session.scalars(found)).all():
        absence.state = "withdrawn"
        work.record("absence_withdrawn", f"student:{absence.student_id}", area_code=absence.area_code, on=sheet.on.isoformat())
        case = await open_case_of(work, absence.student_id)
        if case is not None and case.first_absent_on == sheet.on and case.episode == 1:
            await tell_asked(work, case, "school_closed")
            await close_case(work, case, "not_absent", {"evidence": {"school": sheet.on.isoformat()}})


async def missed_school(work: Work, desk: Desk, day: StudentDay, *, excused: bool) -> None:
    """A child was absent: known leave opens no case; otherwise a case opens, relapses or goes on."""
    case = await open_case_of(work, day.student_id)
    if case is not None:
        await settle(work, case)  # what was due before the sheet came stays due
    if excused:
        return
    if case is None:
        student = await work.session.get_one(Student, day.student_id)
        case = await open_case(work, desk, student, day.on)
        if day.on != desk.today:
            await _seen_since(work, case, day.on)
    elif case.back_on is not None and day.on > case.back_on:
        await relapse(work, case, day.on, "absent_again")
    elif not await _still_absent(work, desk, case, day.on):
        return  # it stands as it was settled above
    await settle(work, case)


async def _seen_since(work: Work, case: CaseFile, on: date) -> None:
    """A day said late: the child may have been at school since."""
    if await absent_after(work, case.student_id, on) is None and (seen := await attended_days(work, case.student_id, on)):
        await come_back(work, case, seen[0])


async def _still_absent(work: Work, desk: Desk, case: CaseFile, on: date) -> bool:
    """The case goes on; a return that the school saw by mistake is taken back, and a family that was not asked yet is asked.

    Says whether the case is another than before.
    """
    before = case.back_on, case.first_absent_on
    work.record("still_absent", f"case:{case.id}", area_code=case.area_code, case_id=case.id, on=on.isoformat())
    if case.back_on == on:
        await take_back_return(work, case)
    if case.episode == 1:
        case.first_absent_on = min(case.first_absent_on, on)
    if on == desk.today and not await was_asked(work, case):
        await ask_guardians(work, desk, case, desk.plan.levels[0].asks)
    return (case.back_on, case.first_absent_on) != before


async def attended(work: Work, desk: Desk, sheet: AttendanceSheet, away: Collection[int]) -> None:
    """Whoever has an open case, is asked for and is not named on an answered sheet was at school that day."""
    of_class = select(CaseFile).join(Student, Student.id == CaseFile.student_id).where(Student.class_id == sheet.class_id, in_class())
    query = of_class.where(CaseFile.state == "open", CaseFile.first_absent_on < sheet.on).order_by(CaseFile.id)
    for case in await work.session.scalars(query.with_for_update(of=CaseFile)):
        if case.student_id in away or await absent_after(work, case.student_id, sheet.on) is not None:
            continue
        await settle(work, case)
        if case.back_on is None:
            await come_back(work, case, sheet.on)
        await count_attended(work, desk, case)
