"""Somebody at a school or bureau says what happened to a child's enrolment or register. One message, one line back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, update

from bot.dialogs.answering import answer
from bot.dialogs.phrases import phrase, spoken_day
from bot.dialogs.speaker import Speaker, area_of
from bot.replies.dates import find_days
from bot.replies.names import Named, nearly, plain_name
from bot.replies.normalise import normalise
from bot.replies.roll import RollReading, read_leaving, read_roll, read_teacher
from cases.child_search import Candidate, candidates, children_called, in_reach, names_in_reach, schools_called, staff_called
from cases.enrolment_words import NotTaken
from cases.home_teaching import plan_lessons
from cases.pairing import pair
from cases.registers import arrange, category_named, kind_named, register_rules, set_category
from cases.rolls import ON_ROLLS
from cases.rooms import room_named
from cases.said import Said, said_by
from cases.school_roll import ENTERING, enter, graduate_class, resume, suspend
from cases.transfers import ON_THE_WAY, Destination, arrive, transfer_out
from cases.words import words
from storage.tables import Inbound, Person, Question, School, SchoolClass, Student
from storage.work import Work

PICK = "roll"
"""Kind of the question by which a child or a school is asked back."""
MOST_NAMES = 5000
STATES = {
    "transfer": ON_ROLLS, "suspend": ON_ROLLS, "resume": ("suspended",), "enter": ENTERING, "arrive": (*ON_THE_WAY, *ON_ROLLS),
    "pair": (*ON_ROLLS, "suspended"), "category": (*ON_ROLLS, "suspended"), "arrangement": (*ON_ROLLS, "suspended", "unenrolled"),
    "lessons": (*ON_ROLLS, "suspended", "unenrolled"),
}  # fmt: skip
ELSEWHERE = {"arrive", "enter"}
"""What is said of a child that another school had: it is looked for in the whole prefecture."""


class AskBack(Exception):
    """Several fit, or only a name that sounds alike: the writer picks by number."""

    def __init__(self, which: str, said: str, found: Sequence[Candidate]) -> None:
        super().__init__(which)
        self.which, self.said, self.found = which, said, found


@dataclass(frozen=True)
class Roll:
    """One text with what has been picked for it already. `source`: the text that says it, which may be an earlier one."""

    work: Work
    inbound: Inbound
    speaker: Speaker
    source: Inbound
    reading: RollReading
    said: Said
    picks: dict[str, int]

    def say(self, template: str, *, question: str | None = None, **facts: object) -> str:
        area = self.inbound.area_code or ""
        answer(
            self.work, self.inbound, self.speaker, template, area_code=area, person_id=self.speaker.staff_id, facts=dict(facts),
            question=question,
        )  # fmt: skip
        return template


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


async def _child(roll: Roll) -> Student:
    """The child that is meant, locked. A name that fits several, or only sounds like somebody's, is asked back."""
    if (picked := roll.picks.get("child")) is not None:
        return await _locked(roll.work, picked)
    states, name = STATES[roll.reading.what], plain_name(roll.reading.child)
    within = _everywhere(roll) if roll.reading.what in ELSEWHERE else in_reach(roll.said)
    found = await children_called(roll.work, name, within, states) or await children_called(roll.work, name, in_reach(roll.said))
    if len(found) == 1:
        return await _locked(roll.work, found[0].id)
    if not found:
        known = await names_in_reach(roll.work, in_reach(roll.said), states, MOST_NAMES)
        found = await candidates(roll.work, nearly(normalise(name), [Named(child, called) for child, called in known]))
    if not found:
        raise NotTaken("no_child", said=roll.reading.child)
    raise AskBack("child", roll.reading.child, found)


def _everywhere(roll: Roll) -> ColumnElement[bool]:
    prefecture = min((post.area_code for post in roll.said.posts), key=len)[:4]
    return Student.area_code.startswith(prefecture) | Student.school_area_code.startswith(prefecture)


