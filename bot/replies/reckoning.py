"""What day the words of each rule name: the reckoning behind `bot.replies.dates`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache

import holidays

from bot.replies.feasts import next_hijri, next_lunar, next_lunar_day
from bot.replies.lexicon import lexicon
from bot.replies.numerals import number
from bot.replies.school_year import (
    SchoolYear,
    before_event,
    event_begins,
    event_over,
    half_term,
    school_begins,
    school_ends,
)  # fmt: skip

_CHINESE = frozenset("一二三四五六七八九十")
_DAY = timedelta(days=1)
_LONGEST_SPAN = 366
_LONGEST_HOLIDAY = 10
_WEEKDAYS = {"天": 7, "日": 7, "主麻": 5}
"""Those that have no number; the day of the Friday prayer is Friday."""
_HALF_MONTH = 15
_ANNOUNCED_WITHIN = 3  # days between a reckoned feast and the announced one
_BREAK_WITHIN = 10  # days: "after the holiday" is the one that is on, or that everybody waits for


def _relative(match: re.Match[str], today: date) -> date | None:
    return today + _DAY * lexicon().dates.relative[match[1]]


def _weekday(match: re.Match[str], today: date) -> date | None:
    """A bare weekday is the coming one, today included; with 'next' it lies in next week, Monday first."""
    wanted = _WEEKDAYS.get(match[2]) or number(match[2])
    if wanted is None:
        return None
    monday = today - _DAY * today.weekday()
    day = monday + _DAY * (wanted - 1)
    if match[1] in {"下", "下下", "上"}:
        return day + _DAY * 7 * {"下": 1, "下下": 2, "上": -1}[match[1]]
    return day if match[1] or day >= today else day + _DAY * 7


def _after(match: re.Match[str], today: date) -> date | None:
    if match[1] == "半":
        return today + _DAY * _HALF_MONTH if match[2] == "月" else None
    count = number(match[1])
    if count is None or count > _LONGEST_SPAN:
        return None
    if match[2] == "月":
        return today + _DAY * 30 * count
    return today + _DAY * count * (1 if match[2] == "天" else 7)


def _month_day(match: re.Match[str], today: date) -> date | None:
    month, day = number(match[1]), number(match[2])
    if month is None or day is None:
        return None
    this_year = date(today.year, month, day)
    # "十月二十", without 号: by the moon, where the day by the sun is over
    if this_year < today and len(match[2]) > 1 and match.group()[-1] in _CHINESE:
        return next_lunar(month, day, today)
    return this_year if this_year >= today - _DAY * 60 else date(today.year + 1, month, day)


def _next_month_day(match: re.Match[str], today: date) -> date | None:
    return _in_month(_next_month(today), number(match[1]))


def _last_month_day(match: re.Match[str], today: date) -> date | None:
    return _in_month(today.replace(day=1) - _DAY, number(match[1]))


def _day(match: re.Match[str], today: date) -> date | None:
    wanted = number(match[1])
    if wanted is None:
        return None
    return _in_month(today if wanted >= today.day else _next_month(today), wanted)


def _next_month(today: date) -> date:
    return (today.replace(day=1) + _DAY * 31).replace(day=1)


def _in_month(month: date, day: int | None) -> date | None:
    return month.replace(day=day) if day is not None else None


def _holiday(match: re.Match[str], today: date) -> date | None:
    """The first working day after the holiday that is now or comes next."""
    name = lexicon().dates.holidays[match[1]]
    return _after_holiday(today, lambda day: name in _calendar().get(day, ""), _LONGEST_SPAN)


def _break(_: re.Match[str], today: date) -> date | None:
    """A holiday that has no name is the one that is on or about to come; further off nobody knows which is meant."""
    return _after_holiday(today, lambda day: day in _calendar(), _BREAK_WITHIN)


def _after_holiday(today: date, is_meant: Callable[[date], bool], within: int) -> date | None:
    for ahead in range(-_LONGEST_HOLIDAY, within):
        day = today + _DAY * ahead
        if is_meant(day):
            back = next(later for later in _days_after(day) if _calendar().is_working_day(later))
            if back > today:
                return back
    return None


def _feast(match: re.Match[str], today: date) -> date | None:
    """The day after the feast; a name of both feasts means the one that comes first."""
    words = lexicon().dates
    meant = words.feasts[match[1]]
    ends = [_after_feast(name, today) for name in (words.either_feast if meant == "either" else (match[1],))]
    return min((end for end in ends if end is not None), default=None)


def _after_feast(name: str, today: date) -> date | None:
    """What was announced goes before what is reckoned."""
    words = lexicon().dates
    month, day = words.feasts[name]
    reckoned = next_hijri(month, day, today)
    if reckoned is None:
        return None
    announced = (on for said, on in words.announced if words.feasts[said] == words.feasts[name])
    on = next((one for one in announced if abs((one - reckoned).days) <= _ANNOUNCED_WITHIN), reckoned)
    return on + _DAY if on >= today else None


def _lunar(match: re.Match[str], today: date) -> date | None:
    month = lexicon().dates.lunar_months.get(match[1]) or number(match[1].removesuffix("月"))
    day = number(match[2].removeprefix("初"))
    return _feast_day(next_lunar(month, day, today), match) if month and day else None


def _lunar_of_month(match: re.Match[str], today: date) -> date | None:
    """ "初十" and "农历十二" without a month: the next day of that number."""
    day = number((match[1] or match[3]).removeprefix("初"))
    on = next_lunar_day(day, today) if day else None
    return on + _DAY if on is not None and (match[2] or match[4]) else on


def _weekend_over(_: re.Match[str], today: date) -> date:
    return today + _DAY * (7 - today.weekday())


def _lunar_day(match: re.Match[str], today: date) -> date | None:
    month, day = lexicon().dates.lunar_days[match[1]]
    return _feast_day(next_lunar(month, day, today), match)


def _fixed_day(match: re.Match[str], today: date) -> date | None:
    month, day = lexicon().dates.fixed_days[match[1]]
    on = date(today.year, month, day)
    return _feast_day(on if on >= today else date(today.year + 1, month, day), match)


def _feast_day(on: date | None, match: re.Match[str]) -> date | None:
    """That day, or the one after it where it is said that it will be over."""
    return on + _DAY if on is not None and (match.groups()[-1] or match.group().startswith("过")) else on


def _term_begins(match: re.Match[str], today: date, school: SchoolYear) -> date | None:
    return school_begins(school, _first_named(match), today, _calendar().is_working_day)


def _term_ends(match: re.Match[str], today: date, school: SchoolYear) -> date | None:
    return school_ends(school, _first_named(match), today, _calendar().is_working_day)


def _first_named(match: re.Match[str]) -> str | None:
    return next((name for name in match.groups() if name), None)


def _event(match: re.Match[str], today: date, school: SchoolYear) -> date | None:
    return event_over(school, match[1], today, _calendar().is_working_day)


def _event_begins(match: re.Match[str], today: date, school: SchoolYear) -> date | None:
    return event_begins(school, _first_named(match) or "", today)


def _event_before(match: re.Match[str], today: date, school: SchoolYear) -> date | None:
    return before_event(school, match[1], today, _calendar().is_working_day)


def _half_term(_: re.Match[str], today: date, school: SchoolYear) -> date | None:
    return half_term(school, today, _calendar().is_working_day)


def _days_after(day: date) -> Iterator[date]:
    while True:
        day += _DAY
        yield day


@cache
def _calendar() -> holidays.HolidayBase:
    return holidays.country_holidays("CN", language="zh_CN")


def _now(_: re.Match[str], today: date) -> date | None:
    return today


def _vague(_: re.Match[str], __: date) -> date | None:
    return None


RULES: dict[str, Callable[[re.Match[str], date], date | None]] = {
    "relative": _relative,
    "weekday": _weekday,
    "vague": _vague,
    "after": _after,
    "month_day": _month_day,
    "next_month_day": _next_month_day,
    "last_month_day": _last_month_day,
    "day": _day,
    "numeric": _month_day,
    "holiday": _holiday,
    "break": _break,
    "feast": _feast,
    "lunar": _lunar,
    "lunar_day": _lunar_day,
    "lunar_of_month": _lunar_of_month,
    "weekend_over": _weekend_over,
    "fixed_day": _fixed_day,
    "span": _after,
    "now": _now,
}
OF_SCHOOL: dict[str, Callable[[re.Match[str], date, SchoolYear], date | None]] = {
    "term_begins": _term_begins,
    "term_ends": _term_ends,
    "event": _event,
    "event_begins": _event_begins,
    "event_before": _event_before,
    "half_term": _half_term,
}
