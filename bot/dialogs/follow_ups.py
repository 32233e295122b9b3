"""After some answers a family is asked one thing more: which help, where the child has gone, until when it is away.

The answer itself is already acted on; what comes now only makes it more exact, so that silence costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.dialogs.answering import answered
from bot.dialogs.phrases import Choices, choices, listed, numbered, phrase, spoken_day, spoken_weekday
from bot.dialogs.promising import promised
from bot.dialogs.reading_along import let_it_be_read
from bot.dialogs.speaker import Speaker
from bot.dialogs.talk import Talk
from bot.replies import Reading, read_guardian
from bot.replies.action import HOPELESS, SURE
from bot.replies.dates import find_days
from bot.replies.hints import digit_alone
from bot.replies.normalise import normalise
from cases.aid import common_help
from cases.follow_ups import LONGEST, answer_of, note_help, note_place, note_until
from cases.words import words
from storage.tables import GuardianAnswer, Question, Student

_NUMBERS = re.compile(r"[0-9]{5,}")
_ENDS = "到至"
FITTING = {
    "help": {"hardship"}, "where": {"transferred", "migrated"}, "school": {"transferred", "migrated"},
    "until": {"will_return", "sick", "leave"},
}  # fmt: skip
"""Readings that only say more of the same; any other sure one is heard as an answer of its own."""
_OWN_WORDS = ("where", "school")
"""The answers that stand in a task as they were written: somebody reads every word of them anyway."""


@dataclass(frozen=True)
class More:
    """What a family added. `said`: in its own words, without numbers, cut to what a task carries."""

    digit: int | None
    said: str
    back: date | None = None


# --- asking ---------------------------------------------------------------------------------------------------------------------


async def ask_further(talk: Talk, child: Student, reading: Reading, given: GuardianAnswer, understood: str) -> bool:
    """Asks what the plan wants to know after this answer. False where the family has said it already, or another child is waiting."""
    rule = talk.speaker.plan.answers[reading.intent]
    if rule.ask is None or given.effects.get("outweighed") or not talk.speaker.plan.follow_ups.has(rule.ask):
        return False
    said = _cleaned(talk.inbound.body)
    if rule.ask == "help" and (kinds := _kinds_named(talk, said)):
        await note_help(talk.work, given, kinds, talk.inbound)
        await _thank_for_help(talk, child, given)
        return True
    if rule.ask == "where" and (words().names_school(said) or given.effects.get("place_said")):
        await note_place(talk.work, given, talk.inbound, said=said)
        return False
    if rule.ask == "until" and (reading.on or reading.since or given.effects.get("until_said")):
        return False
    if talk.awaits_another():
        return False
    OFFERS[rule.ask](talk, child, given, understood)
    return True


def _offer(talk: Talk, kind: str, template: str, child: Student, given: GuardianAnswer, offered: Choices, **facts: Any) -> None:
    expires = talk.work.now + timedelta(minutes=talk.speaker.plan.follow_ups.open_minutes)
    talk.ask(
        kind, template, child, still="answer_stands", asked_in=template, answer_id=given.id, options=listed(offered), choices=offered,
        question_expires=expires.isoformat(), **facts,
    )  # fmt: skip


def ask_once_more(talk: Talk, question: Question) -> None:
    """What was asked further, with its time anew; days are those that come now."""
    expires = talk.work.now + timedelta(minutes=talk.speaker.plan.follow_ups.open_minutes)
    facts = {**question.facts, "question_expires": expires.isoformat()}
    if question.kind == "until":
        days, offered = days_offered(talk)
        facts |= {"days": [day.isoformat() for day in days], "options": listed(offered), "choices": offered}
    talk.ask(question.kind, facts["asked_in"], talk.child(question.student_id), still="answer_stands", **facts)


def _offer_help(talk: Talk, child: Student, given: GuardianAnswer, _understood: str) -> None:
    _offer(talk, "help", "aid_question", child, given, numbered([kind.zh for kind in talk.speaker.plan.follow_ups.help.values()]))


def _offer_places(talk: Talk, child: Student, given: GuardianAnswer, understood: str) -> None:
    places = numbered([place.zh for place in talk.speaker.plan.follow_ups.where.values()])
    _offer(talk, "where", "transfer_check", child, given, places, understood=understood)


def _offer_days(talk: Talk, child: Student, given: GuardianAnswer, understood: str) -> None:
    """The next school days by their names, and that the family cannot say yet."""
    days, offered = days_offered(talk)
    _offer(talk, "until", "leave_until", child, given, offered, understood=understood, days=[day.isoformat() for day in days])


def days_offered(talk: Talk) -> tuple[list[date], Choices]:
    """(days, a digit for each and one for "not known yet")."""
    calendar, today = talk.speaker.calendar, talk.speaker.today
    days = [calendar.nth_school_day(today + timedelta(days=1), count) for count in talk.speaker.plan.follow_ups.until_school_days]
    return days, numbered([*(spoken_weekday(day, today) for day in days), phrase("options.not_known")])


OFFERS: dict[str, Callable[[Talk, Student, GuardianAnswer, str], None]] = {
    "help": _offer_help, "where": _offer_places, "until": _offer_days,
}  # fmt: skip


# --- hearing --------------------------------------------------------------------------------------------------------------------


async def hear_follow_up(talk: Talk) -> str | None:
    """Takes the text as the answer to what was asked further; None where it is none."""
    kind = talk.kind
    if kind not in FITTING:
        return None
    readings = _read(talk, kind)
    more = _more(talk, kind, readings) if not _names_others(talk, readings) else None
    if more is None:
        return None
    taken = [await _take(talk, question, more) for question in _meant(talk, readings)]
    if not any(taken):
        return None
    await talk.understood()
    if kind not in _OWN_WORDS:
        await let_it_be_read(talk, talk.child())
    return kind


def _read(talk: Talk, kind: str) -> list[Reading]:
    asked = "absence" if kind == "until" else None
    return read_guardian(
        talk.inbound.body, question=asked, children=talk.named(), today=talk.speaker.today, school=talk.speaker.school_year
    )


def _names_others(talk: Talk, readings: Sequence[Reading]) -> bool:
    """ "All three come tomorrow" is more than the answer about the one child that was asked about further."""
    told = {reading.student_id for reading in readings if reading.confidence >= SURE}
    return bool(told - {None} - {question.student_id for question in talk.together})


def _meant(talk: Talk, readings: Sequence[Reading]) -> list[Question]:
    """The question about the child that is named; else all that the message asked."""
    named = {reading.student_id for reading in readings} if len(talk.together) > 1 else set()
    return [question for question in talk.together if question.student_id in named] or list(talk.together)


def _more(talk: Talk, kind: str, readings: Sequence[Reading]) -> More | None:
    if any(reading.intent in {"safety", "undo"} or reading.confidence <= HOPELESS for reading in readings):
        return None
    plain = _without_names(talk, normalise(talk.inbound.body)).strip(" ,.。")
    if (digit := digit_alone(plain)) is not None:
        return More(digit, "") if _is_offered(talk, digit) else None
    if any(reading.intent not in {*FITTING[kind], "unknown"} and reading.confidence >= SURE for reading in readings):
        return None
    more = More(None, _cleaned(talk.inbound.body), _back(plain, readings, talk.speaker) if kind == "until" else None)
    comes_some_day = kind == "until" and any(one.intent == "will_return" and one.confidence >= SURE for one in readings)
    return more if comes_some_day or _says_something(talk, kind, more) else None


def _is_offered(talk: Talk, digit: int) -> bool:
    return talk.question is not None and str(digit) in {answer for answer, _ in talk.question.facts["choices"]}


def _says_something(talk: Talk, kind: str, more: More) -> bool:
    if words().is_not_known(more.said):
        return True
    if kind == "until":
        return more.back is not None and more.back > talk.speaker.today
    if kind == "help":
        return bool(_kinds_named(talk, more.said))
    return len(more.said) >= 2 and not more.said.isdigit()


def _without_names(talk: Talk, plain: str) -> str:
    for child in talk.children:
        for name in (child.name, child.name[1:]):
            plain = plain.replace(name, "") if len(name) > 1 else plain
    return plain


def _cleaned(text: str) -> str:
    """A family's own words, as a person may read them in a task: without numbers, and short."""
    return _NUMBERS.sub("", " ".join(text.split()))[:LONGEST]


