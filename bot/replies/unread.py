"""What no rule explained in a reply: a person reads it, whatever else was understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date

import rjieba

from bot.replies.clauses import share
from bot.replies.dates import find_days
from bot.replies.kinds import Child
from bot.replies.lexicon import lexicon
from bot.replies.meanings import words_in
from bot.replies.normalise import normalise, sounded_out
from bot.replies.school_year import NO_SCHOOL_YEAR, SchoolYear
from bot.replies.weighing import BACK_AT_SCHOOL

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LETTERS = re.compile(r"[a-z][a-z ]{3,}[a-z]")  # pinyin: what it became is a guess, and needs no strange word to be read
_LATIN = re.compile(r"[a-zA-ZÀ-ǜａ-ｚＡ-Ｚ]")
_STRETCH = 5  # characters of everyday words in one clause that no rule explained: that is a sentence, no courtesy
_NO_NEWS = ("guess", "hedge", "courtesy", "place")
_WHEREABOUTS = BACK_AT_SCHOOL | {"working", "migrated", "transferred", "caring_family"}
"""What sets most going, and ends most."""


@dataclass(frozen=True)
class _Word:
    text: str
    start: int


def unread_words(text: str, *, children: Sequence[Child], today: date, school: SchoolYear = NO_SCHOOL_YEAR) -> tuple[str, ...]:
    """The words of a reply that no rule explained and that are no everyday words, and whole stretches that no rule explained.

    Danger has more words than any list. What was understood may be acted on, but these words are then read by a person as well.
    Empty for most replies.
    """
    plain = sounded_out(text, [child.name for child in children])
    in_letters = _LATIN.search(text) is not None and _LETTERS.search(normalise(text)) is not None
    return tuple(_of(plain, children, today, school, 1 if in_letters else _STRETCH))


def veils_news(plain: str, intents: Set[str], *, children: Sequence[Child], today: date, school: SchoolYear) -> bool:
    """Whether a text in one costume says more than these intents where it matters.

    Beside the word of where a child is, every other word must be explained; else only what stands behind a "but", a "by the way".
    """
    turn = lexicon().patterns["turn"].search(plain)
    if not _WHEREABOUTS & intents and turn is None:
        return False
    told = plain if turn is None or _WHEREABOUTS & intents else plain[turn.end() :]
    return any(True for _ in _of(told, children, today, school, _STRETCH))


def _of(plain: str, children: Sequence[Child], today: date, school: SchoolYear, enough: int) -> Iterator[str]:
    for one in share(plain, children):
        for clause in one.clauses:
            yield from _unread(clause.text, today, school, enough)


def _unread(clause: str, today: date, school: SchoolYear, enough: int) -> Iterator[str]:
    strange = [word for word in _words(clause) if word.text not in lexicon().everyday]
    if not strange and len(_told(clause)) < enough and _LETTERS.search(clause) is None:
        return  # as most do: what follows takes ten times as long
    if any(whole.fullmatch(clause) for whole in lexicon().whole.values()):
        return
    rest = _unexplained(clause, today, school)
    left = [word.text for word in strange if rest[word.start : word.start + len(word.text)] == word.text]
    yield from left or ([_told(rest)] if len(_told(rest)) >= enough else [])
    yield from _LETTERS.findall(rest)


def _told(text: str) -> str:
    """The characters that are no courtesy and no mere person or place of a sentence."""
    return "".join(_HAN.findall(lexicon().patterns["filler"].sub("", text)))


def _unexplained(clause: str, today: date, school: SchoolYear) -> str:
    """The clause with a comma for every character in a word for a day, for a cause, for going to school, for what is no danger."""
    words, letters = lexicon(), [*clause]
    known = (words.go, words.present, words.no_danger, words.no_sign, *(words.patterns[name] for name in _NO_NEWS))
    spans = [(day.start, day.end) for day in find_days(clause, today, school)]
    wound = words.patterns["wound"]
    spans += [match.span() for pattern in known for match in pattern.finditer(clause)]
    spans += [(one.start, one.end) for one in words_in(clause) if not wound.search(clause[one.start : one.end])]
    for start, end in spans:
        letters[start:end] = "," * (end - start)
    return "".join(letters)


def _words(clause: str) -> Iterator[_Word]:
    place = 0
    for word in rjieba.cut(clause, False):
        if _HAN.fullmatch(word):
            yield _Word(word, place)
        place += len(word)
