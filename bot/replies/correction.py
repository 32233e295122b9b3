"""A text that opens by saying that what was understood is wrong, and may say what is so instead."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from bot.replies.kinds import Child
from bot.replies.lexicon import lexicon
from bot.replies.names import Named, find_exact
from bot.replies.normalise import sounded_out

_BREATHS = 6
"""Pauses of a text among which it may say that something was wrong."""


class Correction(NamedTuple):
    """`named`: the children of whom it was wrong, if any is named. `instead`: the words after it, if there are any."""

    named: tuple[int, ...]
    instead: str


def correction_in(text: str, children: Sequence[Child]) -> Correction | None:
    """None where the text does not open with "不对" in some words: 不对，后天; 错了 是周四; 1不对 4; 不对是周五; 麦燕不对."""
    plain = sounded_out(text, [child.name for child in children])
    named, said = _named_first(plain, children)
    said = lexicon().patterns["wrong_digit"].sub("", said)
    rest = said[_end_of_denial(said) :]
    if rest == said:
        return None
    return Correction(named, lexicon().patterns["i_meant"].sub("", rest.strip(), count=1))


def _end_of_denial(said: str) -> int:
    """Where the words end that only say that it was wrong; 0 where there are none. Who uses no marks parts with blanks, or not at all."""
    words, ends = lexicon(), 0
    if slip := _slip(said):
        return slip
    for pause in islice(words.patterns["pause"].finditer(f"{said},"), _BREATHS):
        first = words.patterns["pause"].sub("", said[ends : pause.start()])
        if not first or words.whole["undo"].fullmatch(first):
            ends = min(pause.end(), len(said)) if first or ends else 0
    run_on = words.patterns["undo_run_on"].match(said, ends)
    return run_on.end() if run_on is not None else ends


def _slip(said: str) -> int:
    """Where "打错了" ends that something else follows: mistyped. By itself, and before what a stranger says, it is a wrong number."""
    words = lexicon()
    slip = words.patterns["slip"].match(said)
    pause = words.patterns["pause"].match(said, slip.end()) if slip is not None else None
    rest = said[pause.end() :] if pause is not None else ""
    return len(said) - len(rest) if rest and not words.intents["wrong_number"].search(rest) else 0


def _named_first(plain: str, children: Sequence[Child]) -> tuple[tuple[int, ...], str]:
    """(who is named before anything else, what follows the name). An only child need not be told apart."""
    found = find_exact(plain, [Named(child.student_id, child.name) for child in children], pet_names=True)
    if not found or found[0].start > 0:
        return (), plain
    return (found[0].ids if len(children) > 1 else ()), plain[found[0].end :].lstrip("的那 ")
