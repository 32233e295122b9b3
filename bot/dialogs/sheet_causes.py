"""A teacher writes why a pupil is away: who hears of it, and what the teacher is told; what is not clear is asked back once."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from typing import Any

from bot.dialogs.answering import answered
from bot.dialogs.phrases import numbered, parted_options, phrase
from bot.dialogs.picking import Picked, ask_for_more, ask_which
from bot.dialogs.sheet_changes import names_of
from bot.dialogs.sheet_talk import Talk
from bot.replies import Pupil, SheetReading, may_accuse_school
from bot.replies.picks import NONE_OF_THEM, read_picks
from cases.letters import join_living
from cases.staff_letters import reader_of, staff_letter, writer_of
from cases.teacher_word import Known, no_longer_asked, pass_on
from storage.tables import Inbound, Question

APART = "apart"
"""What is not written out on a phone: the county reads the words themselves."""
OFFERED = ("working", "hardship", "caring_family", "refuses_school", "transferred", APART)


async def pass_causes_on(talk: Talk, reading: SheetReading, away: Container[int] = ()) -> dict[int, str]:
    """Student → who has it now, as the receipt says it. `away`: those whose family would be asked."""
    found = {}
    for story in reading.stories:
        if story.sure and story.intent is not None:
            source = await talk.work.session.get_one(Inbound, talk.source_id)
            found[story.student_id] = await _passed_on(talk, story.student_id, story.intent, source, is_away=story.student_id in away)
    return found


async def let_it_be_known(talk: Talk, student_ids: Collection[int]) -> None:
    """That these are at school, or were named by mistake: whoever has been told of them reads it."""
    if not may_accuse_school(talk.inbound.body):
        await join_living(talk.work, student_ids, talk.inbound)


async def _passed_on(talk: Talk, student_id: int, intent: str, inbound: Inbound, *, is_away: bool) -> str:
    """What no plan has a rule for, as a child's death, a person reads."""
    speaker = talk.speaker
    writer = await writer_of(talk.work, speaker.plan, speaker.staff_id, speaker.staff)
    known = Known(student_id, intent, inbound.id, speaker.staff_id, writer, accuses_school=may_accuse_school(inbound.body))
    who = await pass_on(talk.work, known)
    if not who:
        return await _to_the_county(talk, student_id, inbound, intent, is_away=is_away)
    key = "alarm" if intent == "safety" else "told" if is_away else "passed_on"
    return phrase(f"next_step.{key}", who=who)


async def _picked(talk: Talk, student_id: int, cause: str, earlier: Inbound) -> str:
    if cause != APART:
        return await _passed_on(talk, student_id, cause, earlier, is_away=not talk.evening)
    return await _to_the_county(talk, student_id, earlier, cause, is_away=not talk.evening)


async def _to_the_county(talk: Talk, student_id: int, inbound: Inbound, cause: str, *, is_away: bool) -> str:
    """Its officer reads the words themselves."""
    work, speaker = talk.work, talk.speaker
    writer = await writer_of(work, speaker.plan, speaker.staff_id, speaker.staff)
    task = await staff_letter(work, inbound, speaker.staff_id, writer, inbound.area_code or "")
    await no_longer_asked(work, student_id, speaker.today, cause)
    return phrase(f"next_step.{'told' if is_away else 'passed_on'}", who=await reader_of(work, speaker.plan, task))


def says_only_causes(talk: Talk, class_id: int, reading: SheetReading) -> bool:
    """No sheet is asked for, and nothing is said of who is at school: a pupil may be betrothed and there all the same."""
    stories = {story.student_id: story for story in reading.stories if story.sure}
    named = {entry.student_id for entry in reading.absent}
    of_causes = bool(named) and named <= stories.keys() and not any(stories[one].away for one in named)
    return class_id not in talk.asked and of_causes and not (reading.arrived or reading.later or reading.same or reading.yesterday)


def say_who_has_it(talk: Talk, class_id: int, told: Mapping[int, str], pupils: Mapping[int, Pupil]) -> str:
    by_step: dict[str, list[int]] = {}
    for student_id, step in told.items():
        by_step.setdefault(step, []).append(student_id)
    said = "；".join(phrase("next_step.some", names=names_of(ids, pupils), step=step) for step, ids in by_step.items())
    return talk.say("cause_told", class_id, told=said)


def ask_unclear_causes(talk: Talk, class_id: int, reading: SheetReading, unexplained: Collection[int], pupils: Mapping[int, Pupil]) -> None:
    """Of those whose absence nothing else explains."""
    unclear = [story.student_id for story in reading.stories if not story.sure and story.student_id in unexplained]
    if unclear:
        ask_cause(talk, class_id, unclear, pupils)


