"""A teacher answers the sheet, corrects it, or corrects yesterday's. One message on a normal day."""

from __future__ import annotations

from sqlalchemy import select, update

from bot.dialogs.answering import answer, answered
from bot.dialogs.phrases import phrase
from bot.dialogs.speaker import Speaker
from bot.replies import Pupil, SheetReading, read_sheet
from cases.attendance import Missing, SheetAnswer, correction_day, record_sheet, sheet_of
from cases.desk import desk_of_sheet
from storage.tables import AttendanceSheet, Inbound, Question, Student
from storage.work import Work

ON_ROLLS = ("enrolled", "resumed")


async def hear_teacher(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Takes the text as a sheet; None when it is none, and somebody else should hear it."""
    question = speaker.question("sheet")
    class_id = await _class_of(work, speaker, question)
    if class_id is None:
        return None
    pupils = await _pupils(work, class_id)
    reading = read_sheet(inbound.body, pupils=list(pupils.values()), today=speaker.today)
    if _is_empty(reading):
        return await _unread(work, inbound, speaker, question, reading)
    sheet = await _sheet(work, speaker, class_id, reading)
    if sheet is None or (question is None and reading.unread):
        return None
    await _record(work, inbound, speaker, sheet, reading, question)
    await _reply(work, inbound, speaker, sheet, reading, pupils)
    return "sheet_corrected" if question is None else "sheet_answered"


def _is_empty(reading: SheetReading) -> bool:
    return not (reading.all_present or reading.absent or reading.arrived or reading.doubts)


async def _class_of(work: Work, speaker: Speaker, question: Question | None) -> int | None:
    if question is not None and question.sheet_id is not None:
        return (await work.session.get_one(AttendanceSheet, question.sheet_id)).class_id
    own = [row.class_id for row in speaker.staff if row.role == speaker.plan.attendance.role and row.class_id is not None]
    return own[0] if own else None


async def _pupils(work: Work, class_id: int) -> dict[int, Pupil]:
    found = await work.session.execute(
        select(Student.id, Student.name, Student.seat_number).where(Student.class_id == class_id, Student.status.in_(ON_ROLLS))
    )
    return {student_id: Pupil(student_id, name, seat) for student_id, name, seat in found}


async def _sheet(work: Work, speaker: Speaker, class_id: int, reading: SheetReading) -> AttendanceSheet | None:
    today = await sheet_of(work, class_id, speaker.today)
    if not reading.yesterday:
        return today
    desk = await desk_of_sheet(work, today) if today is not None else None
    calendar = desk.calendar if desk is not None else speaker.calendar
    return await sheet_of(work, class_id, correction_day(calendar, speaker.today))


async def _record(
    work: Work, inbound: Inbound, speaker: Speaker, sheet: AttendanceSheet, reading: SheetReading, question: Question | None
) -> None:
    absent = [Missing(entry.student_id, entry.reason, entry.until) for entry in reading.absent]
    await record_sheet(work, sheet, SheetAnswer(absent, reading.arrived, _mode(reading, question)), speaker.staff_id)
    if question is not None and not reading.doubts:
        await answered(work, inbound, question)
    others = update(Question).where(Question.sheet_id == sheet.id, Question.state == "open", Question.contact_id != speaker.contact_id)
    await work.session.execute(others.values(state="withdrawn", ended_at=work.now))


def _mode(reading: SheetReading, question: Question | None) -> str:
    """The first full answer, or "all present", says how everybody is; a later word only adds to it or corrects it."""
    if reading.arrived and not reading.absent:
        return "correction"
    return "full" if (question is not None and not reading.arrived) or reading.all_present else "addition"


async def _reply(
    work: Work, inbound: Inbound, speaker: Speaker, sheet: AttendanceSheet, reading: SheetReading, pupils: dict[int, Pupil]
) -> None:
    """Asks back what was not clear; else names the absent and says what comes next. A plain "all present" needs no answer."""
    about = {"sheet_id": sheet.id}
    if reading.doubts:
        options = "；".join(f"{doubt.said}：{'或'.join(_shown(pupils[one]) for one in doubt.candidates)}" for doubt in reading.doubts)
        answer(work, inbound, speaker, "sheet_unclear", area_code=sheet.area_code, facts={"options": options}, about=about)
    elif reading.unread:
        answer(work, inbound, speaker, "sheet_unread", area_code=sheet.area_code, facts={"unread": "、".join(reading.unread)}, about=about)
    elif sheet.state == "held":
        answer(
            work, inbound, speaker, "sheet_held", area_code=sheet.area_code, facts={"absent_count": str(len(reading.absent))}, about=about
        )
    elif reading.absent or reading.arrived:
        names = "、".join(pupils[entry.student_id].name for entry in reading.absent)
        step = phrase("next_step.asking" if any(entry.reason is None for entry in reading.absent) else "next_step.on_leave")
        answer(
            work,
            inbound,
            speaker,
            "sheet_received",
            area_code=sheet.area_code,
            facts={"absent_names": names, "next_step": step},
            about=about,
        )


def _shown(pupil: Pupil) -> str:
    return f"{pupil.seat if pupil.seat is not None else ''}{pupil.name}"


async def _unread(work: Work, inbound: Inbound, speaker: Speaker, question: Question | None, reading: SheetReading) -> str | None:
    """Nothing in it was a sheet. Where one was asked for, the teacher is told what could not be read."""
    if question is None or not reading.unread or speaker.questions[0] is not question:
        return None
    answer(
        work, inbound, speaker, "sheet_unread", area_code=question.area_code, facts={"unread": "、".join(reading.unread)[:30]},
        about={"sheet_id": question.sheet_id},
    )  # fmt: skip
    return "sheet_unread"
