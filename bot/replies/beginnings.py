"""With which characters a pattern can begin. The engine looks at them first and passes over every other place of a text at once.

`re` does this by itself for plain alternatives only, not for those in groups, behind a lookbehind or after something that may be
missing, as the lexicon's are: two thirds of all looks at a text were tried in vain, phrase by phrase. What is found is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _constants as code  # type: ignore[attr-defined]  # the parser of `re` has no public name since 3.11
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_MOST = 600
"""With more characters than this, looking at them costs as much as it saves."""
_Beginning = tuple[frozenset[int] | None, bool]
"""The characters (None: any), and whether the pattern can match nothing at all."""
_ANY: _Beginning = (None, False)
_ZERO_WIDTH = (code.AT, code.ASSERT, code.ASSERT_NOT)
_REPEATS = (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT)


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, with a look at its first characters before it where that is possible. Raises re.error like `re.compile`."""
    chars = _firsts(pattern)
    return re.compile(pattern if chars is None else _looked_at(pattern, chars))


def either(patterns: Iterable[str]) -> re.Pattern[str]:
    """The first of these that fits, each looked at by its own first characters. They may have no flags for all of the pattern."""
    return compiled("|".join(_looked_at(pattern, _firsts(pattern)) for pattern in patterns))


def _looked_at(pattern: str, chars: frozenset[int] | None) -> str:
    return f"(?:{pattern})" if chars is None else f"(?={_any_of(chars)})(?:{pattern})"


class Sieve:
    """Of many patterns those that can begin somewhere in a text, in their order: a look at each character, not one for each pattern."""

    def __init__(self, patterns: Iterable[tuple[str, re.Pattern[str]]]) -> None:
        self._patterns = tuple(patterns)
        self._anywhere, self._by_character = 0, dict[str, int]()
        for place, (_, pattern) in enumerate(self._patterns):
            chars = _firsts(pattern.pattern)
            self._anywhere |= 0 if chars is not None else 1 << place
            for one in chars or ():
                self._by_character[chr(one)] = self._by_character.get(chr(one), 0) | 1 << place

    def among(self, text: str) -> list[tuple[str, re.Pattern[str]]]:
        """(name, pattern) of each."""
        found, by_character = self._anywhere, self._by_character
        for letter in text:
            found |= by_character.get(letter, 0)
        return [named for place, named in enumerate(self._patterns) if found >> place & 1]


def _firsts(pattern: str) -> frozenset[int] | None:
    """None: any character, too many, or none at all."""
    parsed = parser.parse(pattern)
    chars, may_be_empty = _of_all(parsed)
    return None if chars is None or may_be_empty or len(chars) > _MOST or parsed.state.flags & re.IGNORECASE else chars


def _any_of(chars: frozenset[int]) -> str:
    return "[" + "".join(re.escape(chr(one)) for one in sorted(chars)) + "]" if chars else "(?!)"


def _of_all(items: Iterable[tuple[Any, Any]]) -> _Beginning:
    """Of what stands one after another: what may be missing is no more than a possible beginning."""
    found: frozenset[int] = frozenset()
    for op, value in items:
        if op is code.FAILURE or (op is code.ASSERT_NOT and not value[1]):
            return frozenset(), False
        if op in _ZERO_WIDTH:
            continue
        chars, may_be_empty = _of_one(op, value)
        if chars is None:
            return _ANY
        found |= chars
        if not may_be_empty:
            return found, False
    return found, True


def _of_one(op: Any, value: Any) -> _Beginning:
    if op is code.LITERAL:
        return frozenset({value}), False
    if op is code.IN:
        return _of_class(value), False
    if op is code.SUBPATTERN:
        _, flags, _, inner = value
        return _of_all(inner) if not flags else _ANY
    if op is code.BRANCH:
        return _of_either(value[1])
    if op in _REPEATS:
        chars, may_be_empty = _of_all(value[2])
        return chars, may_be_empty or value[0] == 0
    return _ANY


def _of_class(members: Iterable[tuple[Any, Any]]) -> frozenset[int] | None:
    found: set[int] = set()
    for op, value in members:
        if op is code.LITERAL:
            found.add(value)
        elif op is code.RANGE and value[1] - value[0] < _MOST:
            found.update(range(value[0], value[1] + 1))
        else:
            return None
    return frozenset(found)


def _of_either(branches: Iterable[Iterable[tuple[Any, Any]]]) -> _Beginning:
    each = [_of_all(branch) for branch in branches]
    if any(chars is None for chars, _ in each):
        return _ANY
    return frozenset(one for chars, _ in each for one in chars or ()), any(may_be_empty for _, may_be_empty in each)
