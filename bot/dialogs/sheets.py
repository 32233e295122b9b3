"""One class's sheet out of a teacher's text: taken down, asked back, or refused; of what is unclear nothing is taken down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from bot.dialogs.answering import answered
from bot.dialogs.phrases import phrase, spoken_day
from bot.dialogs.sheet_causes import ask_unclear_causes, let_it_be_known, pass_causes_on, say_who_has_it, says_only_causes
from bot.dialogs.sheet_changes import ask_if_doubtful, change, decided, names_of, those_who_came
from bot.dialogs.sheet_talk import Talk
from bot.dialogs.sheet_unclear import unclear_in
from bot.dialogs.standing_in import spoken_span
from bot.replies import Pupil, SheetReading
from cases.attendance import (
    Away,
    Missing,
    SheetAnswer,
    absent_as_before,
    away_on,
    correction_day,
    note_later_leaves,
    record_sheet,
)
from cases.sheet_asking import sheet_before_asking, sheet_of
from storage.tables import AttendanceSheet, CaseFile, Question


@dataclass(frozen=True)
class Refused:
    """Nothing is taken down; the reason is a key under `sheet_refused` in templates/phrases.yaml."""

    reason: str
    day: str = ""


async def take_sheet(talk: Talk, class_id: int, text: str, *, named: bool) -> str | None:
    """What became of it in a word; None where the text is no sheet and none was asked for. `named`: the text names the class."""
    reading = await talk.reading(class_id, text)
    pupils = await talk.pupils(class_id)
    if reading.left_out:
        pupils |= await talk.at_home(class_id)
    if (unclear := await unclear_in(talk, class_id, reading, pupils, named=named)) is not None:
        return unclear or None
    if says_only_causes(talk, class_id, reading):
        return say_who_has_it(talk, class_id, await pass_causes_on(talk, reading), pupils)
    leaves = await take_later_leaves(talk, reading, pupils)
    if not reading.says_today and not leaves:
        return talk.say("sheet_refused", class_id, reason=_of_those_at_home(reading, pupils))
    if not reading.says_today:
        return talk.say("sheet_leave_noted", class_id, leaves=leaves)
    sheet = await _sheet(talk, class_id, reading)
    if isinstance(sheet, Refused):
        return talk.say("sheet_refused", class_id, reason=phrase(f"sheet_refused.{sheet.reason}", day=sheet.day))
    before, reading = await away_on(talk.work, sheet), decided(talk, reading)
    if (asked_back := ask_if_doubtful(talk, class_id, reading, before, pupils)) is not None:
        return asked_back
    said = await _answer(talk, class_id, sheet, reading, before)
    if said is None:
        return talk.say("sheet_refused", class_id, reason=phrase("sheet_refused.no_yesterday"))
    if said.mode == "correction" and sheet.answered_at is None:  # nobody has said yet how the others are
        names = "、".join(pupils[student_id].name for student_id in said.arrived)
        return talk.say("sheet_refused", class_id, reason=phrase("sheet_refused.only_arrived", names=names))
    return await _take(talk, class_id, sheet, reading, said, pupils, leaves, before)


def _of_those_at_home(reading: SheetReading, pupils: Mapping[int, Pupil]) -> str:
    return phrase("sheet_refused.at_home", names="、".join(pupils[one].name for one in reading.left_out))


async def take_later_leaves(talk: Talk, reading: SheetReading, pupils: Mapping[int, Pupil]) -> str:
    """Keeps the leaves that begin later; gives them as the receipt says them. The day itself is still to be answered."""
    later = [Missing(entry.student_id, entry.reason, entry.until, entry.since) for entry in reading.later]
    await note_later_leaves(talk.work, later, talk.speaker.staff_id)
    spans = [(pupils[one.student_id].name, spoken_span(one.since, one.until)) for one in later if one.since and one.until]
    return "、".join(phrase("leave.span", name=name, days=days) for name, days in spans)


async def _sheet(talk: Talk, class_id: int, reading: SheetReading) -> AttendanceSheet | Refused:
    """Today's, also when it was not asked for yet; or that of the last school day."""
    work, today = talk.work, talk.speaker.today
    if reading.yesterday:
        day = correction_day(await talk.calendar(class_id), today)
        return await sheet_of(work, class_id, day) or Refused("no_sheet", spoken_day(day))
    sheet = await sheet_of(work, class_id, today) or await sheet_before_asking(work, talk.speaker.plan, class_id, today)
    return sheet if sheet is not None and sheet.state != "withdrawn" else Refused("no_school", spoken_day(today))


