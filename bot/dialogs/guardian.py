"""A family answers, or writes unasked: understood and confirmed in one line, asked back once, or handed to a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from bot.dialogs.answering import answer, answered
from bot.dialogs.consenting import ASKED, take_choice
from bot.dialogs.phrases import may_be_repeated, phrase, spoken_day
from bot.dialogs.speaker import Speaker, faded_question
from bot.replies import Child, Reading, read_guardian, touches_on
from cases.answers import Said, take_answer
from cases.corrections import last_answers, undo_answer
from cases.triage import hand_over
from storage.tables import CaseFile, Contact, Inbound, Question, Student
from storage.work import Work

SURE = 0.7
"""Below this a reading is asked back rather than acted on."""
UNDO_WITHIN = timedelta(days=2)
CHOICES = ("opt_out", "opt_in")
"""What somebody says of themselves, whichever child they have."""


@dataclass(frozen=True)
class Talk:
    """One text of a family, with what is known around it.

    `question` is what it answers; `together` are all the questions that the same message asked, a child each.
    """

    work: Work
    inbound: Inbound
    speaker: Speaker
    question: Question | None
    together: list[Question]
    children: list[Student]

    def about(self, student: Student) -> Question | None:
        """What was asked about this child; else what was asked."""
        return next((question for question in self.together if question.student_id == student.id), self.question)

    def say(self, template: str, student: Student, **facts: str) -> None:
        answer(
            self.work, self.inbound, self.speaker, template, area_code=student.area_code, facts=facts,
            about={"student_id": student.id, "case_id": self._case_of(student)},
        )  # fmt: skip

    def _case_of(self, student: Student) -> int | None:
        question = self.about(student)
        return question.case_id if question and question.student_id == student.id else None


async def hear_guardian(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Reads and acts on a family's text; None where no child is known here."""
    children = await _children(work, speaker)
    if not children:
        return None
    question = speaker.question(*ASKED, "choose")
    talk = Talk(work, inbound, speaker, question, _together(speaker, question), children)
    text, kind = await _text(talk)
    named = [Child(child.id, child.name) for child in children]
    readings = read_guardian(text, question=kind, children=named, today=speaker.today)
    return await _respond(talk, readings)


def _together(speaker: Speaker, question: Question | None) -> list[Question]:
    if question is None or question.message_id is None:
        return []
    return [one for one in speaker.questions if one.message_id == question.message_id and one.kind == question.kind]


async def _children(work: Work, speaker: Speaker) -> list[Student]:
    """The children of this contact; those with an open case first, since most texts are about them."""
    open_case = select(CaseFile.student_id).where(CaseFile.state == "open", CaseFile.student_id.in_(speaker.children))
    urgent = set(await work.session.scalars(open_case))
    found = await work.session.scalars(select(Student).where(Student.id.in_(speaker.children)).order_by(Student.id))
    return sorted(found, key=lambda child: child.id not in urgent)


async def _text(talk: Talk) -> tuple[str, str | None]:
    """The text and the kind of question it answers.

    "Which child?" is answered by number: then the first text is read again, for that child.
    """
    question = talk.question
    if question is None or question.kind != "choose":
        return talk.inbound.body, question.kind if question else None
    picked = talk.inbound.body.strip().rstrip(".。、号")
    chosen = question.facts["children"]
    if not picked.isdigit() or not 0 < int(picked) <= len(chosen):
        return talk.inbound.body, None
    first = await talk.work.session.get_one(Inbound, question.facts["inbound_id"])
    talk.children.sort(key=lambda child: child.id != chosen[int(picked) - 1])
    del talk.children[1:]
    await answered(talk.work, talk.inbound, question)
    return first.body, question.facts.get("asked")


async def _respond(talk: Talk, readings: list[Reading]) -> str:
    dangers = [reading for reading in readings if reading.intent == "safety"]
    if dangers:
        return await _danger(talk, dangers)
    if readings and readings[0].intent == "undo":
        return await _undo(talk)
    sure = [reading for reading in readings if reading.intent != "unknown" and reading.confidence >= SURE]
    if not sure or len(sure) < len(readings):
        return await _not_understood(talk)
    if any(reading.student_id is None and reading.intent not in CHOICES for reading in sure) and _several(talk):
        return _which_child(talk)
    await _clear_misses(talk)
    outcomes = [await _act(talk, reading, child) for reading in sure for child in _meant(talk, reading)]
    return outcomes[0]


def _meant(talk: Talk, reading: Reading) -> list[Student]:
    """The child that is named; without a name, every child that the answered message asked about."""
    if reading.student_id is not None or len(talk.together) < 2:
        return [_child(talk, reading)]
    asked = {question.student_id for question in talk.together}
    return [child for child in talk.children if child.id in asked]


def _several(talk: Talk) -> bool:
    """Whether it is open which child is meant: no question was asked about one, and there are several."""
    return len(talk.children) > 1 and (talk.question is None or talk.question.student_id is None)


def _child(talk: Talk, reading: Reading) -> Student:
    asked = talk.question.student_id if talk.question else None
    wanted = reading.student_id or asked
    return next((child for child in talk.children if child.id == wanted), talk.children[0])


async def _danger(talk: Talk, dangers: list[Reading]) -> str:
    """Told to people in the same minute; to the family only that somebody will call, since the wrong person may hold the phone."""
    child = _child(talk, dangers[0])
    await take_answer(talk.work, _said(talk, child, dangers[0]))
    talk.say("handed_over", child)
    return "safety"


