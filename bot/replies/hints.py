"""What a text touches on, though it may not be understood: so that it does not go to the wrong person, or too late."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from bot.replies.clauses import share
from bot.replies.danger import danger_in, is_told
from bot.replies.dates import find_days
from bot.replies.kinds import Child
from bot.replies.lexicon import lexicon
from bot.replies.meanings import hear
from bot.replies.normalise import sounded_out, tidy
from bot.replies.numerals import number
from bot.replies.school_year import SchoolYear

_AROUND = " ,.。!！?？、;；:：~…-—'\"“”‘’()（）[]【】<>《》\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u200b"
"""What stands around a word that is all somebody wants to say; some phones write marks of direction there."""


def is_danger(text: str, *, by_signs: bool = False) -> bool:
    """Whether a child may be in danger, whoever wrote it. `by_signs`: also where only signs together say it; a report of staff has many."""
    plain = sounded_out(text)
    return is_told(plain) if by_signs else danger_in(plain) is not None


def is_danger_from_staff(text: str) -> bool:
    """The same for whoever is responsible: the police are an office to them, unless a child is in its hands.

    That a family cannot be reached is a teacher's daily bread; that its child cannot be is not.
    """
    words, plain = lexicon().officer, sounded_out(text)
    clauses = re.split("([,。;!?])", plain)
    told = (clause if words["in_their_hands"].search(clause) else words["office"].sub("", clause) for clause in clauses)
    return danger_in("".join(words["family_unreached"].sub("", clause) for clause in told)) is not None


def touches_on(text: str, intent: str) -> bool:
    """Whether words of this intent stand anywhere in the text."""
    return lexicon().intents[intent].search(sounded_out(text)) is not None


def may_accuse_school(text: str) -> bool:
    """Whether it may be said against the school or somebody of it: then nobody of that school reads it."""
    return touches_on(text, "complaint") or lexicon().patterns["by_the_school"].search(sounded_out(text)) is not None


def tells_of_absence(text: str) -> bool:
    """Whether it says that a child is not at school, though not why."""
    return lexicon().patterns["not_at_school"].search(sounded_out(text)) is not None


def is_acknowledgement(text: str) -> bool:
    """Whether "seen", "good", "thank you" is all that it says."""
    clauses = [clause for clause in lexicon().patterns["separators"].split(sounded_out(text)) if clause.strip()]
    return bool(clauses) and all(lexicon().whole["acknowledged"].fullmatch(clause) for clause in clauses)


def kind_chosen(text: str) -> tuple[str, str] | None:
    """(opt_out or opt_in, what it is called) where somebody refuses, or wants again, one kind of publicity by a name."""
    plain = sounded_out(text)
    for choice, pattern in (("opt_out", "topic_out"), ("opt_in", "topic_in")):
        if found := lexicon().patterns[pattern].fullmatch(plain):
            return choice, found["said"]
    return None


def choice_in(text: str, *, after_publicity: bool) -> str | None:
    """opt_out or opt_in, where that is all the text says. The letter that publicity asks for counts `after_publicity` only."""
    words, plain = lexicon(), sounded_out(text).strip(_AROUND)
    if words.whole["opt_out"].fullmatch(plain) or words.intents["opt_out"].fullmatch(plain):
        return "opt_out"
    if after_publicity and words.whole["opt_out_letter"].fullmatch(plain):
        return "opt_out"
    return "opt_in" if words.whole["opt_in"].fullmatch(plain) else None


def takes_back(text: str) -> bool:
    """Whether the text says no more than that what was understood is wrong."""
    return lexicon().whole["undo"].fullmatch(sounded_out(text)) is not None


def takes_cause_back(text: str) -> bool:
    """Whether the text denies what kept the child away, or says that it is over: 不是生病，明天送来."""
    return lexicon().patterns["cause_over"].search(sounded_out(text)) is not None


def agrees(text: str) -> bool:
    """Whether the text says no more than that what was understood is right."""
    return lexicon().whole["right"].fullmatch(sounded_out(text)) is not None


def after_yes(text: str) -> str:
    """What a text says behind the yes that opens it; nothing where none does."""
    plain = sounded_out(text)
    opens = lexicon().patterns["opens_with_yes"].match(plain)
    return plain[opens.end() :] if opens is not None else ""


def digit_alone(plain: str) -> int | None:
    """The digit that is all the normalised text says."""
    found = lexicon().patterns["only_digit"].match(plain)
    return number(found[1]) if found is not None else None


def visit_held(text: str) -> bool | None:
    """Whether the teacher came, where that is all that the text says: 1 or 2, 来过, 没来."""
    plain = sounded_out(text)
    if (digit := digit_alone(plain)) is not None:
        return {1: True, 2: False}.get(digit)
    if lexicon().patterns["visit_missed"].fullmatch(plain):
        return False
    return True if lexicon().patterns["visit_held"].fullmatch(plain) else None


def is_at_school(text: str) -> bool | None:
    """Whether the child is there, where that is all that a teacher's text says: 1 or 2, 到了, 还没有."""
    plain, words = tidy(text), lexicon().officer
    if words["not_at_school"].fullmatch(plain):
        return False
    return True if words["at_school"].fullmatch(plain) else None


def leaves_day_open(text: str, *, children: Sequence[Child], today: date, school: SchoolYear) -> bool:
    """Whether all that keeps a text from being a promise is its day: 过几天送来, 期中考完来. Then only the day needs to be asked."""
    plain = sounded_out(text, [child.name for child in children])
    clauses = [clause for one in share(plain, children) for clause in one.clauses]
    days = [day for clause in clauses for day in find_days(clause.text, today, school)]
    if is_told(plain) or not any(day.on is None for day in days) or any(day.on is not None for day in days):
        return False
    heard = [hear(clause, find_days(clause.text, today, school), None, today) for clause in clauses]
    return not any(one.meanings or one.denied or one.opposed or one.of_others for one in heard)
