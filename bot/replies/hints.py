"""What a text touches on, though it may not be understood: so that it does not go to the wrong person, or too late."""

from __future__ import annotations

from datetime import date

from bot.replies.guardian import read_guardian
from bot.replies.lexicon import lexicon
from bot.replies.normalise import normalise


def is_danger(text: str) -> bool:
    """Whether a child may be in danger, whoever wrote it."""
    return read_guardian(text, question=None, children=[], today=date.max)[0].intent == "safety"


def touches_on(text: str, intent: str) -> bool:
    """Whether words of this intent stand anywhere in the text."""
    return lexicon().intents[intent].search(normalise(text)) is not None
