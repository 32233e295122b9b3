"""A family answers, or writes unasked: understood and confirmed in one line, asked back once, or handed to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import desc, exists, select

from bot.dialogs.answering import answered
from bot.dialogs.checking_back import confirmed, is_denied, is_unanswered, was_confirmed
from bot.dialogs.choosing import ask_which_child, chosen
from bot.dialogs.clarifying import ask_anew, give_to_a_person, not_understood, picked_day, with_first_words
from bot.dialogs.complaining import say_taken_up
from bot.dialogs.confirming import confirm
from bot.dialogs.consenting import take_choice
from bot.dialogs.follow_ups import hear_follow_up
from bot.dialogs.lessons import hear_lesson, take_lesson_back
from bot.dialogs.notice_number import about_named_notice
from bot.dialogs.publicity import KIND as PUBLICITY
from bot.dialogs.publicity import hear_of_absence, publicity_before
from bot.dialogs.reading_along import is_kept_from_school, let_it_be_read, show_beside, tell_searchers
from bot.dialogs.speaker import Speaker
from bot.dialogs.taking_back import UNDO_KEY, ask_again_instead, is_of_no_menu, last_of
from bot.dialogs.talk import ASKED, Talk, question_about, talk_of
from bot.outbox.questions import FOLLOW_UPS, LESSON
from bot.replies import Correction, Reading, correction_in, may_accuse_school, parted, read_guardian
from bot.replies.action import CHOICES, RECEIPT, TO_A_PERSON
from bot.replies.hints import digit_alone, takes_cause_back
from bot.replies.normalise import normalise
from cases.after_complaint import add_to_complaint
from cases.answers import take_answer
from cases.corrections import undo_answer
from cases.matter import NO_ANSWER, STARTS, Said
from storage.tables import CaseFile, GuardianAnswer, Inbound, Student
from storage.work import Work


async def hear_guardian(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Reads and acts on a family's text; None where no child is known here."""
    children = await _children(work, speaker)
    if not children:
        return None
    talk = await talk_of(work, inbound, speaker, children)
    await tell_searchers(talk)
    if (named := await about_named_notice(talk)) is not None:
        talk, text = named
        return await _respond(talk, _read(talk, text, "notice"))
    if (outcome := await hear_follow_up(talk) or await hear_lesson(talk)) is not None:
        return outcome
    talk, text, kind = await chosen(talk)
    if is_denied(talk):
        return await _undo(talk) if was_confirmed(talk) else ask_anew(talk)
    if (picked := picked_day(talk) or confirmed(talk)) is not None:
        return RECEIPT if was_confirmed(talk) else await _respond(with_first_words(talk), picked)
    asked = None if kind in {*FOLLOW_UPS, LESSON} else kind
    if talk.question is None and await publicity_before(work, inbound) is not None:
        asked = PUBLICITY
    readings = _read(talk, text, asked)
    other = await _about_another(talk, readings)
    if other is not None:
        talk, readings = other, _read(other, text, other.kind)
    wrong = None if is_unanswered(talk) else correction_in(text, talk.named())
    if wrong is not None and _corrects(wrong, readings):
        return await _correct(talk, wrong, readings)
    return await _respond(talk, readings)


async def _children(work: Work, speaker: Speaker) -> list[Student]:
    """The children of this contact; those with an open case first, since most texts are about them."""
    has_open_case = exists().where(CaseFile.state == "open", CaseFile.student_id == Student.id)
    found = select(Student).where(Student.id.in_(speaker.children)).order_by(desc(has_open_case), Student.id)
    return list(await work.session.scalars(found))


def _read(talk: Talk, text: str, kind: str | None) -> list[Reading]:
    speaker = talk.speaker
    return read_guardian(text, question=kind, children=talk.named(), today=speaker.today, school=speaker.school_year)


async def _about_another(talk: Talk, readings: list[Reading]) -> Talk | None:
    """The talk about the one child that is named, where the last question was about another."""
    named = {reading.student_id for reading in readings} - {None}
    asked = {question.student_id for question in talk.together}
    if len(named) != 1 or len(talk.children) < 2 or not asked or named <= asked:
        return None
    question = await question_about(talk, next(one for one in named if one is not None))
    return replace(talk, question=question, together=[question]) if question is not None else None


async def _respond(talk: Talk, readings: list[Reading]) -> str:
    dangers = [reading for reading in readings if reading.intent == "safety"]
    if dangers:
        return await _danger(talk, dangers)
    if readings and (readings[0].intent == "undo" or normalise(talk.inbound.body) == UNDO_KEY):
        meant = [reading for reading in readings if reading.intent != "undo"]
        if not meant or (not is_unanswered(talk) and await last_of(talk)):
            return await _undo(talk)
        readings = meant
    if _only_thanks(talk, readings):
        return RECEIPT
    sure, left = parted(readings)
    if not sure:
        return await hear_of_absence(talk) or await not_understood(talk, left)
    if left:
        return await _act_on_some(talk, sure, left)
    nobody_named = any(reading.student_id is None and reading.intent not in CHOICES for reading in sure)
    if nobody_named and (_several(talk) or await _answered_apart(talk)):
        await let_it_be_read(talk, talk.child())
        return ask_which_child(talk)
    await talk.understood()
    return await _act_on_all(talk, [(reading, child) for reading in sure for child in _meant(talk, reading)])


