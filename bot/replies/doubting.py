"""What was understood and is asked all the same: too little was said, or more than was understood."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date

from bot.replies.action import CHOICES, RECEIPT, TO_A_PERSON
from bot.replies.kinds import Child, Reading
from bot.replies.lexicon import lexicon
from bot.replies.school_year import SchoolYear
from bot.replies.second_reader import SAME, chances
from bot.replies.unread import unexplained_of

AGREED, UNSURE = 0.95, 0.3
"""The confidence where a digit and words say the same, and that of what is asked."""
PASSING = frozenset({"sick", "leave", "will_return"})
_NOTHING_ASKED = (None, "publicity")
_HABITS = frozenset({"caring_family"})
"""What a child may do beside school: an answer to "why is it away", and nothing where that was not asked."""
_LIKELY, _CERTAIN = 0.4, 0.9
"""What the second reader must give at least to what was understood, and at most to anything else."""
_ALWAYS_HEARD = TO_A_PERSON | {"opt_out"}


def doubted(
    readings: Sequence[Reading], text: str, plain: str, question: str | None, *, children: Sequence[Child], today: date, school: SchoolYear
) -> list[Reading]:
    """The same readings, those that are not to be acted on with the confidence of what is asked. `plain`: the text in one costume."""
    told = [_unsure(one, "little") if _is_weak(one, plain, question, len(children)) else one for one in _taken_together(readings, plain)]
    if any(map(_needs_all, told)):
        veiled = unexplained_of(text, children=children, today=today, school=school)
        told = [_unsure(one, "unexplained") if _needs_all(one) and veiled & {one.student_id, None} else one for one in told]
    return _read_by_two(told, plain, question, [child.name for child in children])


def _read_by_two(readings: Sequence[Reading], plain: str, question: str | None, names: Sequence[str]) -> list[Reading]:
    """Sure is what the second reader finds likely, too, and beside which nothing else is all but certain to it."""
    open_to_doubt = [one for one in readings if _needs_all(one) and one.intent not in CHOICES and not _by_own_words(one)]
    if not open_to_doubt or plain.strip(" ,.!。") in lexicon().told_to_say:
        return [*readings]
    likely = chances(plain, question, names)
    said = {_as_taught(one) for one in readings} | {"will_return" for one in readings if one.intent == "sick" and one.on is not None}
    says_other = any(chance >= _CERTAIN and not _is_said(other, said) for other, chance in likely.items())
    return [
        _unsure(one, "second_reader") if one in open_to_doubt and (says_other or likely.get(_as_taught(one), _CERTAIN) < _LIKELY) else one
        for one in readings
    ]


def _by_own_words(reading: Reading) -> bool:
    """What an installation has added the second reader was not taught."""
    return any(word in reading.evidence for word in lexicon().own)


def _as_taught(reading: Reading) -> str:
    return SAME.get(reading.intent, reading.intent)


def _is_said(other: str, said: Set[str]) -> bool:
    return other in said or any({other, one} in lexicon().agrees for one in said)


def _taken_together(readings: Sequence[Reading], plain: str) -> Sequence[Reading]:
    """Beside a question nothing counts but what passes: a person answers, and reads the rest. What corrects itself midway is asked."""
    if len(readings) > 1 and any(one.intent == "undo" and not plain.startswith(one.evidence) for one in readings):
        return [_unsure(one, "corrected") for one in readings if one.intent != "undo"] or readings
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


def _unsure(reading: Reading, doubt: str) -> Reading:
    return reading._replace(confidence=min(reading.confidence, UNSURE), doubt=doubt)
