"""A teacher answers the sheet, corrects it, or corrects yesterday's; of one class or of several. One message on a normal day."""

from __future__ import annotations

from bot.dialogs.boarding import take_boarding
from bot.dialogs.cause_corrected import corrected_cause
from bot.dialogs.phrases import phrase
from bot.dialogs.picking import Picked, ask_which_class, end_picks, picked
from bot.dialogs.sheet_causes import picked_cause, picked_meaning
from bot.dialogs.sheet_talk import Talk, quoted, talk_of
from bot.dialogs.sheet_unclear import only_unseated, say_no_seat, say_what_stands
from bot.dialogs.sheets import take_sheet
from bot.dialogs.speaker import Speaker
from bot.replies import SheetReading, says_every_class
from bot.replies.classes import Section, is_about_a_class, split_by_class
from bot.replies.normalise import normalise
from storage.tables import Inbound
from storage.work import Work

HEARD = ("sheet_answered", "sheet_corrected", "sheet_held")
"""What became of a text of which at least a part was taken down; these words go before the others."""


async def hear_teacher(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Takes the text as a sheet; None when it is none, and somebody else should hear it."""
    talk = await talk_of(work, inbound, speaker)
    if talk is None:
        return None
    choice = await picked(talk, {"cause": picked_cause, "number": picked_meaning}) or await corrected_cause(talk)
    if isinstance(choice, str):
        return choice
    talk, sections, foreign = _sections(talk, choice)
    if foreign:
        return await _foreign(talk, foreign[0])
    named = bool(sections[0].class_ids)
    if named and not talk.asked and choice is None and not is_about_a_class(talk.text, talk.all_rooms):
        return None
    return await _take(talk, sections, named=named)


async def _foreign(talk: Talk, said: str) -> str | None:
    """A class that the writer does not answer for: nothing of the text is taken down."""
    first = next(iter(talk.rooms or talk.named))
    reading = await talk.reading(first, normalise(talk.text).replace(said, " "))
    if not (talk.asked or reading.says_today or reading.later or reading.speaks or reading.missing is not None):
        return None
    return talk.say("sheet_refused", first, reason=phrase("sheet_refused.other_class", said=said))


def _sections(talk: Talk, choice: Picked | None) -> tuple[Talk, list[Section], list[str]]:
    """What is said of which class. A choice among classes or pupils is about an earlier text, which is read again."""
    text = choice.text if choice is not None else talk.text
    sections, foreign = split_by_class(text, talk.all_rooms)
    if choice is None:
        return talk, sections, foreign
    own = [section for section in sections if set(section.class_ids) & set(choice.class_ids)] or sections[:1]
    talk = talk.about(choice.earlier, choice.meant, choice.replaces, choice.more)
    return talk, [Section(choice.class_ids, section.text) for section in own], []


async def _take(talk: Talk, sections: list[Section], *, named: bool) -> str | None:
    if not sections[0].class_ids and len(talk.rooms) > 1 and (reading := await _taken_back(talk, sections[0])) is not None:
        return await say_what_stands(talk, [*talk.rooms], yesterday=reading.yesterday)
    placed = [placed for section in sections for placed in await _placed(talk, section)]
    if not placed:
        return await _which(talk, sections[0])
    outcomes = []
    for class_id, text in placed:
        take = take_boarding if talk.evening else take_sheet
        outcomes.append(await take(talk, class_id, text, named=named or len(placed) > 1))
    told = [outcome for outcome in outcomes if outcome is not None]
    if told:
        await end_picks(talk)
    return next((outcome for outcome in told if outcome in HEARD), told[0] if told else None)


async def _taken_back(talk: Talk, section: Section) -> SheetReading | None:
    """Where the text only says that something was wrong, and quotes no message: of all classes."""
    reading = await talk.reading(next(iter(talk.rooms)), section.text)
    return reading if reading.takes_back and not await quoted(talk.work, talk.inbound, talk.asked.values()) else None


async def _placed(talk: Talk, section: Section) -> list[tuple[int, str]]:
    """(class, text): by the name in the text, by the message quoted, by the only open question, else by the only class."""
    class_ids = section.class_ids or await _classes_meant(talk, section.text)
    if len(class_ids) > 1 and not await _all_present(talk, class_ids, section.text):
        return []
    return [(class_id, section.text) for class_id in class_ids]


async def _classes_meant(talk: Talk, text: str) -> tuple[int, ...]:
    questions = await quoted(talk.work, talk.inbound, talk.asked.values())
    open_ones = [class_id for class_id, question in talk.asked.items() if not questions or question in questions]
    candidates = open_ones or list(talk.rooms)
    if len(candidates) < 2 or not open_ones:
        return tuple(candidates) if len(candidates) == 1 else await _by_names(talk, candidates, text)
    if says_every_class(text) and await _all_present(talk, tuple(candidates), text):
        return tuple(candidates)
    return await _by_names(talk, candidates, text)


async def _by_names(talk: Talk, candidates: list[int], text: str) -> tuple[int, ...]:
    """Pupils named in full say which class it is, where only one class has them."""
    found = [class_id for class_id in candidates if (await _names_somebody(talk, class_id, text))]
    return (found[0],) if len(found) == 1 else ()


async def _names_somebody(talk: Talk, class_id: int, text: str) -> bool:
    return any(pupil.name in text for pupil in (await talk.pupils(class_id)).values())


async def _all_present(talk: Talk, class_ids: tuple[int, ...], text: str) -> bool:
    return (await talk.reading(class_ids[0], text)).all_present


async def _which(talk: Talk, section: Section) -> str | None:
    """Several classes, and the text names none: asked back by number, where it reads as a sheet at all."""
    candidates = [*section.class_ids] or [class_id for class_id in talk.rooms if class_id in talk.asked or not talk.asked]
    readings = [await talk.reading(class_id, section.text) for class_id in candidates]
    if readings and all(only_unseated(reading) for reading in readings):
        return say_no_seat(talk, candidates, readings[0])
    if not any(reading.says_today or reading.later or reading.missing is not None for reading in readings):
        return None
    if section.class_ids:
        return talk.say("sheet_refused", candidates[0], reason=phrase("sheet_refused.class_by_class"))
    return ask_which_class(talk, candidates)