def _only_thanks(talk: Talk, readings: list[Reading]) -> bool:
    """A "thank you" after an answer, or where it is open about whom: nothing was asked or is said. One after a notice is proof."""
    if {reading.intent for reading in readings} != {RECEIPT} or talk.notice_id is not None or talk.kind == "notice":
        return False
    return talk.question.state != "open" if talk.question is not None else _several(talk)


def _meant(talk: Talk, reading: Reading) -> list[Student]:
    """The child that is named; without a name, every child that the answered message asked about."""
    return [talk.child(reading.student_id)] if reading.student_id is not None else talk.asked_about()


def _several(talk: Talk) -> bool:
    """Whether it is open which child is meant: no question was asked about one, and there are several."""
    asked = talk.question or talk.faded
    return len(talk.children) > 1 and (asked is None or asked.student_id is None)


async def _answered_apart(talk: Talk) -> bool:
    """Whether each of several children that were asked about has its own answer already: then nobody knows whose a new one corrects."""
    if len(talk.together) < 2 or any(question.state != "answered" for question in talk.together):
        return False
    given = [await last_of(talk, [child.id]) for child in talk.asked_about()]
    return all(given) and len({(one.inbound_id, one.intent, one.promised_on) for answers in given for one in answers[:1]}) > 1


async def _act_on_some(talk: Talk, sure: list[Reading], left: list[Reading]) -> str:
    """Acts on what is sure of children who were named, and asks about the others only: no child is asked about twice for one text."""
    outcome = await _act_on_all(talk, [(reading, talk.child(reading.student_id)) for reading in sure])
    named = {reading.student_id for reading in left}
    others = {child.id for child in talk.children} - {reading.student_id for reading in sure}
    meant = others if None in named else others & named
    open_now = {question.id: question for question in (*talk.together, *talk.speaker.questions)}.values()
    asked = [one for one in open_now if one.student_id in meant and one.state == "open" and one.kind in ASKED]
    if asked:
        unsure = [reading for reading in left if reading.student_id == asked[0].student_id]
        await not_understood(replace(talk, question=asked[0], together=asked), unsure)
    for student_id in meant & named - {question.student_id for question in asked}:
        await show_beside(talk, talk.child(student_id))
    return outcome


async def _danger(talk: Talk, dangers: list[Reading]) -> str:
    """Told to people in the same minute; to the family only that somebody will call, since the wrong person may hold the phone."""
    child = talk.child(dangers[0].student_id)
    await take_answer(talk.work, await _said(talk, child, dangers[0]))
    talk.say("handed_over", child)
    return "safety"


async def _said(talk: Talk, child: Student, reading: Reading) -> Said:
    question = talk.about(child)
    question_id = question.id if question and question.kind != "choose" else None
    accuses = await _accuses(talk, reading)
    person_id, contact_id = talk.speaker.person_id, talk.speaker.contact_id
    return Said(
        child.id, person_id, reading.intent, reading.on, talk.words_id or talk.inbound.id, question_id, contact_id, accuses, reading.since,
        talk.notice_id,
    )  # fmt: skip


async def _accuses(talk: Talk, reading: Reading) -> bool:
    """ "他又打娃了" names no school, but after a complaint it is meant; of a child that is lost the school has to hear."""
    body, complaints = talk.inbound.body, talk.speaker.plan.complaints
    if reading.intent == "safety" and complaints.kind_of(body) == complaints.unnamed:
        return may_accuse_school(body)
    return await is_kept_from_school(talk)


def _corrects(wrong: Correction, readings: list[Reading]) -> bool:
    """Whether "不对" is said of what was understood; "错，打错电话了" and a danger are heard as what they are."""
    if any(reading.intent == "safety" for reading in readings):
        return False
    return bool(wrong.named) or readings[0].intent == "undo" or not parted(readings)[0]


