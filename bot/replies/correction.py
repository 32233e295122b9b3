"""A text that opens by saying that what was understood is wrong, and may say what is so instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.replies.kinds import Child
from bot.replies.lexicon import lexicon
from bot.replies.names import Named, find_exact
from bot.replies.normalise import sounded_out


class Correction(NamedTuple):
    """`named`: the children of whom it was wrong, if any is named. `instead`: the words after it, if there are any."""

    named: tuple[int, ...]
    instead: str


def correction_in(text: str, children: Sequence[Child]) -> Correction | None:
    """None where the text does not open with "不对" in some words: 不对，后天; 错了，我说的是周四; 麦燕不对."""
    plain = sounded_out(text, [child.name for child in children])
    named, rest = _named_first(plain, children)
    marks, undo = lexicon().patterns["separators"], lexicon().whole["undo"]
    opens = False
    while rest:
        mark = marks.search(rest)
        first, after = (rest[: mark.start()], rest[mark.end() :]) if mark else (rest, "")
        if first.strip() and not undo.fullmatch(first.strip()):
            break
        opens, rest = opens or bool(first.strip()), after
    return Correction(named, lexicon().patterns["i_meant"].sub("", rest.strip(), count=1)) if opens else None


def _named_first(plain: str, children: Sequence[Child]) -> tuple[tuple[int, ...], str]:
    """(who is named before anything else, what follows the name). An only child need not be told apart."""
    found = find_exact(plain, [Named(child.student_id, child.name) for child in children], pet_names=True)
    if not found or found[0].start > 0:
        return (), plain
    return (found[0].ids if len(children) > 1 else ()), plain[found[0].end :].lstrip("的那 ")
