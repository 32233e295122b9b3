"""Words that no rule explained and that everyday replies do not use: a person reads them, whatever else was understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

import rjieba

from bot.replies.clauses import share
from bot.replies.dates import find_days
from bot.replies.kinds import Child
from bot.replies.lexicon import lexicon
from bot.replies.normalise import sounded_out
from bot.replies.school_year import NO_SCHOOL_YEAR, SchoolYear

_HAN = re.compile(r"[\u4e00-\u9fff]+")


def unread_words(text: str, *, children: Sequence[Child], today: date, school: SchoolYear = NO_SCHOOL_YEAR) -> tuple[str, ...]:
    """The words of a reply that are in no reading of it and no everyday words either: 挨, 埋, 拐. Empty for most replies.

    Danger has more words than any list. What was understood may be acted on, but these words are then read by a person as well.
    """
    plain = sounded_out(text, [child.name for child in children])
    if not any(True for _ in _strange(plain)):
        return ()
    clauses = [clause.text for one in share(plain, children) for clause in one.clauses]
    return tuple(word for clause in clauses for word in _unread(clause, today, school))


def _strange(text: str) -> Iterator[tuple[str, int, int]]:
    """(word, start, end) of what the everyday words do not hold."""
    everyday, place = lexicon().everyday, 0
    for word in rjieba.cut(text, False):
        start, place = place, place + len(word)
        if word not in everyday and _HAN.fullmatch(word):
            yield word, start, place


def _unread(clause: str, today: date, school: SchoolYear) -> Iterator[str]:
    if any(whole.fullmatch(clause) for whole in lexicon().whole.values()):
        return
    explained = _explained(clause, today, school)
    yield from (word for word, start, end in _strange(clause) if not explained.intersection(range(start, end)))


def _explained(clause: str, today: date, school: SchoolYear) -> set[int]:
    """The places of words for a day, for a cause, for going to school; of what is known to be no danger, and of what says nothing."""
    words = lexicon()
    spans = [(day.start, day.end) for day in find_days(clause, today, school)]
    said_by_the_way = (words.no_danger, words.no_sign, *(words.patterns[name] for name in ("guess", "hedge", "courtesy")))
    for pattern in (*words.intents.values(), words.go, words.present, *said_by_the_way):
        spans += [match.span() for match in pattern.finditer(clause)]
    return {place for start, end in spans for place in range(start, end)}
