"""Level 0: the daily sheet. Opened every school day, reminded, taken over, answered, corrected (art. 2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from cases.absences import StudentDay, attended, mark_absent, missed_school, withdraw_absence
from cases.desk import Desk, desk_of_sheet
from cases.holes import report_hole
from cases.responsible import holders, holders_of_classes
from cases.tasks import NewTask, end_task, first_holders, open_task
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Absence, AttendanceSheet, CalendarDay, Leave, School, SchoolClass, Student, Task
from storage.work import Work

OPEN_STATES = ("asked", "taken_over")


@dataclass(frozen=True)
class Missing:
    """A child that the sheet names. `until`: last day of a leave that the teacher knows of."""

    student_id: int
    reason: str | None = None
    until: date | None = None


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


async def open_sheets(work: Work, plan: Plan, day: date) -> int:
    """Opens the sheet of every class that has school that day; a sheet that is there already stays as it is."""
    calendar = Calendar(plan)
    closed, extra = await _school_exceptions(work, day)
    counted = (
        select(Student.class_id, func.count().label("enrolled"))
        .where(Student.status.in_(("enrolled", "resumed")))
        .group_by(Student.class_id)
        .subquery()
    )
    query = select(SchoolClass, counted.c.enrolled).join(counted, counted.c.class_id == SchoolClass.id)
    attendance = plan.attendance
    first, last = (
        calendar.at(day, attendance.ask_at),
        calendar.at(day, attendance.remind_at[0] if attendance.remind_at else attendance.takeover.at),
    )
    rows = [
        {
            "class_id": klass.id, "school_id": klass.school_id, "area_code": klass.area_code, "on": day, "state": "asked",
            "enrolled": enrolled, "asked_at": first, "next_at": last,
        }
        for klass, enrolled in await work.session.execute(query)
        if klass.school_id in extra or (calendar.is_school_day(day) and klass.school_id not in closed)
    ]  # fmt: skip
    if not rows:
        return 0
    stored = insert(AttendanceSheet).on_conflict_do_nothing(index_elements=["class_id", "on"]).returning(AttendanceSheet)
    sheets = list(await work.session.scalars(stored, rows))
    await _ask_teachers(work, plan, calendar, sheets)
    return len(sheets)


async def _ask_teachers(work: Work, plan: Plan, calendar: Calendar, sheets: Sequence[AttendanceSheet]) -> None:
    """Asks every class's teacher; where a class has none who can be reached, the one who takes over is asked at once."""
    role = plan.attendance.role
    teachers = await holders_of_classes(work.session, role, [sheet.class_id for sheet in sheets], calendar.day_of(work.now))
    for sheet in sheets:
        closes = calendar.at(sheet.on, plan.attendance.closes_at)
        for person_id in teachers.get(sheet.class_id, ()):
            _send(work, sheet, "daily_sheet", person_id, closes)
        if not teachers.get(sheet.class_id):
            desk = await desk_of_sheet(work, sheet)
            await report_hole(work, desk, role=role, reason="nobody_reachable")
            await _ask_whoever_takes_over(work, desk, sheet, "daily_sheet")


def _send(work: Work, sheet: AttendanceSheet, template: str, person_id: int, closes: datetime) -> None:
    """The sheet to one person; it is no longer sent once it is answered."""
    work.say(
        f"sheet:{sheet.id}:{template}:{sheet.stage}:{person_id}", person_id, template, area_code=sheet.area_code, still="sheet_unanswered",
        question="sheet", expires_at=closes, sheet_id=sheet.id, facts={"question_expires": closes.isoformat()},
    )  # fmt: skip


async def _school_exceptions(work: Work, day: date) -> tuple[set[int], set[int]]:
    """(schools closed, schools open) on that day against the national calendar; a school's own word wins."""
    found = await work.session.execute(
        select(School.id, CalendarDay.is_school_day)
        .join(CalendarDay, (CalendarDay.school_id == School.id) | func.starts_with(School.area_code, CalendarDay.area_code))
        .where(CalendarDay.on == day)
        .order_by(CalendarDay.school_id.is_not(None), func.length(CalendarDay.area_code))
    )
    said = dict(found.all())
    return {school for school, held in said.items() if not held}, {school for school, held in said.items() if held}


async def _ask(work: Work, desk: Desk, sheet: AttendanceSheet, role: str, template: str) -> None:
    """Sends the sheet to everybody who answers for it in this role."""
    closes = desk.calendar.at(sheet.on, desk.plan.attendance.closes_at)
    for holder in await holders(work.session, desk.plan, role, desk.place, desk.today):
        _send(work, sheet, template, holder.person_id, closes)


async def advance_sheet(work: Work, sheet: AttendanceSheet) -> None:
    """Reminds, hands over or closes an unanswered sheet: whatever the plan wants by now, and only the last of it is said."""
    desk = await desk_of_sheet(work, sheet)
    steps = _sheet_steps(desk, sheet.on)
    due = [number for number, (at, _) in enumerate(steps, start=1) if at <= work.now and number > sheet.stage]
    if sheet.state not in OPEN_STATES or not due:
        return
    sheet.stage = due[-1]
    what = {steps[number - 1][1] for number in due}
    sheet.next_at = steps[sheet.stage][0] if sheet.stage < len(steps) else None
    if "close" in what:
        _close_unanswered(work, sheet)
    elif "take_over" in what:
        await _take_over(work, desk, sheet)
    else:
        await _ask(work, desk, sheet, desk.plan.attendance.role, "sheet_reminder")


def _sheet_steps(desk: Desk, day: date) -> list[tuple[datetime, str]]:
    attendance, at = desk.plan.attendance, desk.calendar.at
    steps = [(at(day, hour), "remind") for hour in attendance.remind_at]
    return [*steps, (at(day, attendance.takeover.at), "take_over"), (at(day, attendance.closes_at), "close")]


async def _take_over(work: Work, desk: Desk, sheet: AttendanceSheet) -> None:
    sheet.state = "taken_over"
    work.record("sheet_taken_over", f"sheet:{sheet.id}", area_code=sheet.area_code)
    await _ask_whoever_takes_over(work, desk, sheet, "sheet_taken_over")


async def _ask_whoever_takes_over(work: Work, desk: Desk, sheet: AttendanceSheet, template: str) -> None:
    """The role that takes over, or the nearest above it that can be reached; a hole there is told."""
    role = desk.plan.attendance.takeover.role
    closes = desk.calendar.at(sheet.on, desk.plan.attendance.closes_at)
    people, _, stage = await first_holders(work, desk, role)
    for person_id in people:
        _send(work, sheet, template, person_id, closes)
    if stage:
        await report_hole(work, desk, role=role, reason="nobody_reachable")


def _close_unanswered(work: Work, sheet: AttendanceSheet) -> None:
    """Neither present nor absent: it opens no case and stops none."""
    sheet.state = "unanswered"
    work.record("sheet_unanswered", f"sheet:{sheet.id}", area_code=sheet.area_code)


async def sheet_of(work: Work, class_id: int, day: date) -> AttendanceSheet | None:
    """The sheet of a class on a day, locked for this use case."""
    query = select(AttendanceSheet).where(AttendanceSheet.class_id == class_id, AttendanceSheet.on == day)
    return await work.session.scalar(query.with_for_update())


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
    held = await _too_many(work, desk, sheet)
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
    excused = []
    for missing in answer.absent:
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
    until = missing.until or sheet.on
    leave = Leave(
        student_id=missing.student_id, starts_on=sheet.on, ends_on=until, reason=missing.reason or "leave", said_by=by, recorded_at=work.now
    )
    work.session.add(leave)


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
