"""A school in a message: no lessons on some days, a class trip, taken back again; a teacher names a stand-in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.replies.classes import Room, find_classes
from bot.replies.dates import Day, find_days
from bot.replies.normalise import normalise
from bot.replies.sheet_words import sheet_words
from bot.replies.spans import cut_out, first_and_last, joint_start, without_days

_LONGEST = 120


@dataclass(frozen=True)
class ClosureReading:
    """No school from `since` to `until`; for the whole school where no class is named.

    `class_ids`: the classes meant; `foreign`: classes named that were not among those given. `since` is None when the days
    cannot be read. `half`: only a part of the day. `nowhere`: an outing, but not said of which class.
    """

    trip: bool
    class_ids: tuple[int, ...]
    foreign: tuple[str, ...]
    since: date | None
    until: date | None
    reason: str
    half: bool
    nowhere: bool = False


@dataclass(frozen=True)
class StandInReading:
    """Somebody takes the sheets over for some days."""

    name: str
    since: date
    until: date


def read_closure(text: str, *, rooms: Sequence[Room], today: date, names: Sequence[str] = ()) -> ClosureReading | None:
    """None where the text closes nothing. `names` are those of the school; without a day, today is meant.

    A trip (外出) needs a class, or the whole school named, so that nobody's own absence is taken for one; an outing (秋游) is
    nobody's own. That there is no school (不上学) is said of a single child, too: it needs a class, the school or a cause.
    """
    words, plain = sheet_words().school, normalise(text)
    if len(plain) > _LONGEST or words["question"].search(plain):
        return None
    mentions = find_classes(plain, rooms)
    whole = words["whole"].search(plain) is not None or any(name in plain for name in map(normalise, names))
    closed, trip = words["closed"].search(plain), words["away"].search(plain)
    somewhere = whole or bool(mentions)
    said = closed or (trip if somewhere else words["outing"].search(plain))
    if said is None:
        return None
    taken = [(one.start, one.end) for one in mentions]
    days = _days(plain, today, taken, said)
    if days is None:
        return None
    before, after = _rest(plain, said, taken, days, names)
    if (before and not words["cause"].fullmatch(before)) or words["story"].search(after):
        return None
    if closed and words["of_one_child"].fullmatch(closed.group()) and not (somewhere or before):
        return None
    since, until = first_and_last(plain, days, today)
    return ClosureReading(
        trip=closed is None, class_ids=tuple(one.class_id for one in mentions if one.class_id is not None),
        foreign=tuple(one.said for one in mentions if one.class_id is None), since=since, until=until,
        reason=(before + after)[:20], half=words["half"].search(plain) is not None,
        nowhere=closed is None and not somewhere,
    )  # fmt: skip


def _days(plain: str, today: date, taken: Sequence[tuple[int, int]], said: re.Match[str]) -> list[Day] | None:
    """Days outside the classes. 放假 beside another day says what, not when; None where the word goes on (放假后): it closes nothing."""
    found = [day for day in find_days(plain, today) if all(day.end <= start or day.start >= end for start, end in taken)]
    if any(day.start < said.end() < day.end or day.start < said.start() < day.end for day in found):
        return None
    beside = [day for day in found if day.end <= said.start() or day.start >= said.end()]
    return beside or found


def read_undo(text: str) -> str | None:
    """ "named" when the text takes a closure back in so many words, "any" when it only says that something was wrong."""
    words, plain = sheet_words().school, normalise(text)
    if words["undo"].match(plain):
        return "named"
    return "any" if words["undo_any"].match(plain) else None


def read_stand_in(text: str, *, today: date) -> StandInReading | None:
    """ "明天马老师代我点名": who, and on which days; without a day, today."""
    plain = normalise(text)
    if len(plain) > _LONGEST:
        return None
    days = find_days(plain, today)
    match = sheet_words().school["stand_in"].match(without_days(plain, days).strip())
    since, until = first_and_last(plain, days, today)
    if match is None or since is None or until is None or not match["name"].strip():
        return None
    return StandInReading(match["name"].strip(), since, until)


def _rest(plain: str, said: re.Match[str], taken: list[tuple[int, int]], days: Sequence[Day], names: Sequence[str]) -> tuple[str, str]:
    """What is left before and behind the word, without classes, days, the school's names and courtesy."""
    spans = [*taken, *((joint_start(plain, day), day.end) for day in days)]
    before = cut_out(plain, [*spans, (said.start(), len(plain))])
    after = cut_out(plain, [*spans, (0, said.end())])
    return _bare(before, names), _bare(after, names)


def _bare(text: str, names: Sequence[str]) -> str:
    for name in sorted(map(normalise, names), key=len, reverse=True):
        text = text.replace(name, "")
    words = sheet_words().school
    return words["filler"].sub("", words["whole"].sub("", words["half"].sub("", words["away"].sub("", text))))