def ask_cause(talk: Talk, class_id: int, students: Sequence[int], pupils: Mapping[int, Pupil]) -> str:
    """Of the first of these; once it is known, of the next."""
    offered = numbered([phrase(f"cause.{intent}") for intent in OFFERED])
    facts = {"pick": "cause", "students": [*students], "choices": offered, **parted_options(offered)}
    return ask_for_more(talk, "cause_unclear", class_id, {"name": pupils[students[0]].name, **facts})


async def picked_cause(talk: Talk, question: Question, earlier: Inbound) -> Picked | str | None:
    """The number of a cause; asked back where the sheet of another class waits for its answer, and the number may be that."""
    number = cause_number(talk.text)
    if number is None or question.facts["students"][0] not in await talk.pupils(question.facts["room_id"]):
        return None
    return await _whose_number(talk, question, number) or await take_cause(talk, question, earlier, number)


def cause_number(text: str) -> int | None:
    """The number of a cause, 0 for none of them; with 号 it is a seat."""
    picks = read_picks(text, options=len(OFFERED))
    return picks[0] if picks is not None and len(picks) == 1 else None


async def take_cause(talk: Talk, question: Question, earlier: Inbound, number: int) -> str:
    """What was picked is passed on and said back, with the way to take it back; of the next pupil it is asked then."""
    class_id, (student_id, *others) = question.facts["room_id"], question.facts["students"]
    pupils = await talk.pupils(class_id)
    await answered(talk.work, talk.inbound, question)
    said = ""
    if number != NONE_OF_THEM:
        said = await _picked(talk, student_id, OFFERED[number - 1], earlier)
    if said:
        seat = seated(number, pupils)
        facts: dict[str, Any] = {"seat": str(number)} if seat is not None and seat.student_id != student_id else {}
        outcome = talk.say(
            "cause_taken", class_id, name=pupils[student_id].name, picked=f"{number}{cause_named(number)}", told=said, **facts
        )
    else:
        outcome = say_who_has_it(talk, class_id, {student_id: phrase("next_step.going_on")}, pupils)
    still = [one for one in others if one in pupils]
    return ask_cause(talk, class_id, still, pupils) if still else outcome


def cause_named(number: int) -> str:
    """As the menu names it."""
    return phrase(f"cause.{OFFERED[number - 1]}")


def seated(seat: int, pupils: Mapping[int, Pupil]) -> Pupil | None:
    """The one pupil with this seat."""
    found = [pupil for pupil in pupils.values() if pupil.seat == seat]
    return found[0] if len(found) == 1 else None


async def _whose_number(talk: Talk, question: Question, number: int) -> str | None:
    """Which it answers, where it may be the sheet of another class as well."""
    class_id, student_id = question.facts["room_id"], question.facts["students"][0]
    name = (await talk.pupils(class_id))[student_id].name
    sheets = [(one, shown) for one in talk.asked if one != class_id and (shown := await _as_sheet(talk, one, number))]
    if not sheets:
        return None
    about = phrase("cause_or_sheet.cause", name=name, picked=cause_named(number)) if number else phrase("cause_or_sheet.none", name=name)
    facts = {"pick": "number", "menu": question.id, "number": number, "classes": [one for one, _ in sheets]}
    return ask_which(talk, "cause_or_sheet", class_id, [about, *(shown for _, shown in sheets)], facts, said=talk.text)


async def _as_sheet(talk: Talk, class_id: int, number: int) -> str:
    """What the number alone would say of this class; "" where it says nothing."""
    room = talk.room(class_id).name
    if number == NONE_OF_THEM:
        return phrase("cause_or_sheet.all", room=room)
    return phrase("cause_or_sheet.seat", room=room, seat=str(number)) if seated(number, await talk.pupils(class_id)) is not None else ""


async def picked_meaning(talk: Talk, question: Question, earlier: Inbound) -> Picked | str | None:
    """1 the cause, any other number a class: the number that was doubtful is read as that."""
    facts = question.facts
    picks = read_picks(talk.text, options=1 + len(facts["classes"]))
    if picks is None or len(picks) != 1 or picks == (NONE_OF_THEM,):
        return None
    if picks != (1,):
        return Picked(earlier, (facts["classes"][picks[0] - 2],), {})
    menu = await talk.work.session.get_one(Question, facts["menu"])
    await answered(talk.work, talk.inbound, question)
    return await take_cause(talk, menu, await talk.work.session.get_one(Inbound, menu.facts["inbound_id"]), facts["number"])
