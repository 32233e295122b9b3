"""What several things that were heard come to, and whether that is sure enough to act on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.replies.lexicon import lexicon
from bot.replies.meanings import Heard, Meaning

_AWAY = frozenset({"migrated", "working", "religious_study", "transferred"})
_PASSING = frozenset({"hardship", "leave", "sick"})
_SETTLED = frozenset({"refuses_school", "caring_family"})
"""Causes that a family has dealt with when it names the day of return; an illness and a leave last until then, money is still owed, and
a child that works is looked at whatever is promised."""
_YOURS = ("在你", "在您")
_HOME = ("回来", "回去", "回")
_SCHOOL = re.compile(r"[学校课]")
BACK_AT_SCHOOL = frozenset({"returned", "confirm_yes"})


def counting(meanings: list[Meaning]) -> list[Meaning]:
    """What counts beside what else is said."""
    for rule in (without_the_enrolment, without_the_way, without_the_journey, overruled, without_the_operation, without_the_passing):
        meanings = rule(meanings)
    return meanings


def without_the_way(meanings: list[Meaning]) -> list[Meaning]:
    """Who went to work or moved away went there, not to school."""
    if not any(meaning.intent in _AWAY for meaning in meanings):
        return meanings
    return [meaning for meaning in meanings if meaning.intent != "returned" or _SCHOOL.search(meaning.words)]


def without_the_passing(meanings: list[Meaning]) -> list[Meaning]:
    """What keeps a child for now only, and what is dealt with, gives way to a promised day."""
    is_promised = any(one.intent == "returned" or (one.intent == "will_return" and one.on is not None) for one in meanings)
    return [meaning for meaning in meanings if not (is_promised and _is_passing(meaning))]


def _is_passing(meaning: Meaning) -> bool:
    if meaning.intent in _SETTLED:
        return lexicon().patterns["helps_at_home"].search(meaning.words) is None
    return meaning.intent in _PASSING and lexicon().patterns["passing"].search(meaning.words) is not None


def is_asked_first(chosen: str, meanings: Sequence[Meaning]) -> bool:
    """Whether it is a need for help or the trouble of one day: no way to school may be either."""
    no_way = lexicon().patterns["no_way"]
    return chosen == "hardship" and all(no_way.search(meaning.words) for meaning in meanings if meaning.intent == chosen)


def without_the_journey(meanings: list[Meaning]) -> list[Meaning]:
    """ "Home on Sunday, at school on Monday": the day of school counts."""
    to_school = [one for one in meanings if one.intent == "will_return" and one.on is not None and not one.words.endswith(_HOME)]
    if not to_school:
        return meanings
    return [one for one in meanings if one.intent != "will_return" or not one.words.endswith(_HOME)]


def without_the_enrolment(meanings: list[Meaning]) -> list[Meaning]:
    """ "He still goes to your school (在你们那儿念)" beside a promise says whose pupil the child is."""
    if not any(one.intent == "will_return" for one in meanings):
        return meanings
    return [one for one in meanings if one.intent != "returned" or not one.words.startswith(_YOURS)]


def overruled(meanings: list[Meaning]) -> list[Meaning]:
    """ "He would not go; I bring him tomorrow": the promise that follows stands against it."""
    places = [place for place, one in enumerate(meanings) if one.intent == "will_return" and one.on is not None]
    last = places[-1] if places else -1
    return [one for place, one in enumerate(meanings) if one.intent != "refuses_school" or place > last]


def without_the_operation(meanings: list[Meaning]) -> list[Meaning]:
    """An operation for an appendix, or from which a child is back on a day that is named, is an illness and no long one."""
    long = [one for one in meanings if one.intent == "disability_or_illness_long"]
    is_short = any(one.intent == "sick" or (one.intent == "will_return" and one.on is not None) for one in meanings)
    if not is_short or not all(lexicon().patterns["operation"].search(one.words) for one in long):
        return meanings
    return [one._replace(intent="sick") if one in long else one for one in meanings]


def not_back(intents: Sequence[str], heard: Sequence[Heard]) -> bool:
    """A reason or a promise beside "no" does not make the child come back."""
    said_no = "confirm_no" in intents or any(one.denied for one in heard)
    return said_no and set(intents) <= {"confirm_no", "will_return"} | lexicon().reasons | _AWAY


def one_of(intents: Sequence[str]) -> str | None:
    """The one thing that these say together; None when they do not fit."""
    words = lexicon()
    left = list(intents)
    for meant, implied in words.together:
        if meant in left and implied in left:
            left.remove(implied)
    if "will_return" in left and ("confirm_no" in left or words.reasons & set(left)):
        left.remove("will_return")
    if len(left) == 1:
        return left[0]
    if set(left) <= set(words.strongest):
        return next(intent for intent in words.strongest if intent in left)
    return None


def doubtful(chosen: str, heard: Sequence[Heard]) -> bool:
    """Hedges spoil a promise; what was not understood spoils whatever it stands in."""
    if chosen in {"will_return", "returned"} and _taken_back(chosen, heard):
        return True
    if chosen in BACK_AT_SCHOOL and any(one.of_others and one.meanings for one in heard):
        return True
    if chosen in _AWAY and any(one.opposed for one in heard):
        return True
    says = [one for one in heard if _says(one, chosen)]
    if says and chosen in lexicon().reasons | _AWAY and all(one.guessed for one in says):
        return True
    if _denied_afterwards(chosen, heard):
        return True
    if chosen in {"will_return", "returned", "acknowledged", "confirm_yes", "confirm_no"}:
        return any(one.unclear or one.hedged or (one.denied and chosen == "acknowledged") for one in heard)
    return any(one.unclear and one.meanings for one in heard)


def _denied_afterwards(chosen: str, heard: Sequence[Heard]) -> bool:
    """ "He says the boy beside him is ill; he is not ill": of whom it was said is open."""
    said = [place for place, one in enumerate(heard) if _says(one, chosen)]
    return bool(said) and any(chosen in one.gone for one in heard[said[-1] + 1 :])


def _taken_back(chosen: str, heard: Sequence[Heard]) -> bool:
    """ "He went in the morning, not in the afternoon"; "he would go, I do not let him": what is denied afterwards counts."""
    said = [place for place, one in enumerate(heard) if _says(one, chosen)]
    dated = chosen == "will_return" and any(meaning.on is not None for one in heard for meaning in one.meanings)
    return bool(said) and not dated and any(one.denied for one in heard[said[-1] + 1 :])


def _says(one: Heard, intent: str) -> bool:
    return any(meaning.intent == intent for meaning in one.meanings)