def _back(plain: str, readings: Sequence[Reading], speaker: Speaker) -> date | None:
    """The day on which the child comes back; "until Thursday" names the last day away."""
    days = [day for day in find_days(plain, speaker.today, speaker.school_year) if day.on is not None and day.kind != "now"]
    only = days[0] if len(days) == 1 else None
    if only is not None and only.on is not None and only.start > 0 and plain[only.start - 1] in _ENDS:
        return only.on + timedelta(days=1)
    read = [reading.on for reading in readings if reading.on is not None and reading.confidence >= SURE]
    return read[0] if read else only.on if only is not None else None


async def _take(talk: Talk, question: Question, more: More) -> bool:
    given = await answer_of(talk.work, question.facts["answer_id"])
    if given is None:
        return False
    await TAKES[question.kind](talk, talk.child(question.student_id), given, more)
    await answered(talk.work, talk.inbound, question)
    return True


async def _take_help(talk: Talk, child: Student, given: GuardianAnswer, more: More) -> None:
    """A digit, or words that the plan lists; that the family cannot say it is as good as "other"."""
    known = list(talk.speaker.plan.follow_ups.help)
    kinds = [known[more.digit - 1]] if more.digit else _kinds_named(talk, more.said) or known[-1:]
    await note_help(talk.work, given, kinds, talk.inbound)
    await _thank_for_help(talk, child, given)