async def _correct(talk: Talk, wrong: Correction, readings: list[Reading]) -> str:
    """The last answer is taken back, and what is said instead is carried out at once; where that is not sure, all is asked again."""
    can_be_read = wrong.instead and not is_of_no_menu(talk, wrong.instead)
    instead = _read(talk, wrong.instead, talk.kind if talk.kind in ASKED else "absence") if can_be_read else []
    named = set(wrong.named) or {reading.student_id for reading in instead} - {None}
    answers = await last_of(talk, [child.id for child in talk.children if child.id in named] or None)
    meant, left = parted(instead)
    if not answers and meant and not left:
        return await _respond(talk, instead)
    if not answers or left or any(reading.intent in NO_ANSWER for reading in instead):
        return await (_undo(talk, answers) if answers or not instead else _respond(talk, readings))
    if not meant:
        return await _undo(talk, answers)
    if not named and len({(given.intent, given.promised_on) for given in answers}) > 1:
        return ask_which_child(talk)
    await talk.understood()
    corrected = [talk.child(student_id) for student_id in dict.fromkeys(given.student_id for given in answers)]
    said = [(one, child) for one in meant for child in ([talk.child(one.student_id)] if one.student_id is not None else corrected)]
    return await _act_on_all(replace(talk, takes_back=answers), said)


async def _undo(talk: Talk, answers: Sequence[GuardianAnswer] | None = None) -> str:
    """ "不对" takes back the last answer and asks again."""
    answers = await last_of(talk) if answers is None else answers
    if await take_lesson_back(talk, since=answers[0].at if answers else None):
        return "undone"
    if not answers:
        return await not_understood(talk)
    for given in answers:
        await undo_answer(talk.work, given)
        ask_again_instead(talk, given)
    return "undone"


async def _act_on_all(talk: Talk, meant: list[tuple[Reading, Student]]) -> str:
    """First everything is carried out, then it is confirmed: nothing is asked further while a question is still open."""
    meant = [(await _as_end_of_leave(talk, reading, child), child) for reading, child in meant]
    done = [(reading, child, await _act(talk, reading, child)) for reading, child in meant]
    for reading, child, given in done:
        if given is not None:
            await _answer(talk, reading, child, given)
    if not any(reading.intent in TO_A_PERSON for reading, _ in meant):
        await let_it_be_read(talk, meant[0][1])
    return done[0][0].intent


async def _as_end_of_leave(talk: Talk, reading: Reading, child: Student) -> Reading:
    """Nothing but a day, where the child is on leave: the day on which it comes back from it; so is a promise where no day is known."""
    is_said = reading.intent == "will_return" and reading.confidence < 1  # and no digit, nor a yes to what was put
    is_past = reading.on is not None and reading.on <= talk.speaker.today
    if not is_said or is_past or digit_alone(reading.evidence) is not None or takes_cause_back(talk.inbound.body):
        return reading
    last = await last_of(talk, [child.id])
    leaves = [one for one in last if one.effects.get("until", "") >= talk.speaker.today.isoformat() and STARTS not in one.effects]
    if not leaves or (
        _replaces(talk, reading, leaves[0]) and any(one.intent == "will_return" for one in _read(talk, reading.evidence, None))
    ):
        return reading
    return reading._replace(intent=leaves[0].intent)


def _replaces(talk: Talk, promise: Reading, leave: GuardianAnswer) -> bool:
    """Whether a promise in so many words stands in place of a leave: one that is taken back, or whose last day the family had named."""
    return leave in talk.takes_back or (promise.on is not None and leave.promised_on is not None)


async def _act(talk: Talk, reading: Reading, child: Student) -> GuardianAnswer | None:
    if reading.intent in CHOICES:
        is_asked = talk.question is not None and talk.question.state == "open"
        await take_choice(talk.work, talk.inbound, talk.speaker, reading.intent, talk.question if is_asked else None, child)
        return None
    before = [one for one in talk.takes_back if one.student_id == child.id]
    given = await take_answer(talk.work, await _said(talk, child, reading), instead_of=before)
    question = talk.about(child)
    if question is not None and question.state == "open" and question.kind in ASKED and STARTS not in given.effects:
        await answered(talk.work, talk.inbound, question)
    return given


async def _answer(talk: Talk, reading: Reading, child: Student, given: GuardianAnswer) -> None:
    rule = talk.speaker.plan.answers.get(reading.intent)
    if reading.intent == "complaint":  # it has its own task at the county and never goes to the school
        await _take_up(talk, given)
    elif rule is None or rule.effect == "person":
        await give_to_a_person(talk, child)
    elif rule.effect == "wrong_number":
        talk.say("wrong_number_thanks", child)
    elif reading.intent == RECEIPT and talk.question is None and "deadline" not in given.effects:
        return  # no notice was meant: thanks need no answer
    elif not await _struck_off(talk, given.case_id):
        await confirm(talk, child, reading, given)


async def _take_up(talk: Talk, given: GuardianAnswer) -> None:
    """Said again on the same day it is the same answer, but its words are read too."""
    added = await add_to_complaint(talk.work, talk.inbound)
    await say_taken_up(talk.work, talk.inbound, talk.speaker, added.id if added is not None else given.effects.get("complaint_id"))


async def _struck_off(talk: Talk, case_id: int | None) -> bool:
    """This answer ended the case: the family is welcomed back, and one message is enough."""
    case = await talk.work.session.get(CaseFile, case_id) if case_id is not None else None
    return case is not None and case.closed_at == talk.work.now
