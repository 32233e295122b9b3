"""Days as people say them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from bot.replies.ground import Ground
from bot.replies.lexicon import derived, lexicon
from bot.replies.reckoning import OF_SCHOOL, RULES
from bot.replies.school_year import NO_SCHOOL_YEAR, SchoolYear

_OF_EVENTS = frozenset({"event", "event_begins", "event_before", "half_term"})
_YEARLY = frozenset({"holiday", "feast", "lunar", "lunar_day", "fixed_day", "term_begins", "term_ends"}) | _OF_EVENTS
_EXACT = frozenset({"relative", "weekday", "day", "month_day", "next_month_day", "numeric"})
_NO_DAYS = frozenset({"span", "now", "vague"})
_FEASTS = frozenset({"holiday", "feast", "lunar", "lunar_day", "fixed_day"})
_LENGTHS = frozenset({"after", "span"})
_OVER = ("后", "了", "完", "罢", "过", "结束")
_AS_LATE_AS = frozenset("到至")
_RANGE = frozenset({"到", "至", "-", "~", "、", "和"})
_WEEK = timedelta(days=7)
_LONGEST_MONTH = 31
_OF_MONTHS = frozenset({"month_day", "next_month_day", "day"})
_SAME = frozenset({"", "(", "是", "就是", "也就是"})
_NEXT_TIME = timedelta(days=240)  # a feast so far ahead is hardly the one that is meant


class Day(NamedTuple):
    """Words that name a day. `on` is None when they are too vague to act on.

    `kind` is the rule that found it; a `span` (three days) says how long, and `on` is then the first day after it.
    """

    start: int
    end: int
    on: date | None
    kind: str
    words: str


@derived(maxsize=256)
def find_days(text: str, today: date, school: SchoolYear = NO_SCHOOL_YEAR) -> tuple[Day, ...]:
    """The days named in normalised text, in order, not overlapping; where two rules meet, the earlier rule wins.

    `school`: without it the beginning and the end of a term are too vague for a day.
    """
    found: dict[int, Day] = {}
    ground = Ground()
    for kind, pattern in lexicon().dates.rules.among(text):
        for match in pattern.finditer(text):
            if ground.take(*match.span()):
                found[match.start()] = Day(match.start(), match.end(), _reckoned(kind, match, today, school), kind, match.group())
    days = _counted_on([found[start] for start in sorted(found)], text, today)
    return tuple(_not_yet_known(day, text) for day in _in_range(_agreed(days, text), text))


def is_end(text: str, day: Day) -> bool:
    """ "Until Friday" says how long something lasts, not when somebody goes."""
    return day.start > 0 and text[day.start - 1] in _AS_LATE_AS


def _counted_on(days: list[Day], text: str, today: date) -> list[Day]:
    """ "Three days after the feast" (古尔邦节过三天) is reckoned from that feast; after a holiday of many days it is no day."""
    kept = days[:1]
    for day in days[1:]:
        last = kept[-1]
        if day.kind not in _LENGTHS or last.kind not in _FEASTS or last.end != day.start or not _is_counted(last, day, text):
            kept.append(day)
            continue
        is_next = last.words.endswith(_OVER) or last.words.startswith("过")
        known = last.on is not None and day.on is not None and last.kind != "holiday"
        on = last.on + (day.on - today) - timedelta(days=is_next) if known and last.on and day.on else None
        kept[-1] = Day(last.start, day.end, on, last.kind if on else "vague", text[last.start : day.end])
    return kept


def _is_counted(last: Day, day: Day, text: str) -> bool:
    """Not of a leave of so many days: 古尔邦节后三天假, 元旦请三天."""
    return (day.kind == "after" or last.words.endswith(_OVER)) and not text[day.end :].startswith(("假", "的假"))


def _in_range(days: list[Day], text: str) -> list[Day]:
    """ "From next Monday to Wednesday", "1 December to the 3rd": the second day does not lie before the first."""
    kept = days[:1]
    for day in days[1:]:
        last = kept[-1]
        is_before = last.on is not None and day.on is not None and day.on < last.on and text[last.end : day.start] in _RANGE
        kept.append(day._replace(on=_not_before(last, day)) if is_before else day)
    return kept


def _not_before(first: Day, day: Day) -> date | None:
    if first.on is None or day.on is None:
        return day.on
    if (first.kind, day.kind) == ("weekday", "weekday"):
        return day.on + _WEEK
    if first.kind in _OF_MONTHS and day.kind == "day":
        following = (first.on + timedelta(days=ahead) for ahead in range(_LONGEST_MONTH))
        return next((one for one in following if one.day == day.on.day), day.on)
    return day.on


def _not_yet_known(day: Day, text: str) -> Day:
    """ "Some time after the 15th" is no day."""
    is_open = day.kind in _EXACT and lexicon().patterns["some_time_after"].match(text, day.end)
    return day._replace(on=None, kind="vague") if is_open else day


def _agreed(days: list[Day], text: str) -> list[Day]:
    """ "The day after tomorrow (Wednesday)" is one day; where the two do not agree, it is none."""
    kept: list[Day] = []
    for day in days:
        last = kept[-1] if kept else None
        if last is None or not _says_twice(last, day) or text[last.end : day.start] not in _SAME:
            kept.append(day)
        else:
            end = day.end + (text[day.end : day.end + 1] == ")")
            kept[-1] = Day(last.start, end, day.on if day.on == last.on else None, last.kind, text[last.start : end])
    return kept


def _says_twice(one: Day, other: Day) -> bool:
    """A weekday beside a date only tells more of it."""
    kinds = {one.kind, other.kind}
    return "weekday" in kinds and len(kinds) == 2 and kinds.isdisjoint(_NO_DAYS)


def _reckoned(kind: str, match: re.Match[str], today: date, school: SchoolYear) -> date | None:
    try:
        day = OF_SCHOOL[kind](match, today, school) if kind in OF_SCHOOL else RULES[kind](match, today)
        return None if day is not None and kind in _YEARLY and day - today > _NEXT_TIME else day
    except (ValueError, OverflowError):  # the 31st of a short month, month 13: said, but no day
        return None