def _kinds_named(talk: Talk, said: str) -> list[str]:
    kinds = talk.speaker.plan.follow_ups.help
    return [name for name, kind in kinds.items() if any(word in said for word in kind.words)]


async def _thank_for_help(talk: Talk, child: Student, given: GuardianAnswer) -> None:
    common = await common_help(talk.work, child)
    every = {"every_child": common} if common else {}
    talk.say("aid_info", child, **await promised(talk, given.effects.get("task_id")), **every)


async def _take_place(talk: Talk, child: Student, given: GuardianAnswer, more: More) -> None:
    """A place by its digit, then the school is asked for; the school itself, in words, is all that is needed."""
    places = talk.speaker.plan.follow_ups.where
    if more.digit is None:
        unsettled = next((key for key, place in places.items() if not place.settled), None)
        is_open = words().is_not_known(more.said)
        await note_place(talk.work, given, talk.inbound, place=unsettled if is_open else None, said=None if is_open else more.said)
        settled = not is_open and not words().names_school(more.said)
    else:
        place = list(places)[more.digit - 1]
        await note_place(talk.work, given, talk.inbound, place=place)
        settled = places[place].settled
    if settled:
        _offer(talk, "school", "transfer_school", child, given, choices("school"))
    else:
        _thank_for_place(talk, child)


async def _take_school(talk: Talk, child: Student, given: GuardianAnswer, more: More) -> None:
    """The school's name, that somebody may ask for it in a call (keypads have no letters), or that it is not known."""
    said = more.said if more.digit is None else dict(choices("school"))[str(more.digit)]
    await note_place(talk.work, given, talk.inbound, said=said)
    _thank_for_place(talk, child)


def _thank_for_place(talk: Talk, child: Student) -> None:
    talk.say("reply_understood", child, understood=phrase("understood.place_told"))


async def _take_until(talk: Talk, child: Student, given: GuardianAnswer, more: More) -> None:
    days = [date.fromisoformat(day) for day in talk.question.facts["days"]] if talk.question else []
    back = more.back if more.digit is None else days[more.digit - 1] if more.digit <= len(days) else None
    until = await note_until(talk.work, given, back)
    if until is None or back is None:
        talk.say("reply_understood", child, understood=phrase(f"understood.{given.intent}_open"))
        return
    first = talk.speaker.calendar.nth_school_day(until + timedelta(days=1), 1)
    talk.say("reply_understood", child, understood=phrase(f"understood.{given.intent}_until", on=spoken_day(first)))


TAKES: dict[str, Callable[[Talk, Student, GuardianAnswer, More], Awaitable[None]]] = {
    "help": _take_help, "where": _take_place, "school": _take_school, "until": _take_until,
}  # fmt: skip