async def _locked(work: Work, student_id: int) -> Student:
    return await work.session.get_one(Student, student_id, with_for_update=True)


async def _own_schools(roll: Roll) -> list[School]:
    ids = {post.school_id for post in roll.said.posts if post.school_id is not None}
    return [await roll.work.session.get_one(School, school_id) for school_id in sorted(ids)]


async def _transfer(roll: Roll) -> str:
    student = await _child(roll)
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
    student, schools = await _child(roll), await _own_schools(roll)
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
    student = await _child(roll)
    until = max((day.on for day in find_days(roll.reading.rest, roll.speaker.today) if day.on is not None), default=None)
    if until is None:
        raise NotTaken("say_until")
    await suspend(roll.work, roll.said, student, until)
    return phrase("roll.suspended", child=student.name, until=_full_day(until, roll.speaker.today))


def _full_day(day: date, today: date) -> str:
    return spoken_day(day) if day.year == today.year else phrase("roll.day", year=str(day.year), day=spoken_day(day))


async def _resume(roll: Roll) -> str:
    student = await _child(roll)
    schools = [await roll.work.session.get_one(School, student.school_id)] if student.school_id is not None else []
    room = await room_named(roll.work, roll.speaker.plan, roll.reading.rest, schools) if roll.reading.rest else None
    await resume(roll.work, roll.said, student, room)
    return phrase("roll.resumed", child=student.name)


async def _graduate(roll: Roll) -> str:
    room = await room_named(roll.work, roll.speaker.plan, roll.reading.rest, await _own_schools(roll))
    leaving = await graduate_class(roll.work, roll.said, room)
    return phrase("roll.graduated", room=room.name, count=str(len(leaving)))


async def _category(roll: Roll) -> str:
    """Which group stays unsaid where its name may hurt on a shared phone."""
    student = await _child(roll)
    leaves, named = read_leaving(roll.reading.rest)
    rules = register_rules(roll.speaker.plan)
    key = category_named(rules, named)
    await set_category(roll.work, roll.said, student, key, present=not leaves, detail=kind_named(rules, key, named))
    if rules.categories[key].confidential:
        return phrase("roll.register", child=student.name)
    return phrase("roll.category_off" if leaves else "roll.category_on", child=student.name, category=rules.categories[key].zh)


async def _arrangement(roll: Roll) -> str:
    student = await _child(roll)
    await arrange(roll.work, roll.said, student, roll.reading.rest)
    return phrase("roll.register", child=student.name)


async def _pair(roll: Roll) -> str:
    student = await _child(roll)
    person = await _person(roll, roll.reading.rest)
    await pair(roll.work, roll.said, student, person)
    return phrase("roll.paired", child=student.name, person=person.name)


async def _person(roll: Roll, name: str) -> Person:
    """Only a full name, and only of one who can be reached."""
    found = await staff_called(roll.work, name.strip(), roll.said)
    if not found:
        raise NotTaken("no_person", said=name)
    if len(found) > 1:
        raise NotTaken("several_people", names="、".join(person.name for person in found))
    return found[0]


async def _lessons(roll: Roll) -> str:
    student = await _child(roll)
    named, left = read_teacher(roll.reading.rest)
    teacher = await _person(roll, named) if named else await roll.work.session.get_one(Person, roll.speaker.staff_id)
    days = [day.on for day in find_days(left, roll.speaker.today) if day.on is not None]
    made = await plan_lessons(roll.work, roll.said, student, teacher, days)
    return phrase("roll.lessons", child=student.name, person=teacher.name, days="、".join(spoken_day(day) for day in made))


ACTS: dict[str, Callable[[Roll], Awaitable[str]]] = {
    "transfer": _transfer, "arrive": _arrive, "enter": _enter, "suspend": _suspend, "resume": _resume, "graduate": _graduate,
    "category": _category, "arrangement": _arrangement, "pair": _pair, "lessons": _lessons,
}  # fmt: skip
