"""Words that were written by their sound: in letters (fashao le), or with other characters that sound the same (发少)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

import rjieba
from pypinyin import lazy_pinyin

from bot.replies.ground import Ground
from bot.replies.lexicon import derived, lexicon

_LETTERS = re.compile(r"[a-z][a-z'1-5 ]*[a-z1-5]|[a-z]{2,}")
_ACCENTED = re.compile(r"[\u00e0-\u01dc]")
_NOT_LETTERS = re.compile(r"[^a-z]")
_UNREAD_COST, _WORD_COST = 4, 1
_MOST_UNREAD = 0.15  # of the letters; more, and it was no pinyin
_SHORTEST = 4  # letters
_WIDEST = 4  # characters of a word that is looked for by its sound
_MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
_HAN = re.compile(r"[\u4e00-\u9fff]")


def without_tones(text: str) -> str:
    """Letters without the marks that tones have in pinyin."""
    parts = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in parts if unicodedata.category(letter) != "Mn").replace("ü", "v")


def spelled_out(text: str, names: Sequence[str]) -> str:
    """Pinyin put back into characters, where nearly all of it is words that replies use, or the children's names."""
    plain = without_tones(text) if _ACCENTED.search(text) else text
    return _LETTERS.sub(lambda match: _characters(match.group(), names), plain)


def mended(text: str, names: Sequence[str]) -> str:
    """Characters that make no word but sound like one that replies use are taken for that word.

    What stands in the dictionary of the segmenter is a word and stays; so does the name of a child.
    """
    if not _HAN.search(text):
        return text
    sounding = _by_sound()
    letters = list(text)
    for start, end in _loose(text, names):
        place = start
        while place < end:
            place += _mend(letters, place, end, sounding)
    return "".join(letters)


def blurred(syllable: str) -> str:
    """Sounds that people of Gansu often do not tell apart become one."""
    for wide, narrow in _MERGED:
        syllable = syllable.replace(wide, narrow)
    return syllable


def _mend(letters: list[str], place: int, end: int, sounding: Mapping[tuple[str, ...], str]) -> int:
    """How many characters were dealt with."""
    for length in range(min(_WIDEST, end - place), 1, -1):
        heard = tuple(_sound(letter) for letter in letters[place : place + length])
        word = sounding.get(heard)
        if word is not None:
            letters[place : place + length] = word
            return length
    return 1


def _loose(text: str, names: Sequence[str]) -> list[tuple[int, int]]:
    """Where single characters stand side by side that are no word together."""
    found: list[tuple[int, int]] = []
    place, kept = 0, Ground(span for name in names if name[-1:] in text for span in _spans(text, name))
    for token in rjieba.cut(text, False):
        end = place + len(token)
        single = len(token) == 1 and "\u4e00" <= token <= "\u9fff" and not kept.holds(place)
        if single and found and found[-1][1] == place:
            found[-1] = (found[-1][0], end)
        elif single:
            found.append((place, end))
        place = end
    return [span for span in found if span[1] - span[0] > 1]


def _spans(text: str, name: str) -> list[tuple[int, int]]:
    forms = [form for form in (name, name[1:], name[-1:] * 2) if len(form) > 1]
    return [(start, start + len(form)) for form in forms for start in places(form, text)]


def places(part: str, text: str) -> list[int]:
    """Where it begins, overlapping or not."""
    found: list[int] = []
    at = text.find(part)
    while at >= 0:
        found.append(at)
        at = text.find(part, at + 1)
    return found


@lru_cache(maxsize=16384)
def sound(letter: str) -> str:
    """Toneless pinyin of one character; other letters sound as they are written."""
    return str(lazy_pinyin(letter)[0])


@lru_cache(maxsize=16384)
def _sound(letter: str) -> str:
    return blurred(sound(letter))


@derived(maxsize=1)
def _by_sound() -> Mapping[tuple[str, ...], str]:
    """Only words of at least two characters: a single sound is too many words."""
    words = [word for word in lexicon().spelling.vocabulary if len(word) > 1]
    return {tuple(blurred(one) for one in lazy_pinyin(word)): word for word in reversed(words)}


@derived(maxsize=1)
def _spellings() -> Mapping[str, str]:
    words = [*lexicon().spelling.vocabulary, *lexicon().spelling.little_words]
    return {"".join(lazy_pinyin(word)).replace("ü", "v"): word for word in reversed(words)}


def _characters(run: str, names: Sequence[str]) -> str:
    letters = _NOT_LETTERS.sub("", without_tones(run))
    if len(letters) < _SHORTEST and run not in {"lai", "qu", "bu"}:
        return run
    read = _read(letters, {**_spellings(), **{_spelling(form): form for name in names for form in _forms(name)}})
    unread = sum(1 for letter in read if letter.isascii())
    return read if unread <= len(letters) * _MOST_UNREAD and len(read) > unread else run


def _forms(name: str) -> list[str]:
    return [form for form in (name[-1:] * 2, f"小{name[-1:]}", name[1:], name) if len(form) > 1]


def _spelling(name: str) -> str:
    return "".join(lazy_pinyin(name)).replace("ü", "v")


def _read(letters: str, spellings: Mapping[str, str]) -> str:
    """The reading with the fewest letters left over, then the fewest words."""
    longest = max(map(len, spellings))
    best: list[tuple[int, str]] = [(0, "")]
    for end in range(1, len(letters) + 1):
        options = [(best[end - 1][0] + _UNREAD_COST, best[end - 1][1] + letters[end - 1])]
        for start in range(max(0, end - longest), end):
            word = spellings.get(letters[start:end])
            if word is not None:
                options.append((best[start][0] + _WORD_COST, best[start][1] + word))
        best.append(min(options, key=lambda option: option[0]))
    return best[-1][1]
