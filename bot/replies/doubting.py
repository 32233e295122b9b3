"""What was understood and is asked all the same: too little was said, or more than was understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot.replies.action import RECEIPT, TO_A_PERSON
from bot.replies.kinds import Child, Reading
from bot.replies.lexicon import lexicon
from bot.replies.school_year import SchoolYear
from bot.replies.unread import unexplained_of

AGREED, UNSURE = 0.95, 0.3
"""The confidence where a digit and words say the same, and that of what is asked."""
PASSING = frozenset({"sick", "leave", "will_return"})
_NOTHING_ASKED = (None, "publicity")
_HABITS = frozenset({"caring_family"})
"""What a child may do beside school: an answer to "why is it away", and nothing where that was not asked."""
_ALWAYS_HEARD = TO_A_PERSON | {"opt_out"}


def doubted(
    readings: Sequence[Reading], text: str, plain: str, question: str | None, *, children: Sequence[Child], today: date, school: SchoolYear
) -> list[Reading]:
    """The same readings, those that are not to be acted on with the confidence of what is asked. `plain`: the text in one costume."""
    told = [_unsure(one) if _is_weak(one, plain, question, len(children)) else one for one in _taken_together(readings, plain)]
    if not any(map(_needs_all, told)):
        return told
    veiled = unexplained_of(text, children=children, today=today, school=school)
    return [_unsure(one) if _needs_all(one) and veiled & {one.student_id, None} else one for one in told]


def _taken_together(readings: Sequence[Reading], plain: str) -> Sequence[Reading]:
    """Beside a question nothing counts but what passes: a person answers, and reads the rest. What corrects itself midway is asked."""
    if len(readings) > 1 and any(one.intent == "undo" and not plain.startswith(one.evidence) for one in readings):
        return [_unsure(one) for one in readings if one.intent != "undo"] or readings
    asking = {one.student_id for one in readings if one.intent == "question"}
    return [one for one in readings if one.student_id not in asking or one.intent in TO_A_PERSON | PASSING or one.confidence >= AGREED]


def _is_weak(reading: Reading, plain: str, question: str | None, children: int) -> bool:
    """Too little to act on: thanks for the question why, "something is up" where nothing was asked, "one is ill, one is not" of several."""
    if question in _NOTHING_ASKED and reading.intent in _HABITS:
        return True
    if question in _NOTHING_ASKED and reading.intent == "leave":
        return lexicon().patterns["asks_leave"].search(plain) is None
    if reading.intent == RECEIPT:
        return question == "absence"
    return children > 1 and lexicon().patterns["one_and_one"].search(plain) is not None


def _needs_all(reading: Reading) -> bool:
    """Whether every word beside it must be explained: not where a digit says the same, not where it goes to a person, nor a refusal."""
    return UNSURE < reading.confidence < AGREED and reading.intent not in _ALWAYS_HEARD


def _unsure(reading: Reading) -> Reading:
    return replace(reading, confidence=min(reading.confidence, UNSURE))
