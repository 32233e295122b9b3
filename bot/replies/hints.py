"""What a text touches on, though it may not be understood: so that it does not go to the wrong person, or too late."""

from __future__ import annotations

from bot.replies.guardian import danger_in
from bot.replies.lexicon import lexicon
from bot.replies.normalise import sounded_out


def is_danger(text: str) -> bool:
    """Whether a child may be in danger, whoever wrote it."""
    return danger_in(sounded_out(text)) is not None


def touches_on(text: str, intent: str) -> bool:
    """Whether words of this intent stand anywhere in the text."""
    return lexicon().intents[intent].search(sounded_out(text)) is not None


def choice_in(text: str, *, after_publicity: bool) -> str | None:
    """opt_out or opt_in, where that is all the text says. The letter that publicity asks for counts `after_publicity` only."""
    words, plain = lexicon(), sounded_out(text)
    if words.whole["opt_out"].fullmatch(plain) or words.intents["opt_out"].fullmatch(plain):
        return "opt_out"
    if after_publicity and words.whole["opt_out_letter"].fullmatch(plain):
        return "opt_out"
    return "opt_in" if words.whole["opt_in"].fullmatch(plain) else None
