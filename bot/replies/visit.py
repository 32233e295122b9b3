"""What a home visit found, from the officer's own words: whom, what was said, when, and by when the child is expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bot.replies.dates import find_days
from bot.replies.lexicon import lexicon
from bot.replies.normalise import simplified, tidy

NOBODY = "nobody"
SHORTEST = 3
_CLAUSES = re.compile(r"[,，;；。!！\n]+")
_TRIM = " ,，;；。.!！:：、"


@dataclass(frozen=True)
class VisitReading:
    """`found`: child, parents, grandparents, relatives, neighbours, nobody. `said`: what was found out, without whom and by what words.

    `is_complete`: it says what was found out, or that nobody was there.
    """

    found: tuple[str, ...]
    said: str
    visited_on: date
    expected_on: date | None
    is_complete: bool


def read_visit(text: str, today: date) -> VisitReading:
    """Read the words after "3"; a day in the past is that of the visit, one single later day that of the return."""
    plain = simplified(tidy(text))
    clauses = [clause.strip(_TRIM) for clause in _CLAUSES.split(plain) if clause.strip(_TRIM)]
    found = tuple(dict.fromkeys(who for clause in clauses for who in _met(clause)))
    said = "，".join(left for clause in clauses if (left := _outcome(clause)))
    days = [day.on for day in find_days(plain, today) if day.on is not None]
    past, later = [day for day in days if day < today], {day for day in days if day > today}
    return VisitReading(
        found, said, max(past, default=today), later.pop() if len(later) == 1 else None, len(said) >= SHORTEST or NOBODY in found
    )


def _met(clause: str) -> list[str]:
    """Whom a clause says that they met, spoke with or heard; a person who is only spoken of was not met."""
    words = lexicon().visit
    if words.nobody.search(clause):
        return [NOBODY]
    match = words.met.search(clause)
    met = match.group() if match else ""
    return [who for who, called in words.people.items() if called.search(met)]


def _outcome(clause: str) -> str:
    """What is left of a clause without the going there and the meeting."""
    words = lexicon().visit
    left = words.went.sub("", clause, count=1)
    left = words.met.sub("", left, count=1).strip(_TRIM)
    return words.speaks.sub("", left).strip(_TRIM)
