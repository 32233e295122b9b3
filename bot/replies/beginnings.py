"""With which characters a pattern can begin. The engine looks at them first and passes over every other place of a text at once.

`re` does this by itself for plain alternatives only, not for those in groups, behind a lookbehind or after something that may be
missing, as the lexicon's are: two thirds of all looks at a text were tried in vain, phrase by phrase. What is found is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import pairwise
from re import _constants as code  # type: ignore[attr-defined]  # the parser of `re` has no public name since 3.11
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_MOST, _MOST_PAIRS = 600, 20_000
"""With more characters than this, looking at them costs as much as it saves; with more pairs, only first characters are looked at."""
_ANY = "\0"
"""Stands for a character that may be any."""
_PAIR = 2
_NOTHING = frozenset({""})
_EITHER_WAY = frozenset({"", _ANY, _ANY * _PAIR})
_Beginnings = frozenset[str]
"""What a pattern can begin with: two characters, or all that it matches where that is shorter."""
_ZERO_WIDTH = (code.AT, code.ASSERT, code.ASSERT_NOT)
_REPEATS = (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT)


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, with a look at its first characters before it where that is possible. Raises re.error like `re.compile`."""
    chars = _firsts(pattern)
    return re.compile(pattern if chars is None else _looked_at(pattern, chars))


def either(patterns: Iterable[str]) -> re.Pattern[str]:
    """The first of these that fits, each looked at by its own first characters. They may have no flags for all of the pattern."""
    return compiled("|".join(_looked_at(pattern, _firsts(pattern)) for pattern in patterns))


def _looked_at(pattern: str, chars: frozenset[str] | None) -> str:
    return f"(?:{pattern})" if chars is None else f"(?={_any_of(chars)})(?:{pattern})"


class Sieve:
    """Of many patterns those that can begin somewhere in a text, in their order: a look at each pair of letters, not one a pattern."""

    def __init__(self, patterns: Iterable[tuple[str, re.Pattern[str]]]) -> None:
        self._patterns = tuple(patterns)
        self._anywhere = 0
        self._alone, self._together = dict[str, int](), dict[tuple[str, str], int]()
        for place, (_, pattern) in enumerate(self._patterns):
            for beginning in _beginnings(pattern.pattern):
                self._keep(beginning, 1 << place)

    def _keep(self, beginning: str, bit: int) -> None:
        first, second = beginning[:1], beginning[1:]
        if first in _EITHER_WAY:
            self._anywhere |= bit
        elif second in _EITHER_WAY:
            self._alone[first] = self._alone.get(first, 0) | bit
        else:
            self._together[first, second] = self._together.get((first, second), 0) | bit

    def among(self, text: str) -> list[tuple[str, re.Pattern[str]]]:
        """(name, pattern) of each."""
        found, alone, together = self._anywhere, self._alone, self._together
        for letter in text:
            if letter in alone:
                found |= alone[letter]
        for pair in pairwise(text):
            if pair in together:
                found |= together[pair]
        return self._of(found) if found else []

    def at_start(self, text: str) -> list[tuple[str, re.Pattern[str]]]:
        """(name, pattern) of each that can begin where the text begins."""
        first, second = text[:1], text[1:2]
        found = self._anywhere | self._alone.get(first, 0) | self._together.get((first, second), 0)
        return self._of(found) if found else []

    def _of(self, found: int) -> list[tuple[str, re.Pattern[str]]]:
        kept: list[tuple[str, re.Pattern[str]]] = []
        while found:
            lowest = found & -found
            kept.append(self._patterns[lowest.bit_length() - 1])
            found ^= lowest
        return kept


class Patterns(Mapping[str, re.Pattern[str]]):
    """Patterns by their names; of all of them those that can stand in a text."""

    def __init__(self, patterns: Mapping[str, re.Pattern[str]]) -> None:
        self._patterns, self._sieve = patterns, Sieve(patterns.items())
        self.among, self.at_start = self._sieve.among, self._sieve.at_start

    def __getitem__(self, name: str) -> re.Pattern[str]:
        return self._patterns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._patterns)

    def __len__(self) -> int:
        return len(self._patterns)


def _firsts(pattern: str) -> frozenset[str] | None:
    """None: any character, too many, or none at all."""
    found = frozenset(one[:1] for one in _beginnings(pattern))
    return None if len(found) > _MOST or found & _EITHER_WAY else found


def _any_of(chars: Set[str]) -> str:
    return "[" + "".join(map(re.escape, sorted(chars))) + "]" if chars else "(?!)"


def _beginnings(pattern: str) -> _Beginnings:
    parsed = parser.parse(pattern)
    return _EITHER_WAY if parsed.state.flags & re.IGNORECASE else _of_all(parsed)


def _of_all(items: Iterable[tuple[Any, Any]]) -> _Beginnings:
    """Of what stands one after another."""
    found = _NOTHING
    for op, value in items:
        if op is code.FAILURE or (op is code.ASSERT_NOT and not value[1]):
            return frozenset()
        if op not in _ZERO_WIDTH:
            found = _joined(found, _of_one(op, value))
        if all(len(one) == _PAIR for one in found):
            break
    return found


def _joined(first: _Beginnings, then: _Beginnings) -> _Beginnings:
    """Beginnings of what begins so and goes on so; where there are too many, whatever goes on."""
    ended = {one for one in first if len(one) < _PAIR}
    seconds = {one[:1] for one in then}
    if len(ended) * len(seconds) > _MOST_PAIRS:
        seconds, then = {_ANY}, _EITHER_WAY
    return (first - ended) | {one + second for one in ended if one for second in seconds} | (then if "" in ended else frozenset())


def _of_one(op: Any, value: Any) -> _Beginnings:
    if op is code.LITERAL:
        return frozenset({chr(value)})
    if op is code.IN:
        return _of_class(value)
    if op is code.SUBPATTERN:
        _, flags, _, inner = value
        return _of_all(inner) if not flags else _EITHER_WAY
    if op is code.BRANCH:
        return frozenset().union(*map(_of_all, value[1]))
    if op in _REPEATS:
        return _of_repeat(*value)
    return frozenset({_ANY}) if op in (code.ANY, code.NOT_LITERAL) else _EITHER_WAY


def _of_repeat(least: int, most: int, inner: Iterable[tuple[Any, Any]]) -> _Beginnings:
    once = _of_all(inner)
    more = once | _joined(once, once) if most > 1 else once
    return (more if least < _PAIR else _joined(once, once)) | (_NOTHING if least == 0 else frozenset())


def _of_class(members: Iterable[tuple[Any, Any]]) -> _Beginnings:
    found: set[str] = set()
    for op, value in members:
        if op is code.LITERAL:
            found.add(chr(value))
        elif op is code.RANGE and value[1] - value[0] < _MOST:
            found.update(map(chr, range(value[0], value[1] + 1)))
        else:
            return frozenset({_ANY})
    return frozenset(found)
