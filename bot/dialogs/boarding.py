"""The evening on which boarders come back: who is missing, in the forms of the daily sheet."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update

from bot.dialogs.answering import answered
from bot.dialogs.phrases import phrase, spoken_day
from bot.dialogs.sheet_causes import ask_unclear_causes, pass_causes_on, say_who_has_it, says_only_causes
from bot.dialogs.sheet_talk import Talk
from bot.dialogs.sheet_unclear import unclear_in
from bot.dialogs.sheets import take_later_leaves
from bot.replies import Pupil, SheetReading
from cases.absences import OWN_REASONS
from cases.boarding import check_of, record_boarding
from storage.tables import BoardingCheck, Question


async def take_boarding(talk: Talk, class_id: int, text: str, *, named: bool) -> str | None:
    """What became of it in a word; None where the text is no answer. A pupil who does not board is unknown here."""
    reading = await talk.reading(class_id, text)
    pupils = await talk.pupils(class_id)
    if (unclear := await unclear_in(talk, class_id, reading, pupils, named=named)) is not None:
        return unclear or None
    leaves = await take_later_leaves(talk, reading, pupils)
    if leaves and not reading.says_today:
        return talk.say("sheet_leave_noted", class_id, leaves=leaves)
    check = await check_of(talk.work, class_id, talk.speaker.today)
    if check is None or reading.yesterday or reading.same:
        return talk.say("sheet_refused", class_id, reason=phrase("sheet_refused.boarding_only"))
    if says_only_causes(talk, class_id, reading):
        return say_who_has_it(talk, class_id, await pass_causes_on(talk, reading), pupils)
    await _take(talk, class_id, check, reading, pupils)
    return "sheet_answered"


async def _take(talk: Talk, class_id: int, check: BoardingCheck, reading: SheetReading, pupils: Mapping[int, Pupil]) -> None:
    question = talk.asked.get(class_id)
    missing = [entry.student_id for entry in reading.absent if entry.reason not in OWN_REASONS and entry.until is None]
    excused = [entry.student_id for entry in reading.absent if entry.student_id not in missing]
    full = bool(reading.all_present or reading.replaces) or (question is not None and not reading.arrived)
    arrived = [*reading.arrived, *excused]  # the teacher knows where they are: nobody needs to be asked
    await record_boarding(talk.work, check, missing=missing, arrived=arrived, full=full, by=talk.speaker.staff_id)
    if question is not None:
        await answered(talk.work, talk.inbound, question)
    await _no_longer_asked(talk, check)
    if question is None or not reading.all_present:
        names = "、".join(pupils[one].name for one in missing)
        talk.say("boarding_received", class_id, missing_names=names, day=spoken_day(check.on))
    if told := await pass_causes_on(talk, reading):
        say_who_has_it(talk, class_id, told, pupils)
    ask_unclear_causes(talk, class_id, reading, missing, pupils)


async def _no_longer_asked(talk: Talk, check: BoardingCheck) -> None:
    others = update(Question).where(
        Question.kind == "boarding", Question.state == "open", Question.facts["check_id"].as_integer() == check.id
    )
    await talk.work.session.execute(others.values(state="withdrawn", ended_at=talk.work.now))
