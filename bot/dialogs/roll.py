"""Somebody at a school or bureau says what happened to a child's enrolment or register. One message, one line back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from sqlalchemy import update

from bot.dialogs.phrases import phrase, spoken_day
from bot.dialogs.roll_registers import agent_parent, arrangement, card, category, lessons, paired, unpaired
from bot.dialogs.roll_said import PICK, AskBack, Roll, child_meant
from bot.dialogs.speaker import Speaker, area_of
from bot.replies.dates import find_days
from bot.replies.roll import RollReading, read_roll
from cases.child_search import Candidate, schools_called
from cases.enrolment_words import NotTaken
from cases.rooms import room_named
from cases.said import Said, said_by
from cases.school_roll import enter, graduate_class, resume, suspend
from cases.transfers import Destination, arrive, transfer_out
from cases.words import words
from storage.tables import Inbound, Question, School, SchoolClass, Student
from storage.work import Work


async def hear_roll(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Takes the text as something said of enrolment or a register, or as the number that picks; None when it is neither."""
    if not speaker.staff:
        return None
    question = speaker.questions[0] if speaker.questions and speaker.questions[0].kind == PICK else None
    picked = _number(inbound.body, question)
    if question is not None and picked is not None:
        return await _picked(work, inbound, speaker, question, picked)
    reading = read_roll(inbound.body)
    return await _carry_out(work, inbound, speaker, inbound, reading, {}) if reading is not None else None


def _number(body: str, question: Question | None) -> int | None:
    said = body.strip().rstrip(".。、")
    if question is None or not said.isdecimal() or not 0 < int(said) <= len(question.facts["options"]):
        return None
    return int(said) - 1


async def _picked(work: Work, inbound: Inbound, speaker: Speaker, question: Question, number: int) -> str | None:
    question.state, question.ended_at = "answered", work.now
    source = await work.session.get_one(Inbound, question.facts["inbound_id"])
    reading = read_roll(source.body)
    if reading is None:
        return None
    picks = {**question.facts["picks"], question.facts["which"]: question.facts["options"][number]}
    return await _carry_out(work, inbound, speaker, source, reading, picks)


async def _carry_out(
    work: Work, inbound: Inbound, speaker: Speaker, source: Inbound, reading: RollReading, picks: dict[str, int]
) -> str:  # fmt: skip
    inbound.area_code = inbound.area_code or await area_of(work, speaker.staff_id)
    said = await said_by(work, speaker.plan, speaker.staff_id, today=speaker.today, evidence=source.body)
    roll = Roll(work, inbound, speaker, source, reading, said, picks)
    await _end_questions(roll)
    try:
        async with work.attempt():
            what = await ACTS[reading.what](roll)
    except NotTaken as refusal:
        return roll.say("roll_refused", reason=refusal.text())
    except AskBack as asked:
        return _ask(roll, asked)
    return roll.say("roll_changed", what=what)


async def _end_questions(roll: Roll) -> None:
    """What was asked back before is overtaken by this text."""
    mine = update(Question).where(
        Question.contact_id == roll.speaker.contact_id, Question.kind == PICK, Question.state == "open"
    )  # fmt: skip
    await roll.work.session.execute(mine.values(state="withdrawn", ended_at=roll.work.now))


def _ask(roll: Roll, asked: AskBack) -> str:
    until = roll.work.now + timedelta(minutes=roll.speaker.plan.dialogs.ask_back_minutes)
    listed = " ".join(f"{number}{one.shown}" for number, one in enumerate(asked.found, start=1))
    return roll.say(
        "which_meant", question=PICK, question_expires=until.isoformat(), said=asked.said, listed=listed, which=asked.which,
        options=[one.id for one in asked.found], inbound_id=roll.source.id, picks=roll.picks,
    )  # fmt: skip


async def _own_schools(roll: Roll) -> list[School]:
    ids = {post.school_id for post in roll.said.posts if post.school_id is not None}
    return [await roll.work.session.get_one(School, school_id) for school_id in sorted(ids)]


async def _transfer(roll: Roll) -> str:
    student = await child_meant(roll)
    to = await _destination(roll)
    gap = await transfer_out(roll.work, roll.said, student, to)
    due = spoken_day(roll.speaker.calendar.day_of(gap.due_at))
    return phrase("roll.transferred", child=student.name, school=to.name, due=due)


async def _destination(roll: Roll) -> Destination:
    """One of the prefecture's schools; a full name of a school elsewhere is kept as it was said."""
    if (picked := roll.picks.get("school")) is not None:
        school = await roll.work.session.get_one(School, picked)
        return Destination(school.name, school)
    name = roll.reading.rest.strip(" 。.,，")
    found = await schools_called(roll.work, name, roll.inbound.area_code or "")
    if len(found) == 1 and found[0].name == name:
        return Destination(name, found[0])
    if found:
        raise AskBack("school", name, [Candidate(school.id, school.name) for school in found])
    if not words().names_school(name):
        raise NotTaken("no_school", said=name)
    return Destination(name)


async def _into_class(roll: Roll, use: Callable[[Work, Said, Student, SchoolClass], Awaitable[None]], told: str) -> str:
    """A child takes its place in a class of the writer's own school."""
    student, schools = await child_meant(roll), await _own_schools(roll)
    if not schools:
        raise NotTaken("at_school")
    room = await room_named(roll.work, roll.speaker.plan, roll.reading.rest, schools)
    await use(roll.work, roll.said, student, room)
    return phrase(told, child=student.name, room=room.name)


async def _arrive(roll: Roll) -> str:
    return await _into_class(roll, arrive, "roll.arrived")


async def _enter(roll: Roll) -> str:
    return await _into_class(roll, enter, "roll.entered")


async def _suspend(roll: Roll) -> str:
    student = await child_meant(roll)
    until = max((day.on for day in find_days(roll.reading.rest, roll.speaker.today) if day.on is not None), default=None)
    if until is None:
        raise NotTaken("say_until")
    await suspend(roll.work, roll.said, student, until)
    return phrase("roll.suspended", child=student.name, until=_full_day(until, roll.speaker.today))


def _full_day(day: date, today: date) -> str:
    return spoken_day(day) if day.year == today.year else phrase("roll.day", year=str(day.year), day=spoken_day(day))


async def _resume(roll: Roll) -> str:
    student = await child_meant(roll)
    schools = [await roll.work.session.get_one(School, student.school_id)] if student.school_id is not None else []
    room = await room_named(roll.work, roll.speaker.plan, roll.reading.rest, schools) if roll.reading.rest else None
    await resume(roll.work, roll.said, student, room)
    return phrase("roll.resumed", child=student.name)


async def _graduate(roll: Roll) -> str:
    room = await room_named(roll.work, roll.speaker.plan, roll.reading.rest, await _own_schools(roll))
    leaving = await graduate_class(roll.work, roll.said, room)
    return phrase("roll.graduated", room=room.name, count=str(len(leaving)))


ACTS: dict[str, Callable[[Roll], Awaitable[str]]] = {
    "transfer": _transfer, "arrive": _arrive, "enter": _enter, "suspend": _suspend, "resume": _resume, "graduate": _graduate,
    "category": category, "arrangement": arrangement, "pair": paired, "unpair": unpaired,
    "agent_parent": agent_parent, "card": card, "lessons": lessons,
}  # fmt: skip
