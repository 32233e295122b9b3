"""What an officer wrote behind a task's code in words that are no command: a question, how far it is, or what was found."""

from __future__ import annotations

from enum import Enum

from bot.replies.lexicon import lexicon
from bot.replies.normalise import simplified, tidy


class Told(Enum):
    """`UNDER_WAY`: somebody is at it. `IN_VAIN`: tried, without a result so far. `UNCLEAR`: none of these."""

    QUESTION = "question"
    UNDER_WAY = "under_way"
    IN_VAIN = "in_vain"
    ACCOUNT = "account"
    UNCLEAR = "unclear"


def told_of_task(text: str) -> Told:
    """The first of these that the words say; what others are said to do or not to do is nothing that the writer does."""
    words, plain = lexicon().officer, simplified(tidy(text)).strip()
    if words["asks"].search(plain):
        return Told.QUESTION
    own = words["hearsay"].sub("", plain)
    if words["underway"].search(own):
        return Told.UNDER_WAY
    if words["waits"].search(own):
        return Told.IN_VAIN
    if words["account"].search(plain):
        return Told.ACCOUNT
    return Told.IN_VAIN if words["in_vain"].search(own) else Told.UNCLEAR
