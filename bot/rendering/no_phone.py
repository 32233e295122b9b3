"""A school without a telephone: what names its number says something else, or nothing (templates/no_phone.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FACT = "school_phone"
_MARK = "☎"
_STOPS = re.compile(r"(?<=[。，])[。，]+|^[。，]+")
Rules = Sequence[tuple[re.Pattern[str], str]]


class _NoPhone(str):
    """Where the number would stand. A template that asks whether there is one hears that there is none."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


def rules(rows: Iterable[Sequence[str]]) -> Rules:
    """Compiled once; re.error for what is no pattern."""
    return [(re.compile(pattern), instead) for pattern, instead in rows]


def marked(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facts of a message, with a mark for the number that there is not."""
    return {**context, FACT: _NoPhone(_MARK)} if context.get(FACT) == "" else context


def worded(text: str, wording: Rules) -> str:
    """The text without its marks."""
    if _MARK not in text:
        return text
    for pattern, instead in wording:
        text = pattern.sub(instead, text)
    return _STOPS.sub("", text).strip()
