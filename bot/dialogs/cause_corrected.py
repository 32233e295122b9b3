"""The number of a cause was meant as something else: the teacher takes it back with the next text."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from bot.dialogs.picking import LIFE, Picked
from bot.dialogs.sheet_causes import OFFERED, ask_cause, cause_number, seated, take_cause
from bot.dialogs.sheet_talk import Talk
from bot.replies import SheetReading
from bot.replies.normalise import normalise
from bot.replies.picks import NONE_OF_THEM
from bot.replies.sheet_corrections import without_correction
from cases.teacher_word import take_word_back
from storage.tables import Inbound, Question


class _Taken(NamedTuple):
    """The menu that was answered, the text that it is about, and the number that answered it."""

    menu: Question
    earlier: Inbound
    number: int


async def corrected_cause(talk: Talk) -> Picked | str | None:
    """ "That was wrong", or "2 has not come" after a bare 2: the cause is taken back and asked anew, and the rest is heard as a sheet.

    None where the text before was no number of a cause, or this one does not go back to it.
    """
    taken = await _taken(talk)
    if taken is None:
        return None
    class_id = taken.menu.facts["room_id"]
    rest, is_denied, _ = without_correction(normalise(talk.text).strip())
    meant = cause_number(rest) if is_denied and rest else None
    reading = await talk.reading(class_id, rest) if rest and meant is None else None
    if not is_denied and (reading is None or not await _names_the_seat(talk, class_id, reading, taken.number)):
        return None
    await _take_back(talk, taken)
    if meant is not None:
        return await take_cause(talk, taken.menu, taken.earlier, meant)
    outcome = ask_cause(talk, class_id, taken.menu.facts["students"], await talk.pupils(class_id))
    return Picked(talk.inbound, (class_id,), {}, replaces=False) if reading is not None and reading.says_today else outcome


async def _taken(talk: Talk) -> _Taken | None:
    """What the writer's last text before this one picked, if it picked a cause not long ago."""
    before = select(Inbound).where(Inbound.contact_id == talk.speaker.contact_id, Inbound.id < talk.inbound.id)
    last = await talk.work.session.scalar(before.order_by(Inbound.id.desc()).limit(1))
    menu = await talk.work.session.get(Question, last.question_id) if last is not None and last.question_id is not None else None
    if last is None or menu is None or menu.facts.get("pick") not in {"cause", "number"} or not _is_fresh(talk, menu):
        return None
    number = cause_number(without_correction(normalise(last.body).strip())[0])
    if menu.facts["pick"] == "number":
        number, menu = menu.facts["number"], await talk.work.session.get_one(Question, menu.facts["menu"])
    if number is None or number == NONE_OF_THEM or menu.facts["evening"] != talk.evening:
        return None
    return _Taken(menu, await talk.work.session.get_one(Inbound, menu.facts["inbound_id"]), number)


def _is_fresh(talk: Talk, menu: Question) -> bool:
    return menu.state == "answered" and menu.ended_at is not None and talk.work.now - menu.ended_at < LIFE


async def _names_the_seat(talk: Talk, class_id: int, reading: SheetReading, number: int) -> bool:
    """Whether it says of the pupil in that seat, and of nobody else, that they are absent."""
    pupil = seated(number, await talk.pupils(class_id))
    return pupil is not None and [entry.student_id for entry in reading.absent] == [pupil.student_id]


async def _take_back(talk: Talk, taken: _Taken) -> None:
    student_id = taken.menu.facts["students"][0]
    await take_word_back(talk.work, student_id, taken.earlier.id, talk.speaker.today, OFFERED[taken.number - 1])
