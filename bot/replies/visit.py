"""What a home visit found, from the officer's own words: whom, what was said, when, and by when the child is expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import reduce

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

    `expected_on`: the one day that was said of the child's coming to school. `is_complete`: it says what was found out.
    `is_attempt`: nobody was at home, and they go again.
    """

    found: tuple[str, ...]
    said: str
    visited_on: date
    expected_on: date | None
    is_complete: bool
    is_attempt: bool

    @property
    def is_in_vain(self) -> bool:
        """Nobody was at home, and nothing was found out elsewhere."""
        return NOBODY in self.found and not self.is_complete

    @property
    def is_account(self) -> bool:
        """Nothing but an account of a visit reads like that: whom they met, and what they found out."""
        return bool(set(self.found) - {NOBODY}) and self.is_complete


def read_visit(text: str, today: date) -> VisitReading:
    """Read the words after "3"; a day in the past is that of the visit."""
    plain = simplified(tidy(text))
    clauses = [clause.strip(_TRIM) for clause in _CLAUSES.split(plain) if clause.strip(_TRIM)]
    again = {clause for clause in clauses if _goes_again(clause, today)}
    found = tuple(dict.fromkeys(who for clause in clauses for who in _met(clause)))
    outcomes = {clause: _outcome(clause) for clause in clauses}
    told = [left for clause, left in outcomes.items() if clause not in again and not lexicon().visit.nobody.search(clause)]
    past = [day.on for day in find_days(plain, today) if day.on is not None and day.on < today]
    back = {day for clause in clauses if clause not in again for day in _back_on(clause, today)}
    return VisitReading(
        found, "，".join(left for clause in clauses if (left := outcomes[clause])), max(past, default=today),
        back.pop() if len(back) == 1 else None, len("，".join(filter(None, told))) >= SHORTEST, NOBODY in found and bool(again),
    )  # fmt: skip


def _goes_again(clause: str, today: date) -> bool:
    """Said of the writer, not by somebody whom they asked."""
    words = lexicon().visit
    if words.tells.search(clause):
        return False
    is_later = any(day.on is not None and day.on > today for day in find_days(clause, today))
    return bool(words.again.search(clause) or (is_later and words.goes.search(clause)))


def _back_on(clause: str, today: date) -> set[date]:
    """The later days of a clause that says when the child comes to school. Who else comes home then is somebody else's affair."""
    words = lexicon().visit
    told = words.tells.split(clause)[-1]
    others = [called for who, called in words.people.items() if who != "child"]
    alone = reduce(lambda left, called: called.sub("", left), others, told)
    is_childs = words.people["child"].search(alone) or alone == told
    is_said = words.to_school.search(told) or (words.comes_back.search(told) and is_childs)
    if not is_said or words.denied.search(told):
        return set()
    return {day.on for day in find_days(told, today) if day.on is not None and day.on > today}


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
    left = left.strip(_TRIM) if words.nobody.search(left) else words.met.sub("", left, count=1).strip(_TRIM)
    return words.speaks.sub("", left).strip(_TRIM)
