"""What no rule explained in a reply: a person reads it, whatever else was understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import NamedTuple

import rjieba

from bot.replies.clauses import share
from bot.replies.dates import find_days
from bot.replies.kinds import Child
from bot.replies.lexicon import derived, lexicon
from bot.replies.meanings import words_in
from bot.replies.normalise import normalise, sounded_out
from bot.replies.school_year import NO_SCHOOL_YEAR, SchoolYear

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LETTERS = re.compile(r"[a-z][a-z ]{3,}[a-z]")  # pinyin: what it became is a guess, and needs no strange word to be read
_LATIN = re.compile(r"[a-zA-ZÀ-ǜａ-ｚＡ-Ｚ]")
_STRETCH = 5  # characters of everyday words in one clause that no rule explained: that is a sentence, no courtesy
_WOUNDS = ("body", "injury")
_NO_NEWS = ("guess", "hedge", "courtesy", "place", "child_subject")


@dataclass(frozen=True)
class _Searching:
    """`enough`: characters of everyday words in one clause that are a sentence. `wounds`: whether an injury counts as unexplained."""

    today: date
    school: SchoolYear
    enough: int
    wounds: bool


class _Word(NamedTuple):
    text: str
    start: int


def unread_words(text: str, *, children: Sequence[Child], today: date, school: SchoolYear = NO_SCHOOL_YEAR) -> tuple[str, ...]:
    """The words of a reply that somebody should read, whatever was understood: danger has more words than any list.

    Those that no rule explained and that are no everyday words, whole stretches that no rule explained, and wounds. Empty for most.
    """
    return tuple(word for _, word in _left(text, tuple(children), today, school, wounds=True))


def unexplained_of(text: str, *, children: Sequence[Child], today: date, school: SchoolYear) -> frozenset[int | None]:
    """The children of whom such words are said, None where that is open; without parts of the body and wounds, which say what they say.

    Beside these words what was understood of the child is asked back.
    """
    left = _left(text, tuple(children), today, school, wounds=False)
    return frozenset(child for ids, _ in left for child in ids or (None,))


@derived(maxsize=16)  # asked when a text is read, and again when it is known who reads it
def _left(
    text: str, children: tuple[Child, ...], today: date, school: SchoolYear, *, wounds: bool
) -> tuple[tuple[tuple[int, ...], str], ...]:
    plain = sounded_out(text, [child.name for child in children])
    in_letters = _LATIN.search(text) is not None and _LETTERS.search(normalise(text)) is not None
    searching = _Searching(today, school, 1 if in_letters else _STRETCH, wounds)
    return tuple((one.ids, word) for one in share(plain, children) for clause in one.clauses for word in _unread(clause.text, searching))


def _unread(clause: str, searching: _Searching) -> Iterator[str]:
    strange = _strange(clause)
    if not strange and len(_told(clause)) < searching.enough and _LETTERS.search(clause) is None:
        return  # as most do: what follows takes ten times as long
    if any(whole.fullmatch(clause) for _, whole in lexicon().whole.at_start(clause)):
        return
    rest = _unexplained(clause, searching)
    left = [word.text for word in strange if rest[word.start : word.start + len(word.text)] == word.text]
    yield from left or ([_told(rest)] if len(_told(rest)) >= searching.enough else [])
    yield from _LETTERS.findall(rest)


def _told(text: str) -> str:
    """The characters that are no courtesy and no mere person or place of a sentence."""
    return "".join(_HAN.findall(lexicon().patterns["filler"].sub("", text)))


def _unexplained(clause: str, searching: _Searching) -> str:
    """The clause with a comma for every character in a word for a day, for a cause, for going to school, for what is no danger."""
    words, letters = lexicon(), [*clause]
    spans = [*_known(clause), *((day.start, day.end) for day in find_days(clause, searching.today, searching.school))]
    if not searching.wounds:
        spans += [match.span() for name in _WOUNDS for match in words.danger.signs[name].finditer(clause)]
    told = [(one.start, one.end) for one in words_in(clause)]
    spans += [span for span in told if not (searching.wounds and words.patterns["wound"].search(clause[span[0] : span[1]]))]
    for start, end in spans:
        letters[start:end] = "," * (end - start)
    return "".join(letters)


@derived(maxsize=256)  # looked at twice, once for wounds as well
def _known(clause: str) -> tuple[tuple[int, int], ...]:
    """Where words stand that are no news, no danger, or going to school."""
    words = lexicon()
    known = [words.go, words.present, words.danger.no_danger, words.danger.no_sign, *(words.patterns[name] for name in _NO_NEWS)]
    return tuple(match.span() for pattern in known for match in pattern.finditer(clause))


@derived(maxsize=256)
def _strange(clause: str) -> tuple[_Word, ...]:
    """The words that are no everyday ones."""
    words = rjieba.cut(clause, False)
    places = accumulate(map(len, words), initial=0)
    everyday = lexicon().everyday
    return tuple(_Word(word, place) for word, place in zip(words, places, strict=False) if word not in everyday and _HAN.fullmatch(word))
