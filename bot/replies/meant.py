"""Staff tell what a reply meant: "A1 意思是 明天来"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.replies.guardian import read_guardian
from bot.replies.lexicon import lexicon
from bot.replies.normalise import sounded_out
from bot.replies.school_year import NO_SCHOOL_YEAR, SchoolYear

_UNREAD = "unknown"


@dataclass(frozen=True)
class Meant:
    """What a reply meant, in the reader's own terms."""

    intent: str
    on: date | None


def read_meant(text: str, today: date, school: SchoolYear = NO_SCHOOL_YEAR) -> Meant | None:
    """The meaning that staff name, by the plain word for it or as a family would say it; None where they name none."""
    said = lexicon().officer["meant"].search(sounded_out(text))
    if said is None:
        return None
    named = said["text"].strip(" ,.。:!")
    word = next((intent for intent, words in lexicon().meant_words.items() if named in words), None)
    if word is not None:
        return Meant(word, None)
    reading = read_guardian(named, question=None, children=(), today=today, school=school)[0]
    return Meant(reading.intent, reading.on) if reading.intent != _UNREAD else None
