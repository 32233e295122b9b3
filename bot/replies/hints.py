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


def tells_of_absence(text: str) -> bool:
    """Whether it says that a child is not at school, though not why."""
    return lexicon().patterns["not_at_school"].search(sounded_out(text)) is not None


def is_acknowledgement(text: str) -> bool:
    """Whether "seen", "good", "thank you" is all that it says."""
    clauses = [clause for clause in lexicon().patterns["separators"].split(sounded_out(text)) if clause.strip()]
    return bool(clauses) and all(lexicon().whole["acknowledged"].fullmatch(clause) for clause in clauses)


def kind_chosen(text: str) -> tuple[str, str] | None:
    """(opt_out or opt_in, what it is called) where somebody refuses, or wants again, one kind of publicity by a name."""
    plain = sounded_out(text)
    for choice, pattern in (("opt_out", "topic_out"), ("opt_in", "topic_in")):
        if found := lexicon().patterns[pattern].fullmatch(plain):
            return choice, found["said"]
    return None


def choice_in(text: str, *, after_publicity: bool) -> str | None:
    """opt_out or opt_in, where that is all the text says. The letter that publicity asks for counts `after_publicity` only."""
    words, plain = lexicon(), sounded_out(text)
    if words.whole["opt_out"].fullmatch(plain) or words.intents["opt_out"].fullmatch(plain):
        return "opt_out"
    if after_publicity and words.whole["opt_out_letter"].fullmatch(plain):
        return "opt_out"
    return "opt_in" if words.whole["opt_in"].fullmatch(plain) else None
