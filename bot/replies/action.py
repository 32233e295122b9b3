"""What is done with a reading: acted on, asked back once with digits, or given to a person. The one place that decides it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.kinds import Reading

SURE = 0.7
"""Below this a reading is asked back rather than acted on."""
HOPELESS = 0.0
"""The confidence of a text that no question would make clearer: it is no answer at all."""
QUESTIONS = ("absence", "notice", "confirm_return")
"""The questions that can be asked again with digits."""
CHOICES = ("opt_out", "opt_in")
"""What somebody says of themselves, whichever child they have."""
RECEIPT = "acknowledged"
"""That a notice was read; anything else that is asked it does not answer, and where nothing is asked it needs no answer."""
TO_A_PERSON = frozenset({"safety", "bullying", "early_marriage", "complaint", "question", "abusive"})
"""Answered by nobody but a person: what could hurt the child, and what no rule can answer."""


def action(reading: Reading, *, question: str | None, children: int) -> str:
    """`act`, `ask` or `person`. `question` is the kind of the open question, `children` how many the writer has.

    Only where something was asked can it be asked again; a reading that does not say which of several children it is about
    is asked back, unless it is about the writer. A mere "thank you" where nothing is asked is never acted on: the dialog lets it rest.
    """
    if reading.intent in TO_A_PERSON or (reading.intent == RECEIPT and question not in (*QUESTIONS, "choose")):
        return "person"
    if reading.intent == "unknown" or reading.confidence < SURE:
        return "ask" if question in QUESTIONS and reading.confidence > HOPELESS else "person"
    if reading.student_id is None and children > 1 and reading.intent not in CHOICES:
        return "ask"
    return "act"


def parted(readings: Sequence[Reading]) -> tuple[list[Reading], list[Reading]]:
    """(what is acted on, what is asked or read by a person). All or nothing, except between children who are named.

    What is sure of a named child of whom nothing unsure was said is acted on, and only the rest is asked. Where the text is no
    answer at all to somebody, or touches on harm, a person reads all of it first.
    """
    unsure = [one for one in readings if one.intent == "unknown" or one.confidence < SURE]
    if not unsure:
        return [*readings], []
    doubted = {one.student_id for one in unsure}
    hopeless = any(one.confidence <= HOPELESS for one in unsure)
    sure = [one for one in readings if one.student_id is not None and one.student_id not in doubted and not hopeless]
    return sure, [one for one in readings if one not in sure]
