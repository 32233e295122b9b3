"""Level 0: who is asked for the daily sheet: opened every school day, reminded, taken over, closed, withdrawn (art. 2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from cases.absences import annul_absences
from cases.calendars import calendar_for, class_exceptions
from cases.desk import Desk, desk_of_sheet
from cases.holes import report_hole
from cases.responsible import holders, holders_of_classes
from cases.rolls import ON_ROLLS, taught_at_home
from cases.tasks import LIVING, end_task, first_holders
from plan.calendar import Calendar
from plan.model import Plan
from storage.rows import insert_new
from storage.tables import AttendanceSheet, Question, Responsibility, SchoolClass, Student, Task
from storage.work import Work

OPEN_STATES = ("asked", "taken_over")


async def open_sheets(work: Work, plan: Plan, day: date) -> int:
    """Opens the sheet of every class that has school that day; a sheet that is there already stays as it is.

    Children who are taught at home are not asked for; a class in which nobody else is has no sheet.
    """
    calendar = Calendar(plan)
    said = await class_exceptions(work.session, day)
    usual = calendar.is_school_day(day)
    counted = select(Student.class_id, func.count().label("enrolled")).where(Student.status.in_(ON_ROLLS)).group_by(Student.class_id)
    rolls = counted.subquery()
    query = select(SchoolClass, rolls.c.enrolled).join(rolls, rolls.c.class_id == SchoolClass.id)
    home = await _taught_at_home(work)
    rows = [
        _new_sheet(plan, calendar, klass, day, enrolled, home.get(klass.id, 0))
        for klass, enrolled in await work.session.execute(query)
        if said.get(klass.id, usual) and enrolled > home.get(klass.id, 0)
    ]
    new = await insert_new(work.session, "attendance_sheet", rows, 'class_id, "on"')
    opened = select(AttendanceSheet).where(AttendanceSheet.id == func.any(new)).order_by(AttendanceSheet.id)
    sheets = (await work.session.scalars(opened)).all()
    await _ask_teachers(work, plan, calendar, sheets)
    return len(sheets)


async def _taught_at_home(work: Work) -> dict[int, int]:
    """Class → how many of its roll are taught at home. These few are read by themselves, so that the rolls are counted in their index."""
    home = select(Student.class_id, func.count()).where(Student.status.in_(ON_ROLLS), taught_at_home()).group_by(Student.class_id)
    return {class_id: count for class_id, count in await work.session.execute(home) if class_id is not None}


def _new_sheet(plan: Plan, calendar: Calendar, klass: SchoolClass, day: date, enrolled: int, at_home: int) -> dict[str, object]:
    attendance = plan.attendance
    first_look = attendance.remind_at[0] if attendance.remind_at else attendance.takeover.at
    return {
        "class_id": klass.id, "school_id": klass.school_id, "area_code": klass.area_code, "on": day, "state": "asked",
        "enrolled": enrolled - at_home, "at_home": at_home,
        "asked_at": calendar.at(day, attendance.ask_at), "next_at": calendar.at(day, first_look),
    }  # fmt: skip


async def sheet_before_asking(work: Work, plan: Plan, class_id: int, day: date) -> AttendanceSheet | None:
    """The sheet of a teacher who writes before they are asked; None on a day without lessons or for a class without children."""
    klass = await work.session.get_one(SchoolClass, class_id)
    calendar = await calendar_for(work.session, plan, klass.school_id, klass.area_code, klass.id)
    counted = select(func.count()).select_from(Student).where(Student.class_id == class_id, Student.status.in_(ON_ROLLS))
    enrolled = await work.session.scalar(counted) or 0
    at_home = (await _taught_at_home(work)).get(class_id, 0)
    if enrolled <= at_home or not calendar.is_school_day(day):
        return None
    new = insert(AttendanceSheet).values(_new_sheet(plan, calendar, klass, day, enrolled, at_home))
    await work.session.execute(new.on_conflict_do_nothing(index_elements=["class_id", "on"]))
    return await sheet_of(work, class_id, day)


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


async def hand_sheets_over(work: Work, person_id: int, day: date) -> None:
    """Whoever stands in from today on is asked today's open sheets; the one who is away no longer is."""
    role = select(Responsibility.class_id).where(Responsibility.person_id == person_id, Responsibility.class_id.is_not(None))
    query = select(AttendanceSheet).where(AttendanceSheet.class_id.in_(role), AttendanceSheet.on == day, AttendanceSheet.state == "asked")
    for sheet in (await work.session.scalars(query.with_for_update())).all():
        desk = await desk_of_sheet(work, sheet)
        own = update(Question).where(Question.sheet_id == sheet.id, Question.state == "open", Question.person_id == person_id)
        await work.session.execute(own.values(state="withdrawn", ended_at=work.now))
        await _ask(work, desk, sheet, desk.plan.attendance.role, "daily_sheet")


async def ask_takeover_again(work: Work, school_ids: Sequence[int], person_id: int, day: date) -> None:
    """Sheets that were taken over are asked of whoever takes over today, and no longer of the one who has left."""
    query = select(AttendanceSheet).where(
        AttendanceSheet.school_id.in_(school_ids), AttendanceSheet.on == day, AttendanceSheet.state == "taken_over"
    )
    for sheet in (await work.session.scalars(query.with_for_update())).all():
        own = update(Question).where(Question.sheet_id == sheet.id, Question.state == "open", Question.person_id == person_id)
        await work.session.execute(own.values(state="withdrawn", ended_at=work.now))
        await _ask_whoever_takes_over(work, await desk_of_sheet(work, sheet), sheet, "sheet_taken_over")


async def withdraw_sheet(work: Work, sheet: AttendanceSheet) -> None:
    """There are no lessons after all: nobody is asked any more, and nobody was absent. Whoever had been asked is told."""
    asked = update(Question).where(Question.sheet_id == sheet.id, Question.state == "open").values(state="withdrawn", ended_at=work.now)
    for person_id in sorted(set(await work.session.scalars(asked.returning(Question.person_id)))):
        key = f"sheet:{sheet.id}:withdrawn:{work.now.isoformat()}:{person_id}"
        work.say(key, person_id, "sheet_withdrawn", area_code=sheet.area_code, sheet_id=sheet.id, still="sheet_withdrawn")
    sheet.state, sheet.next_at = "withdrawn", None
    work.record("sheet_withdrawn", f"sheet:{sheet.id}", area_code=sheet.area_code)
    tasks = select(Task).where(Task.sheet_id == sheet.id, Task.state.in_(LIVING))
    for task in (await work.session.scalars(tasks)).all():
        end_task(work, task, "cancelled", reason="school_closed")
    await annul_absences(work, sheet)


async def reopen_sheet(work: Work, sheet: AttendanceSheet) -> None:
    """The closure was a mistake: the sheet is asked again, unless the day is over."""
    desk = await desk_of_sheet(work, sheet)
    if sheet.state != "withdrawn" or work.now >= desk.calendar.at(sheet.on, desk.plan.attendance.closes_at):
        return
    steps = _sheet_steps(desk, sheet.on)
    sheet.stage = sum(at <= work.now and what == "remind" for at, what in steps)
    sheet.state, sheet.answered_at, sheet.answered_by, sheet.next_at = "asked", None, None, steps[sheet.stage][0]
    await _ask(work, desk, sheet, desk.plan.attendance.role, "sheet_asked_again")
