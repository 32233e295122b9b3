"""Level 0: what a teacher says on the daily sheet, at first and in correction, and what follows for each child (art. 2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import exists, func, select

from cases.absences import StudentDay, attended, mark_absent, missed_school, withdraw_absence
from cases.desk import Desk, desk_of_sheet
from cases.leaves import end_leave_on
from cases.rolls import in_class
from cases.tasks import NewTask, end_task, open_task
from plan.calendar import Calendar
from storage.tables import Absence, AttendanceSheet, Leave, Student, Task
from storage.work import Work


@dataclass(frozen=True)
class Missing:
    """A child that the sheet names. `until`: last day of a leave that the teacher knows of; `since`: its first, where it is to come.

    `reason`: sick, leave, home, or an intent of the plan's `answers` that the teacher knows. `unexcused`: the teacher says that
    there is no leave, whatever was said before.
    """

    student_id: int
    reason: str | None = None
    until: date | None = None
    since: date | None = None
    unexcused: bool = False


@dataclass(frozen=True)
class SheetAnswer:
    """What a teacher said of a class.

    `mode`: full (says how everybody is, and replaces what was said before), addition (somebody more is absent; the rest
    are there), correction (only of the children named).
    """

    absent: Sequence[Missing] = ()
    arrived: Sequence[int] = ()
    mode: str = "full"


@dataclass(frozen=True)
class SheetReceipt:
    """What became of an answer. `held`: so many are absent that the principal confirms first."""

    sheet_id: int
    absent_ids: tuple[int, ...]
    excused_ids: tuple[int, ...]
    held: bool


@dataclass(frozen=True)
class Away:
    """A child that is absent by a sheet. `on_longer_leave`: since an earlier day, so that the teacher need not name it again."""

    student_id: int
    reason: str | None
    excused: bool
    on_longer_leave: bool


async def record_sheet(work: Work, sheet: AttendanceSheet, answer: SheetAnswer, by: int) -> SheetReceipt:
    """Takes a teacher's answer or correction, marks who is absent, and sets going what follows for each child.

    An answer that names nobody says that all are present. While too many are absent it is held until the principal confirms.
    """
    desk = await desk_of_sheet(work, sheet)
    sheet.answered_at, sheet.answered_by, sheet.next_at = work.now, by, None
    excused = await _mark(work, sheet, answer, by)
    named = [missing.student_id for missing in answer.absent]
    work.record(
        "sheet_answered",
        f"sheet:{sheet.id}",
        area_code=sheet.area_code,
        actor=f"person:{by}",
        absent=len(named),
        arrived=len(answer.arrived),
    )
    few = answer.mode == "full" and len(named) < desk.plan.attendance.mass_absence.at_least
    held = not few and await _too_many(work, desk, sheet)
    sheet.state = "held" if held else "answered"
    if held:
        await _ask_principal(work, desk, sheet)
    else:
        await follow_sheet(work, sheet, everyone=answer.mode != "correction")
    return SheetReceipt(sheet.id, tuple(s for s in named if s not in excused), tuple(excused), held)


async def _mark(work: Work, sheet: AttendanceSheet, answer: SheetAnswer, by: int) -> list[int]:
    """Writes the absences and returns the children whose leave is known."""
    if answer.mode == "full":
        named = {missing.student_id for missing in answer.absent}
        await _take_back(work, sheet, named)
    for student_id in answer.arrived:
        await withdraw_absence(work, student_id, sheet.on, "arrived")
        await end_leave_on(work, student_id, sheet.on)
    excused = []
    for missing in answer.absent:
        if missing.unexcused:
            await end_leave_on(work, missing.student_id, sheet.on)
        if missing.until is not None or missing.reason in {"sick", "leave"}:
            _grant_leave(work, sheet, missing, by)
            await work.session.flush()
        if await mark_absent(work, StudentDay(missing.student_id, sheet.on), sheet, missing.reason, by) == "excused":
            excused.append(missing.student_id)
    return excused


async def _take_back(work: Work, sheet: AttendanceSheet, named: set[int]) -> None:
    """A full answer replaces the earlier one: whoever is no longer named was there after all."""
    earlier = select(Absence.student_id).where(Absence.sheet_id == sheet.id, Absence.state == "absent")
    for student_id in await work.session.scalars(earlier):
        if student_id not in named:
            await withdraw_absence(work, student_id, sheet.on, "withdrawn")


def _grant_leave(work: Work, sheet: AttendanceSheet, missing: Missing, by: int) -> None:
    _add_leave(work, missing, sheet.on, missing.until or sheet.on, by)


def _add_leave(work: Work, missing: Missing, first: date, last: date, by: int) -> None:
    leave = Leave(
        student_id=missing.student_id, starts_on=first, ends_on=last, reason=missing.reason or "leave", said_by=by, recorded_at=work.now
    )
    work.session.add(leave)


async def note_later_leaves(work: Work, later: Sequence[Missing], by: int) -> None:
    """Leaves that begin on a day to come: those days are accounted for. Said twice, a leave is kept once."""
    for missing in later:
        if missing.since is None or missing.until is None:
            raise ValueError("a later leave has a first and a last day")
        same = select(Leave.id).where(
            Leave.student_id == missing.student_id, Leave.starts_on == missing.since, Leave.ends_on == missing.until,
            Leave.withdrawn_at.is_(None),
        )  # fmt: skip
        if await work.session.scalar(same.limit(1)) is None:
            _add_leave(work, missing, missing.since, missing.until, by)
            student = await work.session.get_one(Student, missing.student_id)
            work.record(
                "leave_noted", f"student:{student.id}", area_code=student.area_code, actor=f"person:{by}",
                since=missing.since.isoformat(), until=missing.until.isoformat(),
            )  # fmt: skip


async def _too_many(work: Work, desk: Desk, sheet: AttendanceSheet) -> bool:
    limit = desk.plan.attendance.mass_absence
    confirmed = select(Task.id).where(Task.key == f"sheet:{sheet.id}:mass", Task.state == "done")
    counted = select(func.count()).select_from(Absence).where(Absence.sheet_id == sheet.id, Absence.state == "absent")
    absent = await work.session.scalar(counted) or 0
    if absent < limit.at_least or absent * 100 <= limit.percent * sheet.enrolled:
        return False
    return await work.session.scalar(confirmed) is None


async def _ask_principal(work: Work, desk: Desk, sheet: AttendanceSheet) -> None:
    limit = desk.plan.attendance.mass_absence
    due = desk.calendar.after(work.now, limit.due)
    about: dict[str, int | None] = {"sheet_id": sheet.id}
    await open_task(work, desk, NewTask(f"sheet:{sheet.id}:mass", "mass_absence", limit.role, due, about=about))


async def release_sheet(work: Work, sheet_id: int) -> None:
    """The principal has confirmed that so many are absent: now their families are asked."""
    sheet = await work.session.get_one(AttendanceSheet, sheet_id, with_for_update=True)
    if sheet.state == "held":
        sheet.state = "answered"
        await follow_sheet(work, sheet, everyone=True)


async def follow_sheet(work: Work, sheet: AttendanceSheet, *, everyone: bool) -> None:
    """What an answered sheet means for each child: a case opens, goes on, or the child is back."""
    desk = await desk_of_sheet(work, sheet)
    found = await work.session.execute(select(Absence.student_id, Absence.state).where(Absence.sheet_id == sheet.id))
    states = dict(found.all())
    for student_id, state in states.items():
        if state in {"absent", "excused"}:
            await missed_school(work, desk, StudentDay(student_id, sheet.on), excused=state == "excused")
    if everyone:
        away = {student_id for student_id, state in states.items() if state in {"absent", "excused"}}
        await attended(work, desk, sheet, away)
    mass = await work.session.scalar(select(Task).where(Task.key == f"sheet:{sheet.id}:mass", Task.state.in_(("open", "acknowledged"))))
    if mass is not None and sheet.state == "answered":
        end_task(work, mass, "cancelled", reason="corrected")


def correction_day(calendar: Calendar, today: date) -> date:
    """The last school day before today: a teacher may still correct it."""
    day = today - timedelta(days=1)
    while not calendar.is_school_day(day) and today - day < timedelta(days=30):
        day -= timedelta(days=1)
    return day


async def absent_as_before(work: Work, class_id: int, day: date) -> list[Missing] | None:
    """Who was absent on that day, with the reasons; None when its sheet was never answered."""
    query = select(AttendanceSheet).where(
        AttendanceSheet.class_id == class_id, AttendanceSheet.on == day, AttendanceSheet.state == "answered"
    )
    sheet = await work.session.scalar(query)
    if sheet is None:
        return None
    return [Missing(one.student_id, one.reason) for one in await away_on(work, sheet)]


async def away_on(work: Work, sheet: AttendanceSheet) -> list[Away]:
    """Who of the class is absent by this sheet, as far as it was answered."""
    leave = exists().where(
        Leave.student_id == Absence.student_id, Leave.withdrawn_at.is_(None), Leave.starts_on < sheet.on, Leave.ends_on >= sheet.on
    )
    query = select(Absence.student_id, Absence.reason, Absence.state == "excused", leave).join(Student, Student.id == Absence.student_id)
    of_class = (Absence.sheet_id == sheet.id, Student.class_id == sheet.class_id, in_class())
    found = await work.session.execute(query.where(*of_class, Absence.state.in_(("absent", "excused"))).order_by(Absence.id))
    return [Away(*row) for row in found]
