"""Danger in a text, what only looks like it, and what is at least worrying."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.replies.action import HOPELESS
from bot.replies.kinds import Reading
from bot.replies.lexicon import lexicon

_BLANKS = re.compile(r"[\s.、…~*\-_]+")


def danger_in(plain: str) -> str | None:
    """The words of danger, also when they are spread with blanks or dots; without what only looks like it."""
    return _danger(plain) or _danger(_BLANKS.sub("", plain))


def worried(plain: str, readings: Sequence[Reading]) -> list[Reading]:
    """What is not understood, in a text that touches on harm, is for a person: digits would hide it."""
    sign = lexicon().worry.search(plain) if any(one.intent == "unknown" for one in readings) else None
    if sign is None:
        return [*readings]
    return [replace(one, confidence=HOPELESS, evidence=sign.group()) if one.intent == "unknown" else one for one in readings]


def _danger(text: str) -> str | None:
    words = lexicon()
    if words.safety.search(text) is None:
        return None
    found = words.safety.search(words.no_danger.sub(",", text))
    return found.group() if found else None
