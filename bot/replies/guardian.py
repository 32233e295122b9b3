"""What a guardian's reply means, for each child it is about. Rather `unknown` than wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from bot.replies.action import HOPELESS
from bot.replies.clauses import Clause, Share, as_of_the_child, only_the_name, share
from bot.replies.contrast import is_no_stranger, set_right
from bot.replies.danger import danger_in, weighed
from bot.replies.doubting import AGREED, PASSING, UNSURE, doubted
from bot.replies.kinds import Child, Reading
from bot.replies.leaving import LEAVES, When, day_beside, end_unread, ends, later_leave, names_later_day, only_a_day, sets_off_later
from bot.replies.lexicon import lexicon
from bot.replies.meanings import Heard, Meaning, hear
from bot.replies.names import Named, find_exact
from bot.replies.normalise import sounded_out
from bot.replies.numerals import number
from bot.replies.school_year import NO_SCHOOL_YEAR, SchoolYear
from bot.replies.set_out import never_arrived
from bot.replies.topics import in_context
from bot.replies.weighing import BACK_AT_SCHOOL, counting, doubtful, is_asked_first, not_back, one_of

_SURE, _PLAIN, _LOOSE, _WHO, _NOTHING = 1.0, 0.9, 0.85, 0.6, 0.1
_CONTRARY = re.compile(r"[0-9不没别错]|我是|是我|家长")
_MOST_UNREAD = 3
_MOST_EXCUSED = 10  # characters beside a bare day
_LONGEST = 500  # characters; a longer text is for a person
_ASIDE = frozenset({"acknowledged", "abusive"})  # of no weight beside anything else
_STRANGERS = frozenset({"wrong_number", "opt_out", "complaint", "question", "abusive"})  # "不是" before these takes nothing back
_ALONGSIDE = frozenset({"undo", "question"})  # said beside something else, and both hold


class _Said(NamedTuple):
    """What one share of the message means, before it is given to a child."""

    intent: str
    on: date | None
    confidence: float
    evidence: str
    since: date | None = None
    until: date | None = None


def read_guardian(
    text: str, *, question: str | None, children: Sequence[Child], today: date, school: SchoolYear = NO_SCHOOL_YEAR
) -> list[Reading]:
    """At least one reading per child spoken of; `question` is the kind of the open question, if any.

    A word about safety anywhere, signs that together say it, or a child that left for school and is not there, give one reading `safety`
    and no other. To `choose`, a digit
    counts the children as given and reads as confirm_yes for that child. `school`: what the plan knows of the school year.
    Never raises on any text.
    """
    plain = sounded_out(text, [child.name for child in children])
    if (danger := danger_in(plain)) is not None:
        return [Reading(_the_one(plain, children), "safety", None, _SURE, danger)]
    if len(plain) > _LONGEST:
        return [Reading(_the_one("", children), "unknown", None, HOPELESS, "")]
    if order := lexicon().patterns["instruction"].search(plain):
        return [Reading(_the_one("", children), "unknown", None, HOPELESS, order.group())]
    if not plain:
        return [Reading(_the_one("", children), "unknown", None, _NOTHING, "")]
    if question == "choose" and (chosen := _chosen(plain, children)):
        return [Reading(student_id, "confirm_yes", None, _SURE, plain) for student_id in chosen]
    when = When(today, school)
    readings = [reading for one in _shares(plain, children, question, when) for reading in _of_share(one, question, when)]
    readings = doubted(readings, text, plain, question, children=children, today=today, school=school)
    if (missing := never_arrived(plain, readings, question, children=len(children))) is not None:
        return [missing]
    return weighed(plain, readings, _the_one(plain, children)) or [Reading(None, "unknown", None, _NOTHING, "")]


def _the_one(plain: str, children: Sequence[Child]) -> int | None:
    if len(children) == 1:
        return children[0].student_id
    named = find_exact(plain, [Named(child.student_id, child.name) for child in children], pet_names=True)
    ids = {one for mention in named for one in mention.ids}
    return ids.pop() if len(ids) == 1 else None


def _chosen(plain: str, children: Sequence[Child]) -> tuple[int, ...]:
    digit = lexicon().patterns["digit"].match(plain)
    if digit and digit.end() == len(plain):
        place = number(digit[1]) or 0
        return (children[place - 1].student_id,) if 0 < place <= len(children) else ()
    named = only_the_name(plain, children)
    return named if len(named) == 1 else ()


def _shares(plain: str, children: Sequence[Child], question: str | None, when: When) -> list[Share]:
    """What stands before the first child that is named is said of all of them, so far as it says anything."""
    shares = share(as_of_the_child(plain, children), children)
    if len(shares) < 2 or shares[0].ids or shares[0].somebody:
        return shares
    clauses = shares[0].clauses
    heard = zip(clauses, _hear_all(clauses, question, when), strict=True)
    telling = tuple(clause for clause, one in heard if one.tells or lexicon().patterns["digit"].match(clause.text))
    return [one._replace(clauses=telling + one.clauses) for one in shares[1:]]


def _of_share(one: Share, question: str | None, when: When) -> list[Reading]:
    ids: tuple[int | None, ...] = one.ids or (None,)
    known = _WHO if one.somebody else _SURE
    said = _with_digit(one.clauses, question, when)
    return [
        Reading(student_id, each.intent, each.on, min(each.confidence, known), each.evidence, each.since, each.until)
        for student_id in ids
        for each in said
    ]


def _with_digit(clauses: Sequence[Clause], question: str | None, when: When) -> list[_Said]:
    """A digit in front, words, or both; both must say the same."""
    text = ",".join(clause.text for clause in clauses)
    digit = lexicon().patterns["digit"].match(text)
    if digit is None or lexicon().patterns["two_digits"].match(text):
        return _of_words(clauses, question, when)
    meant = _of_digit(number(digit[1]), question, when, evidence=digit[1])
    rest = text[digit.end() :].lstrip(",")
    if meant is None or not rest:
        return [meant or _unknown(digit[1])]
    return [_agreed(meant, rest, question, when)]


def _of_digit(value: int | None, question: str | None, when: When, *, evidence: str) -> _Said | None:
    words = lexicon()
    intent = words.digits.get(question or "", {}).get(value) if value is not None else None
    if value is None or intent is None:
        return None
    ahead = words.digit_days.get(question or "", {}).get(value)
    return _Said(intent, None if ahead is None else when.today + timedelta(days=ahead), _SURE, evidence)


def _agreed(meant: _Said, rest: str, question: str | None, when: When) -> _Said:
    clauses = [Clause(part, asked=False) for part in rest.split(",") if part]
    heard = _hear_all(clauses, question, when)
    said = [one for one in _of_words(clauses, question, when) if one.intent != "unknown"]
    if not said:
        vague = (
            any(one.denied or one.unclear or one.hedged or one.of_others for one in heard)
            or _CONTRARY.search(rest)
            or _unread(rest) > _MOST_UNREAD
        )
        return _unknown(rest) if vague else meant._replace(confidence=_LOOSE)
    for one in said:
        if not _same(meant, one):
            return _unknown(f"{meant.evidence} {one.evidence}")
    days = {one.on for one in said if one.on is not None}
    if meant.intent == "acknowledged" and days:
        return said[0]._replace(confidence=AGREED)  # whoever names the day promises more than having read it
    return meant._replace(on=meant.on or (days.pop() if days else None), confidence=AGREED, evidence=f"{meant.evidence} {rest}")


def _unread(rest: str) -> int:
    """How many characters stand beside a digit that are no courtesy."""
    return len(lexicon().patterns["filler"].sub("", rest).replace(",", ""))


def _same(meant: _Said, said: _Said) -> bool:
    if said.intent == "acknowledged":
        return True
    if meant.on is not None and said.on is not None and meant.on != said.on:
        return False
    return meant.intent == said.intent or frozenset({meant.intent, said.intent}) in lexicon().agrees


def _of_words(clauses: Sequence[Clause], question: str | None, when: When) -> list[_Said]:
    clauses, heard = set_right(clauses, _hear_all(clauses, question, when), question, when.today)
    meanings = [meaning for one in heard for meaning in one.meanings]
    beside = [meaning for meaning in meanings if meaning.intent in _ALONGSIDE]
    main = [meaning for meaning in meanings if meaning.intent not in _ALONGSIDE]
    said = _main(clauses, heard, main, question, when)
    if said is None:
        told = len(heard) > 1 and not (heard[0].meanings and heard[0].meanings[0].intent == "undo")
        alone = [meaning for meaning in beside if meaning.intent != "undo" or not told]  # 不是 amid what was not understood corrects that
        return [_plain(meaning) for meaning in alone[:1]] or [_unknown("")]
    undone = [_plain(meaning) for meaning in beside if meaning.intent == "undo" and said.intent not in _STRANGERS][:1]
    asked = [_plain(meaning) for meaning in beside if meaning.intent == "question"][:1]
    return _joined(said, undone, asked, heard)


def _joined(said: _Said, undone: list[_Said], asked: list[_Said], heard: Sequence[Heard]) -> list[_Said]:
    """A promise inside a question is a question; a reason beside one stays a reason. Who is no guardian, or says no, wonders only."""
    if said.intent in {"wrong_number", "confirm_no"} and all(lexicon().patterns["wonders"].search(one.evidence) for one in asked):
        return [*undone, said]
    if said.intent in {"complaint", "opt_in", "opt_out"}:
        return [*undone, said]
    mixed = any({"question"} < {meaning.intent for meaning in one.meanings} for one in heard)
    if asked and (said.intent in BACK_AT_SCHOOL or mixed or said.intent in _ASIDE or said.intent == "unknown"):
        return asked
    return [*undone, said, *asked]


def _hear_all(clauses: Sequence[Clause], question: str | None, when: When) -> list[Heard]:
    return in_context(clauses, [hear(clause, when.days(clause.text), question, when.today) for clause in clauses])


def _main(clauses: Sequence[Clause], heard: Sequence[Heard], main: Sequence[Meaning], question: str | None, when: When) -> _Said | None:
    weighty = counting([meaning for meaning in main if meaning.intent not in _ASIDE]) or list(main)
    if not weighty:
        return _without_words(clauses, heard, question, when)
    intents = list(dict.fromkeys(_in_context(meaning.intent, question) for meaning in weighty))
    evidence = " ".join(dict.fromkeys(meaning.words for meaning in weighty))
    chosen = "confirm_no" if question == "confirm_return" and not_back(intents, heard) else one_of(intents)
    days = {meaning.on for meaning in weighty if meaning.on is not None and meaning.intent != "returned"}
    if chosen is None or len(days) > 1 or doubtful(chosen, heard):
        return _unknown(evidence)
    on = min(days) if days else day_beside(chosen, weighty, _without_hoped(clauses, heard), when)
    if chosen in BACK_AT_SCHOOL and on is not None and on < when.today and any(one.denied for one in heard):
        return _unknown(evidence)
    if chosen == "wrong_number" and is_no_stranger(clauses, heard, question):
        return _unknown(evidence)
    if chosen in LEAVES and end_unread(clauses, when):
        return _unknown(evidence)
    on = _after_the_end(on, ends(clauses, when)) if chosen in LEAVES else on
    since, on = later_leave(clauses, on, when, is_told=bool(days), is_announced=question is None) if chosen in LEAVES else (None, on)
    if chosen == "will_return" and on == when.today and sets_off_later(clauses[: _first_said(chosen, heard)], when):
        return _unknown(evidence)
    if on is None and since is None and chosen in PASSING and names_later_day(chosen, clauses, heard, when):
        return _unknown(evidence)
    last = on - timedelta(days=1) if on is not None and chosen in lexicon().reasons else None
    sure = UNSURE if is_asked_first(chosen, weighty) else _PLAIN
    return _Said(chosen, on, sure, evidence, since, last if last in ends(clauses, when) else None)


def _without_hoped(clauses: Sequence[Clause], heard: Sequence[Heard]) -> list[Clause]:
    """Without what is promised on a condition only: its day is none."""
    return [clause for clause, one in zip(clauses, heard, strict=True) if not (one.hedged and _promises_undated(one))]


def _promises_undated(one: Heard) -> bool:
    return any(meaning.intent == "will_return" and meaning.on is None for meaning in one.meanings)


def _first_said(intent: str, heard: Sequence[Heard]) -> int:
    """The place of the clause that says it first."""
    return next((place for place, one in enumerate(heard) if any(meaning.intent == intent for meaning in one.meanings)), 0)


def _after_the_end(on: date | None, last: set[date]) -> date | None:
    """ "Leave until next Wednesday, comes on Thursday": the Thursday after it."""
    while on is not None and last and on <= max(last):
        on += timedelta(days=7)
    return on


def _in_context(intent: str, question: str | None) -> str:
    return "confirm_yes" if intent == "returned" and question == "confirm_return" else intent


def _without_words(clauses: Sequence[Clause], heard: Sequence[Heard], question: str | None, when: When) -> _Said | None:
    """Nothing but a day answers 'when'; nothing but a denial answers 'is the child back'."""
    if question == "confirm_return" and any(one.denied for one in heard) and not any(one.unclear for one in heard):
        return _Said("confirm_no", None, _LOOSE, clauses[0].text)
    if question not in {"absence", "notice"}:
        return None
    days = [only_a_day(clause.text, lexicon().digits[question], when) for clause in clauses]
    if len(clauses) > 1:
        days = [None if lexicon().patterns["today_is"].search(clause.text) else day for clause, day in zip(clauses, days, strict=True)]
    named = [day for day in days if day is not None]
    beside = [clause for clause, day in zip(clauses, days, strict=True) if day is None]
    if len(named) != 1 or not all(_excuses(clause, one) for clause, one in zip(clauses, heard, strict=True)):
        return None
    if sum(_unread(clause.text) for clause in beside) > _MOST_EXCUSED:
        return None
    return _Said("will_return", named[0], _LOOSE, clauses[days.index(named[0])].text)


def _excuses(clause: Clause, one: Heard) -> bool:
    """ "I forgot" and "not today" beside a day take nothing from it; a denial of all going does."""
    spoiled = clause.asked or one.unclear or one.hedged or one.guessed or one.of_others or one.opposed
    return not spoiled and (not one.denied or bool(one.gone) or lexicon().patterns["today_only"].search(clause.text) is not None)


def _plain(meaning: Meaning) -> _Said:
    return _Said(meaning.intent, meaning.on, _PLAIN, meaning.words)


def _unknown(evidence: str) -> _Said:
    return _Said("unknown", None, UNSURE if evidence else _NOTHING, evidence)
