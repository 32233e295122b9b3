"""Danger in a text, what only looks like it, and what is at least worrying."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from bot.replies.action import HOPELESS, TO_A_PERSON
from bot.replies.kinds import Reading
from bot.replies.lexicon import derived, lexicon

_BLANKS = re.compile(r"[\s.、…~*\-_]+")
_PHRASES = re.compile(r"(?<=[\u4e00-\u9fff]{2}) (?=[\u4e00-\u9fff]{2})")  # who uses no commas
_OWN_PEOPLE = frozenset({"bullying", "early_marriage"})
_FROM_SIGNS = 0.9
_PLAIN_NO = frozenset({"没回来", "没有回来"})
"""A sign, but a plain answer to whether a child is back."""


class Signs(NamedTuple):
    """What a text touches on; `words` are those that were found, with blanks between."""

    weight: int
    words: str


def danger_in(plain: str) -> str | None:
    """The words of danger, also when they are spread with blanks or dots; without what only looks like it."""
    phrases = _PHRASES.sub(",", plain)
    if (found := _danger(phrases)) is not None or _BLANKS.search(plain) is None:
        return found
    return _danger(_BLANKS.sub("", lexicon().danger.no_danger.sub(",", phrases)))


def is_told(plain: str) -> bool:
    """Whether a family's text says danger: by a phrase for it, or by signs that together say it."""
    return danger_in(plain) is not None or signs_in(plain).weight >= lexicon().danger.told_from


@derived(maxsize=256)
def signs_in(plain: str) -> Signs:
    """The classes of words that danger is made of, each counted once; what only looks like one is taken out where it would matter."""
    words, plain = lexicon().danger, _PHRASES.sub(",", plain)
    found = _signs(plain)
    return found if found.weight < words.doubted_from else _signs(_without_everyday(plain))


def _without_everyday(plain: str) -> str:
    """Without what only looks like danger, or like a sign of it."""
    words = lexicon().danger
    return words.no_danger.sub(",", words.no_sign.sub(",", plain))


def _signs(text: str) -> Signs:
    words = lexicon().danger
    found = [(words.weights[name], match.group()) for name, pattern in words.signs.among(text) if (match := pattern.search(text))]
    return Signs(sum(weight for weight, _ in found), " ".join(said for _, said in found))


def weighed(plain: str, readings: Sequence[Reading], child: int | None) -> list[Reading]:
    """What touches on harm is for a person, even where something else was understood: digits would hide it, an act would pass it by.

    Signs that together say danger give one reading `safety` about `child`, unless they were understood as what has people of its own.
    """
    signs, words = signs_in(plain), lexicon().danger
    if signs.words in _PLAIN_NO and {one.intent for one in readings} == {"confirm_no"}:
        return [*readings]
    if signs.weight >= words.told_from:
        return [one for one in readings if one.intent in _OWN_PEOPLE] or [Reading(child, "safety", None, _FROM_SIGNS, signs.words)]
    if signs.weight >= words.doubted_from:
        heard = any(one.intent in TO_A_PERSON for one in readings)  # then somebody reads it anyway
        return [*readings] if heard else [_for_a_person(one, signs.words) for one in readings]
    sign = words.worry.search(_without_everyday(plain)) if any(one.intent == "unknown" for one in readings) else None
    if sign is None:
        return [*readings]
    return [_for_a_person(one, sign.group()) if one.intent == "unknown" else one for one in readings]


def _for_a_person(one: Reading, words: str) -> Reading:
    return one._replace(intent="unknown", on=None, since=None, until=None, confidence=HOPELESS, evidence=words)


def _danger(text: str) -> str | None:
    words = lexicon().danger
    if words.safety.search(text) is None:
        return None
    found = words.safety.search(words.no_danger.sub(",", text))
    return found.group() if found else None
