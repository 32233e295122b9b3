"""What was not understood: asked back once with digits; after that, or where nothing was asked, a named person reads it and calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot.dialogs.checking_back import check_back
from bot.dialogs.complaining import say_taken_up
from bot.dialogs.follow_ups import ask_once_more, days_offered
from bot.dialogs.phrases import choices, listed, parted_options
from bot.dialogs.promising import say_who_calls, task_of_text
from bot.dialogs.reading_along import follows_complaint, is_kept_from_school, joins_alarm, let_it_be_read
from bot.dialogs.speaker import faded_question
from bot.dialogs.talk import ASKED, Talk
from bot.outbox.questions import FOLLOW_UPS
from bot.replies import Reading
from bot.replies.action import HOPELESS
from bot.replies.hints import digit_alone, leaves_day_open
from bot.replies.normalise import normalise
from cases.after_complaint import add_to_complaint
from cases.letters import letter_ids
from cases.triage import hand_over, join_open
from storage.tables import Contact, Student

MOST_MISSES = 2
_FIRST_TO_JOIN = 2  # texts of a task, with the one that opened it


async def not_understood(talk: Talk, readings: Sequence[Reading] = ()) -> str:
    """Gives what became of the text in a word. `readings`: what it may mean; where one is hopeless, no question would help."""
    if await _ask_faded(talk):  # which question was answered is open: no failure to understand
        return "asked_back"
    says_more = digit_alone(normalise(talk.inbound.body)) is None
    if says_more and await follows_complaint(talk):
        await give_to_a_person(talk, talk.child())
        return "handed_over"
    if says_more and await joins_alarm(talk):
        talk.say("handed_over", talk.child())  # no menu for a family whose child is looked for
        return "handed_over"
    nothing_read = all(reading.intent == "unknown" for reading in readings)
    if nothing_read and await _joins(talk):
        return "handed_over"
    contact = await talk.work.session.get_one(Contact, talk.speaker.contact_id)
    contact.misses += 1
    is_hopeless = any(reading.confidence <= HOPELESS for reading in readings)
    if contact.misses < MOST_MISSES and not is_hopeless and await _ask_again(talk, readings):
        await let_it_be_read(talk, talk.child())
        return "asked_back"
    contact.misses = 0
    if nothing_read or not await _joins(talk):
        await give_to_a_person(talk, talk.child())
    return "handed_over"


async def _joins(talk: Talk) -> bool:
    """Somebody is going to call already: they read this text, too, and the family hears so of the first one that joins."""
    if await is_kept_from_school(talk):
        return False
    task = await join_open(talk.work, [child.id for child in talk.children], talk.inbound)
    if task is not None and len(letter_ids(task)) == _FIRST_TO_JOIN:
        await say_who_calls(talk, talk.child(task.student_id), task)
    return task is not None


async def _ask_again(talk: Talk, readings: Sequence[Reading]) -> bool:
    question = talk.question
    if question is not None and question.kind in FOLLOW_UPS:
        for one in talk.together:
            ask_once_more(talk, one)
        return True
    is_digit = talk.inbound.body.strip().isdigit()
    if question is not None and question.kind in ASKED and (question.state == "open" or is_digit):
        _ask_of_all(talk, question.kind, readings)
        return True
    if talk.faded is not None and talk.faded.kind in ASKED:
        ask_back(replace(talk, question=talk.faded, together=[talk.faded]), talk.child(), talk.faded.kind)
        return True
    return False


def _ask_of_all(talk: Talk, kind: str, readings: Sequence[Reading]) -> None:
    """Where only the day of a promise is open, only the day is asked; where each child's case is nearly sure, whether it is so."""
    children, speaker = talk.asked_about(), talk.speaker
    is_open = leaves_day_open(talk.inbound.body, children=talk.named(), today=speaker.today, school=speaker.school_year)
    if is_open and len(children) == 1 and kind != "confirm_return":
        days, offered = days_offered(talk)
        talk.ask(
            kind, "promise_day", children[0], options=listed(offered), choices=offered, days=[day.isoformat() for day in days],
            words_id=talk.inbound.id,
        )  # fmt: skip
    elif not check_back(talk, children, kind, readings):
        for child in children:
            ask_back(talk, child, kind)


def picked_day(talk: Talk) -> list[Reading] | None:
    """What a digit promises where days were offered; the last one, that nobody knows yet, is for a person."""
    days = talk.question.facts.get("days") if talk.question is not None and talk.question.kind in ASKED else None
    digit = digit_alone(normalise(talk.inbound.body)) if days else None
    if not days or digit is None or not 0 < digit <= len(days) + 1:
        return None
    if digit > len(days):
        return [Reading(talk.child().id, "unknown", None, HOPELESS, talk.inbound.body)]
    return [Reading(talk.child().id, "will_return", date.fromisoformat(days[digit - 1]), 1.0, talk.inbound.body)]


def with_first_words(talk: Talk) -> Talk:
    """What is kept of the answer are the family's own words, not the digit that picks a day or says that it was understood rightly."""
    return replace(talk, words_id=talk.question.facts.get("words_id") if talk.question is not None else None)


async def _ask_faded(talk: Talk) -> bool:
    """A bare digit after the question expired is never guessed: the same is asked again. False where there is no such digit or question."""
    if digit_alone(normalise(talk.inbound.body)) is None:
        return False
    faded = talk.faded or (await faded_question(talk.work, talk.speaker) if talk.question is None else None)
    if faded is None or faded.kind not in (*ASKED, *FOLLOW_UPS):
        return False
    again = replace(talk, question=faded, together=[faded])
    if faded.kind in FOLLOW_UPS:
        ask_once_more(again, faded)
    else:
        ask_back(again, again.child(), faded.kind)
    return True


def ask_anew(talk: Talk) -> str:
    """The family meant something else than what it was asked: the whole question, and no second failure is counted."""
    for child in talk.asked_about():
        ask_back(talk, child, talk.kind or "absence")
    return "asked_back"


def ask_back(talk: Talk, child: Student, kind: str) -> None:
    """The question in digits."""
    offered = choices(kind)
    talk.ask(kind, "reply_clarify", child, **parted_options(offered), choices=offered)


async def give_to_a_person(talk: Talk, child: Student) -> None:
    """The class teacher reads it and calls; what may be said against the school is read at the county, and no name is given.

    Whoever has complained is told the number under which it is read.
    """
    is_kept = await is_kept_from_school(talk)
    if is_kept and (complaint := await add_to_complaint(talk.work, talk.inbound)) is not None:
        await say_taken_up(talk.work, talk.inbound, talk.speaker, complaint.id)
        return
    await hand_over(talk.work, child.id, talk.inbound, county=is_kept)
    await say_who_calls(talk, child, None if is_kept else await task_of_text(talk))