async def _answer(
    talk: Talk, class_id: int, sheet: AttendanceSheet, reading: SheetReading, before: Sequence[Away]
) -> SheetAnswer | None:  # fmt: skip
    """None when it is to be as on the last school day, and nobody knows how that was."""
    absent = [Missing(entry.student_id, entry.reason, entry.until, unexcused=entry.unexcused) for entry in reading.absent]
    if not reading.same:
        return SheetAnswer(absent, those_who_came(reading, before), _mode(talk, class_id, reading))
    yesterday = await absent_as_before(talk.work, class_id, correction_day(await talk.calendar(class_id), sheet.on))
    if yesterday is None:
        return None
    said = {missing.student_id for missing in absent} | set(reading.arrived)
    return SheetAnswer([*absent, *(missing for missing in yesterday if missing.student_id not in said)], reading.arrived, "full")


def _mode(talk: Talk, class_id: int, reading: SheetReading) -> str:
    """The first full answer, or "all present", says how everybody is; a later word only adds to it or corrects it."""
    if reading.all_present:
        return "full"
    if reading.arrived and not reading.absent:
        return "correction"
    return "full" if class_id in talk.asked and not reading.arrived and not reading.yesterday else "addition"


async def _take(
    talk: Talk, class_id: int, sheet: AttendanceSheet, reading: SheetReading, said: SheetAnswer, pupils: Mapping[int, Pupil],
    leaves: str, before: Sequence[Away],
) -> str:  # fmt: skip
    again = sheet.state == "answered"
    receipt = await record_sheet(talk.work, sheet, said, talk.speaker.staff_id)
    question = talk.asked.get(class_id)
    if question is not None and question.sheet_id == sheet.id:
        await answered(talk.work, talk.inbound, question)
    others = update(Question).where(Question.sheet_id == sheet.id, Question.state == "open", Question.contact_id != talk.speaker.contact_id)
    await talk.work.session.execute(others.values(state="withdrawn", ended_at=talk.work.now))
    now = await away_on(talk.work, sheet)
    away = {one.student_id for one in now}
    await let_it_be_known(talk, {one.student_id for one in before} - away)
    told = await pass_causes_on(talk, reading, away)
    if aside := {one: said for one, said in told.items() if receipt.held or one not in away}:
        say_who_has_it(talk, class_id, aside, pupils)
    if receipt.held:
        return talk.say("sheet_held", class_id, sheet_id=sheet.id, absent_count=str(len(now)))
    first = question is not None and question.sheet_id == sheet.id
    if leaves:
        talk.say("sheet_leave_noted", class_id, leaves=leaves)
    if reading.left_out or not (first and reading.all_present):
        looked_after = {one.student_id for one in before if not one.excused} if again else set()
        step = await _next_step(talk, sheet, now, looked_after, pupils, told)
        at_home = {"aside": _of_those_at_home(reading, pupils)} if reading.left_out else {}
        changed = change(before, now, pupils) if again else {}
        names = names_of([one.student_id for one in now], pupils)
        talk.say("sheet_received", class_id, sheet_id=sheet.id, absent_names=names, next_step=step, **at_home, **changed)
    unexplained = {one.student_id for one in now if not one.excused and one.reason is None}
    ask_unclear_causes(talk, class_id, reading, unexplained, pupils)
    return "sheet_answered" if first else "sheet_corrected"


async def _next_step(
    talk: Talk, sheet: AttendanceSheet, away: Sequence[Away], looked_after: set[int], pupils: Mapping[int, Pupil], told: Mapping[int, str]
) -> str:
    """What happens next, for each who is absent: somebody has it, on leave, looked after already, or their family is asked."""
    absent = [one.student_id for one in away if not one.excused]
    running = select(CaseFile.student_id).where(
        CaseFile.student_id.in_(absent), CaseFile.state == "open", CaseFile.first_absent_on < sheet.on
    )
    known = looked_after | set(await talk.work.session.scalars(running))
    groups: dict[str, list[int]] = {}
    for one in sorted(away, key=lambda one: (one.student_id not in told, not one.excused, one.student_id not in known)):
        key = "on_leave" if one.excused else "going_on" if one.student_id in known else "asking"
        groups.setdefault(told.get(one.student_id) or phrase(f"next_step.{key}"), []).append(one.student_id)
    if len(groups) == 1:
        return next(iter(groups))
    return "；".join(phrase("next_step.some", names=names_of(ids, pupils), step=step) for step, ids in groups.items())
