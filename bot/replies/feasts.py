"""Days of the lunar year and of the Islamic year, as they fall after a given day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from hijridate import Gregorian, Hijri
from lunar_python import LunarMonth, LunarYear, Solar

_YEARS = 2  # a day of this year that is past comes next year; the 30th of a short month, the year after
_MONTHS = (0, 29, 30, 58, 59, 60)  # days in none, one or two lunar months
_RECENT = timedelta(days=3)  # the reckoned day may be past though the announced one is not


def next_lunar(month: int, day: int, today: date) -> date | None:
    """The next time this day of the lunar year comes, today included; None where no such day comes soon.

    Reckoned by `lunar-python`. Before the lunar new year the lunar year is still the last one.
    """
    return next((found for found in _lunar_days(month, day, today.year - 1) if found >= today), None)


@dataclass(frozen=True)
class LunarDay:
    """A day of the lunar year. A leap month bears its number with `is_leap`; `zh`: as people say it, 腊月廿三."""

    month: int
    day: int
    is_leap: bool
    zh: str


def lunar_of(on: date) -> LunarDay:
    """Reckoned by `lunar-python`."""
    found = Solar.fromYmd(on.year, on.month, on.day).getLunar()
    month = found.getMonth()
    return LunarDay(abs(month), found.getDay(), month < 0, f"{found.getMonthInChinese()}月{found.getDayInChinese()}")


@lru_cache(maxsize=512)
def next_lunar_day(day: int, today: date) -> date | None:
    """The next day of that number in a lunar month, today included; None where two months have no such day."""
    ahead = day - lunar_of(today).day
    candidates = (today + timedelta(days=ahead + months) for months in _MONTHS if ahead + months >= 0)
    return next((on for on in candidates if lunar_of(on).day == day), None)


def next_hijri(month: int, day: int, today: date) -> date | None:
    """The next time this day of the Islamic year comes, or came a few days ago; by the Umm al-Qura calendar of `hijridate`.

    The moon that is seen may put it a day off: what was announced goes before.
    """
    try:
        year = Gregorian.fromdate(today).to_hijri().year
        days = [Hijri(year + ahead, month, day).to_gregorian() for ahead in range(_YEARS)]
    except (OverflowError, ValueError):  # outside the calendar's table
        return None
    found = [date(one.year, one.month, one.day) for one in days]
    return next((one for one in found if one >= today - _RECENT), None)


def _lunar_days(month: int, day: int, first: int) -> Iterator[date]:
    for year in range(first, first + _YEARS + 2):
        found = _solar(year, month, day)
        if found is not None:
            yield found


def _solar(year: int, month: int, day: int) -> date | None:
    """None where there is no such month, or it has no such day."""
    first, days = _months(year).get(month, (date.min, 0))
    return first + timedelta(days=day - 1) if 1 <= day <= days else None


@lru_cache(maxsize=64)  # the library works out a year in eight thousandths of a second, and keeps one
def _months(year: int) -> Mapping[int, tuple[date, int]]:
    """(first day, number of days) of each month of a lunar year; a leap month bears its number with a minus."""
    return {one.getMonth(): (_first_day(one), one.getDayCount()) for one in LunarYear.fromYear(year).getMonthsInYear()}


def _first_day(month: LunarMonth) -> date:
    first = Solar.fromJulianDay(month.getFirstJulianDay())
    return date(first.getYear(), first.getMonth(), first.getDay())
