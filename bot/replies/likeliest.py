"""The one thing that a text asked back most likely means: put to the family as right or wrong, and never acted on before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.replies.dates import find_days
from bot.replies.doubting import UNSURE
from bot.replies.kinds import Child, Reading
from bot.replies.lexicon import lexicon
from bot.replies.normalise import sounded_out
from bot.replies.school_year import SchoolYear
from bot.replies.second_reader import SAME, chances
from bot.replies.set_out import left_home
from bot.replies.weighing import BACK_AT_SCHOOL

_LIKELY, _BESIDE = 0.8, 0.5
"""What the second reader must give to its best guess at least, and to its second best at most."""
_WHERE = frozenset({"absence", "confirm_return"})
_NO_ANSWER = frozenset({"unknown", "question"})


def likeliest(
    readings: Sequence[Reading], text: str, *, question: str, children: Sequence[Child], today: date, school: SchoolYear
) -> Reading | None:
    """What the rules half understood; where they understood nothing of an only child, the second reader's guess; else None.

    `readings` are those of `text` that are not acted on.
    """
    if len(readings) != 1:
        return None
    (reading,) = readings
    plain = sounded_out(text, [child.name for child in children])
    if reading.intent != "unknown":
        return None if _only_left(reading.intent, plain, question) else reading
    if len(children) > 1:  # whose words it would be guessing from is open
        return None
    guess = _guess(chances(plain, question, [child.name for child in children]))
    if guess is None or _only_left(guess, plain, question) or (guess == "will_return" and _given_up(plain, today, school)):
        return None
    intent = next((asked for asked, taught in SAME.items() if taught == guess and question == "confirm_return"), guess)
    return Reading(reading.student_id, intent, _only_day(plain, today, school) if intent == "will_return" else None, UNSURE, "")


def _only_left(intent: str, plain: str, question: str) -> bool:
    """Whether "is back" would be put to a family that said no more than that the child left home, or may be there (到了吧)."""
    supposed = lexicon().patterns["only_supposed"].search(plain) is not None
    return intent in BACK_AT_SCHOOL and (supposed or (question in _WHERE and left_home(plain)))


def _given_up(plain: str, today: date, school: SchoolYear) -> bool:
    """Whether the day is that of a plan of before: 本来明天去, 现在去不成了."""
    patterns = lexicon().patterns
    former = [part for part in patterns["separators"].split(plain) if patterns["former_plan"].search(part)]
    return patterns["fell_through"].search(plain) is not None or any(find_days(part, today, school) for part in former)


def _guess(likely: Mapping[str, float]) -> str | None:
    (_, beside), (best, chance) = sorted(likely.items(), key=lambda one: one[1])[-2:]
    return best if chance >= _LIKELY and beside < _BESIDE and best not in _NO_ANSWER else None


def _only_day(plain: str, today: date, school: SchoolYear) -> date | None:
    days = {day.on for day in find_days(plain, today, school) if day.kind not in {"span", "now"}}
    only = days.pop() if len(days) == 1 else None
    return only if only is not None and only >= today else None
