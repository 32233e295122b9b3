"""What is not clear in a sheet: asked back, or what stands is said, and nothing is taken down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.dialogs.phrases import phrase, spoken_day
from bot.dialogs.picking import ask_for_more, ask_which_pupil
from bot.dialogs.sheet_changes import names_of
from bot.dialogs.sheet_talk import Talk
from bot.dialogs.staff_unread import missed_before
from bot.replies import Pupil, SheetReading
from bot.replies.normalise import normalise
from bot.replies.sheet_words import sheet_words
from cases.attendance import away_on, correction_day
from cases.sheet_asking import sheet_of
from cases.staff_letters import reader_of, sheet_letter, writer_of

LONGEST_UNREAD = 30


async def unclear_in(talk: Talk, class_id: int, reading: SheetReading, pupils: Mapping[int, Pupil], *, named: bool) -> str | None:
    """Asks back what is not clear and says so in a word; "" where the text is none of this class's business; None when all is clear."""
    if reading.takes_back:
        return await say_what_stands(talk, [class_id], yesterday=reading.yesterday) or ""
    understood = bool(reading.says_today or reading.later or reading.doubts or reading.left_out or reading.missing is not None)
    asked = named or _was_asked_last(talk, class_id) or only_unseated(reading)
    if not understood and not (reading.unread and asked):
        return ""
    contradicted = [doubt.said for doubt in reading.doubts if [doubt.said] == [pupils[one].name for one in doubt.candidates]]
    if unread := [*reading.unread, *contradicted]:
        return await _unread(talk, class_id, reading, unread, at_all=not understood)
    if reading.doubts:
        return ask_which_pupil(talk, class_id, reading.doubts, pupils)
    return await _who_is_missing(talk, class_id, reading, pupils) if reading.missing is not None else None


def only_unseated(reading: SheetReading) -> bool:
    """Whether all that could not be read are numbers that no pupil has."""
    return 0 < len(reading.unread) == len(reading.unseated)


def say_no_seat(talk: Talk, class_ids: Sequence[int], reading: SheetReading) -> str:
    """Nobody in any of these classes has these numbers."""
    rooms, seats = "、".join(talk.room(class_id).name for class_id in class_ids), "、".join(reading.unseated)
    return talk.say("sheet_refused", class_ids[0], class_name=rooms, reason=phrase("sheet_refused.no_seat", seats=seats))


def _was_asked_last(talk: Talk, class_id: int) -> bool:
    """The last thing that was asked here is a sheet, and this class's is open."""
    return class_id in talk.asked and talk.speaker.questions[0].kind in {"sheet", "boarding", "pick"}


async def _unread(talk: Talk, class_id: int, reading: SheetReading, unread: Sequence[str], *, at_all: bool) -> str:
    """`at_all`: nothing else was understood; where the text before was none either, asking again would go round in a circle."""
    if len(unread) == len(reading.unseated):
        return say_no_seat(talk, [class_id], reading)
    if (better := _better_said(talk.text, unread)) is not None:
        return talk.say("sheet_refused", class_id, reason=better)
    if len(unread) == len(reading.coming):
        return talk.say("sheet_refused", class_id, reason=phrase("sheet_refused.coming"))
    if at_all and await missed_before(talk.work, talk.speaker):
        return await _pass_on(talk, class_id)
    return talk.say("sheet_unread", class_id, unread="、".join(unread)[:LONGEST_UNREAD])


def _better_said(text: str, unread: Sequence[str]) -> str | None:
    """How to write what has two meanings: 5-7 may be two or three pupils, and a class of which nobody came may be closed."""
    words = sheet_words().sheet
    if words["nobody_came"].match(normalise(text).strip(" 。.!")):
        return phrase("sheet_refused.nobody_came")
    if all(words["seats_between"].fullmatch(said) for said in unread):
        return phrase("sheet_refused.seats_between", said="、".join(unread))
    return None


async def _pass_on(talk: Talk, class_id: int) -> str:
    work, speaker = talk.work, talk.speaker
    writer = await writer_of(work, speaker.plan, speaker.staff_id, speaker.staff)
    task = await sheet_letter(work, talk.inbound, speaker.staff_id, writer, class_id)
    return talk.say("sheet_passed", class_id, who=await reader_of(work, speaker.plan, task))


async def _who_is_missing(talk: Talk, class_id: int, reading: SheetReading, pupils: Mapping[int, Pupil]) -> str:
    """A number of absent pupils that does not fit those named: a child must not be lost.

    Whoever adds names goes on; where the same is said twice in a row, a person helps.
    """
    if not talk.more and await missed_before(talk.work, talk.speaker):
        return await _pass_on(talk, class_id)
    names = names_of([entry.student_id for entry in reading.absent], pupils)
    key, count = "some" if names else "none", reading.missing or 0
    asked = phrase(f"sheet_missing.{key}", count=str(count), named=str(len(reading.absent)), names=names)
    return ask_for_more(talk, "sheet_missing", class_id, {"pick": "missing", "missing": count, "reason": asked})


async def say_what_stands(talk: Talk, class_ids: Sequence[int], *, yesterday: bool) -> str | None:
    """ "That was wrong", and nothing else: what was said of the day, and how it is changed. None where nothing can have been said.

    A teacher who is a parent, too, may mean what they said of their own child.
    """
    if talk.evening:
        return talk.say("sheet_refused", class_ids[0], reason=phrase("sheet_refused.boarding_only"))
    if talk.speaker.children and not talk.asked:
        return None
    standing = [said for class_id in class_ids if (said := await _standing(talk, class_id, yesterday=yesterday))]
    if not standing:
        return None
    facts = {"pick": "wrong", "alone": len(class_ids) == 1, "standing": "；".join(standing)}
    return ask_for_more(talk, "sheet_standing", class_ids[0], facts)


async def _standing(talk: Talk, class_id: int, *, yesterday: bool) -> str | None:
    today = talk.speaker.today
    day = correction_day(await talk.calendar(class_id), today) if yesterday else today
    sheet = await sheet_of(talk.work, class_id, day)
    if sheet is None or sheet.state == "withdrawn":
        return None
    names = names_of([one.student_id for one in await away_on(talk.work, sheet)], await talk.pupils(class_id))
    key = "open" if sheet.answered_at is None else "absent" if names else "all"
    return phrase(f"sheet_standing.{key}", room=talk.room(class_id).name, day=spoken_day(day), names=names)