def _said(talk: Talk, child: Student, reading: Reading) -> Said:
    question = talk.about(child)
    question_id = question.id if question and question.kind != "choose" else None
    accuses = touches_on(talk.inbound.body, "complaint")
    person_id, contact_id = talk.speaker.person_id, talk.speaker.contact_id
    return Said(child.id, person_id, reading.intent, reading.on, talk.inbound.id, question_id, contact_id, accuses, reading.since)


async def _undo(talk: Talk) -> str:
    """ "不对" takes back the last answer and asks again."""
    answers = await last_answers(talk.work, talk.speaker.person_id, UNDO_WITHIN)
    if not answers:
        return await _not_understood(talk)
    for given in answers:
        await undo_answer(talk.work, given)
        child = next((child for child in talk.children if child.id == given.student_id), talk.children[0])
        answer(
            talk.work, talk.inbound, talk.speaker, "undone", area_code=child.area_code, question="absence",
            about={"student_id": child.id, "case_id": given.case_id},
        )  # fmt: skip
    return "undone"


async def _not_understood(talk: Talk) -> str:
    """Asked back once with digits; after that, or where nothing was asked, a named person reads it and calls."""
    contact = await talk.work.session.get_one(Contact, talk.speaker.contact_id)
    contact.misses += 1
    child = _child(talk, Reading(None, "unknown", None, 0.0, ""))
    kind = talk.question.kind if talk.question else None
    faded = await faded_question(talk.work, contact.id) if talk.question is None and talk.inbound.body.strip().isdigit() else None
    if contact.misses < 2 and (kind in ASKED or faded is not None):
        for unclear in _meant(talk, Reading(None, "unknown", None, 0.0, "")):
            _ask_back(talk, unclear, kind or (faded.kind if faded else "absence"), faded)
        return "asked_back"
    contact.misses = 0
    await _give_to_a_person(talk, child)
    talk.say("handed_over", child)
    return "handed_over"


async def _give_to_a_person(talk: Talk, child: Student) -> None:
    """The class teacher reads it; what may be a complaint about the school is read at the county."""
    await hand_over(talk.work, child.id, talk.inbound, county=touches_on(talk.inbound.body, "complaint"))


def _ask_back(talk: Talk, child: Student, kind: str, faded: Question | None) -> None:
    asked = talk.about(child) or faded
    answer(
        talk.work,
        talk.inbound,
        talk.speaker,
        "reply_clarify",
        area_code=child.area_code,
        question=kind,
        facts={"options": phrase(f"options.{kind}")},
        about={
            "student_id": asked.student_id if asked else child.id,
            "case_id": asked.case_id if asked else None,
            "notice_id": asked.notice_id if asked else None,
        },
    )


def _which_child(talk: Talk) -> str:
    options = " ".join(f"{number}{child.name[1:] or child.name}" for number, child in enumerate(talk.children, start=1))
    answer(
        talk.work, talk.inbound, talk.speaker, "which_child", area_code=talk.children[0].area_code, question="choose",
        facts={
            "options": options, "children": [child.id for child in talk.children], "inbound_id": talk.inbound.id,
            "asked": talk.question.kind if talk.question else None,
        },
    )  # fmt: skip
    return "which_child"


async def _clear_misses(talk: Talk) -> None:
    contact = await talk.work.session.get_one(Contact, talk.speaker.contact_id)
    contact.misses = 0


async def _act(talk: Talk, reading: Reading, child: Student) -> str:
    if reading.intent in CHOICES:
        return await take_choice(talk.work, talk.inbound, talk.speaker, reading.intent, talk.question, child)
    given = await take_answer(talk.work, _said(talk, child, reading))
    question = talk.about(child)
    if question is not None and question.state == "open" and question.kind != "choose":
        await answered(talk.work, talk.inbound, question)
    rule = talk.speaker.plan.answers.get(reading.intent)
    if rule is None or rule.effect == "person" or reading.intent == "complaint":
        await _person(talk, child, reading)
    elif reading.intent == "wrong_number":
        talk.say("wrong_number_thanks", child)
    elif not await _struck_off(talk, given.case_id):
        _confirm(talk, child, reading, given.effects, sensitive=rule.sensitive)
    return reading.intent


async def _struck_off(talk: Talk, case_id: int | None) -> bool:
    """This answer ended the case: the family is welcomed back, and one message is enough."""
    case = await talk.work.session.get(CaseFile, case_id) if case_id is not None else None
    return case is not None and case.closed_at == talk.work.now


async def _person(talk: Talk, child: Student, reading: Reading) -> None:
    """A complaint has its own task at the county and never goes to the school."""
    if reading.intent != "complaint":
        await _give_to_a_person(talk, child)
    talk.say("handed_over", child)


def _confirm(talk: Talk, child: Student, reading: Reading, effects: dict[str, str], *, sensitive: bool) -> None:
    """One line that says what was understood; what could hurt the child is never repeated back."""
    if sensitive or not may_be_repeated(reading.intent):
        talk.say("handed_over", child)
    else:
        talk.say("reply_understood", child, understood=_understood(talk, reading, effects))


def _understood(talk: Talk, reading: Reading, effects: dict[str, str]) -> str:
    if "promised_for" in effects and reading.on is not None:
        return phrase("understood.will_return", on=spoken_day(date.fromisoformat(effects["promised_for"])))
    if (until := effects.get("until")) is not None:
        back = talk.speaker.calendar.nth_school_day(date.fromisoformat(until) + timedelta(days=1), 1)
        return phrase(f"understood.{reading.intent}_until", on=spoken_day(back))
    if reading.intent == "will_return" and reading.on is None:
        return phrase("understood.will_return_undated")
    return phrase(f"understood.{reading.intent}", on=spoken_day(reading.on or talk.speaker.today))
