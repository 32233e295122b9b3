"""A child that left home for school and is not there: nobody knows where it is, and it is looked for in the same minute."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.replies.kinds import Reading
from bot.replies.lexicon import lexicon

_ASKED = "absence"
_OPEN = frozenset({"unknown", "question", "returned", "will_return"})
"""Readings beside which it is open why the child is away; an illness or work of the child tells it."""
_SURE = 0.9
_CLAUSE = ",.。?!;~… "


def never_arrived(plain: str, readings: Sequence[Reading], question: str | None, *, children: int) -> Reading | None:
    """What is told of a child where a family that heard "your child is not at school" says that it set out for school today.

    One that wonders (没到吗, 咋不在) is heard whoever brought the child. A plain 早上背书包走了 is heard of an only child: of several,
    nobody knows whether the one that went is the missing one. Who has just left, or was brought to school, is on the way, or there.
    """
    missing = _unaccounted(readings)
    if question != _ASKED or not missing or lexicon().patterns["just_left"].search(plain):
        return None
    words = _words(plain, children)
    return Reading(missing.pop() if len(missing) == 1 else None, "safety", None, _SURE, words) if words is not None else None


def _words(plain: str, children: int) -> str | None:
    patterns = lexicon().patterns
    wonders = patterns["not_there"].search(plain) is not None
    if (brought := patterns["handed_over"].search(plain)) is not None:
        said = _clause(plain, brought)
        return brought.group() if wonders and _is_this_morning(said) else None
    left = next(_departures(plain), None)
    if left is None or wonders:
        return left
    return left if children == 1 and _is_this_morning(left) and patterns["to_school"].search(left) is not None else None


def left_home(plain: str) -> bool:
    """Whether it says that a child set out today: that alone is no arrival."""
    return next(_departures(plain), None) is not None and lexicon().patterns["handed_over"].search(plain) is None


def _unaccounted(readings: Sequence[Reading]) -> set[int | None]:
    """The children of whom nothing tells why they are away."""
    return {one.student_id for one in readings} - {one.student_id for one in readings if one.intent not in _OPEN}


def _departures(plain: str) -> Iterator[str]:
    """Without those of grown-ups (我早上七点就走了) and of other days (明早走学校)."""
    patterns = lexicon().patterns
    for match in patterns["set_out"].finditer(plain):
        told = patterns["teller"].sub("", patterns["companion"].sub("", _clause(plain, match)))
        if patterns["another_day"].search(told) is None and _last(told, "child_subject") >= _last(told, "adult_subject"):
            yield match.group()


def _clause(plain: str, match: re.Match[str]) -> str:
    """What stands in the clause of a match, up to its end."""
    begins = max(plain.rfind(mark, 0, match.start()) for mark in _CLAUSE) + 1
    return plain[begins : match.end()]


def _is_this_morning(said: str) -> bool:
    patterns = lexicon().patterns
    return patterns["morning"].search(said) is not None and patterns["another_day"].search(said) is None


def _last(text: str, subject: str) -> int:
    return max((match.end() for match in lexicon().patterns[subject].finditer(text)), default=-1)
