"""How a text changes what was said of the day: 写错了, 不是1是2, 只有3没来."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.replies.kinds import SheetEntry, SheetReading
from bot.replies.sheet_words import sheet_words

_EDGES = " ,;。!、:\n"
_CONTRASTS = ("not_but", "but_not", "wrong_but", "turned_into")
Read = Callable[[str], SheetReading]


def without_correction(plain: str) -> tuple[str, bool, bool]:
    """The text behind "that was wrong", whether that was said, and whether what follows stands in place of it (应该是)."""
    words = sheet_words().sheet
    mended = words["mended"].match(plain)
    rest = plain[mended.end() :].strip(_EDGES) if mended else plain
    instead = words["instead"].match(rest)
    if instead is None or not (mended or instead["sure"]):
        return rest, mended is not None, False
    return rest[instead.end() :].strip(_EDGES), True, True


def read_change(text: str, read: Read, *, mended: bool, instead: bool) -> SheetReading:
    """What is behind "that was wrong"; or without it, whether those who are named are all that are absent."""
    if (contrast := _read_contrast(text, read)) is not None:
        return contrast
    words = sheet_words().sheet
    if few := words["too_few"].match(text):
        return read(few["more"])
    if many := words["too_many"].match(text):
        return _not_away(read(many["not"]))
    only = words["only"].match(text)
    reading = read(text[only.end() :]) if only else read(text)
    if not reading.absent or reading.arrived or reading.same:
        return reading
    if only and not words["missing"].search(text) and any(entry.reason for entry in reading.absent):
        return replace(reading, replaces=None)  # "only 3 is on leave": the others may be absent without it
    sure = instead or only or words["others_came"].search(text) or words["except_for"].match(text) or words["all_but"].match(text)
    doubtful = mended and not words["besides"].search(text)
    return replace(reading, replaces=True if sure else None if doubtful else False)


def _read_contrast(text: str, read: Read) -> SheetReading | None:
    """ "Not 1, but 2": 1 is there, 2 is absent, nothing is said of the others. None where it is no pupil that it was not."""
    for name in _CONTRASTS:
        match = sheet_words().sheet[name].match(text)
        if match is None:
            continue
        wrong = read(match["not"])
        if not (wrong.absent or wrong.arrived or wrong.doubts) or wrong.unread or wrong.later:
            continue
        right = read(match["but"]) if match["but"] else None
        if name == "turned_into" and right is not None and not (right.says_today or right.doubts):
            return read(match["not"] + match["but"])  # "1 turned into sick leave"
        return _contrasted(wrong, right)
    return None


def _not_away(reading: SheetReading) -> SheetReading:
    """Whoever was named too much is there."""
    arrived = (*reading.arrived, *(entry.student_id for entry in reading.absent))
    return replace(reading, absent=(), arrived=tuple(dict.fromkeys(arrived)))


def _contrasted(wrong: SheetReading, right: SheetReading | None) -> SheetReading:
    if right is None:
        right = SheetReading(all_present=False, absent=(), arrived=(), doubts=(), unread=(), yesterday=False)
    if right.all_present:
        return right
    away, there = {entry.student_id for entry in right.absent}, set(right.arrived)
    absent = tuple(SheetEntry(one, None, None) for one in wrong.arrived if one not in away | there)
    arrived = tuple(entry.student_id for entry in wrong.absent if entry.student_id not in away | there)
    return replace(
        right, absent=(*right.absent, *absent), arrived=(*right.arrived, *arrived), doubts=(*wrong.doubts, *right.doubts),
    )  # fmt: skip
