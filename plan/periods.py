"""The periods that are reported on: weeks, months, quarters, terms, school years. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from plan.calendar import Calendar
from plan.reporting import Every

_DAY = timedelta(days=1)
_AUTUMN, _SPRING = 8, 2
"""The months with whose first day a half of the school year begins; lessons lie within, vacations at its ends."""
_NAMED: dict[Every, re.Pattern[str]] = {
    "week": re.compile(r"(\d{4})-W(\d{1,2})"),
    "month": re.compile(r"(\d{4})-(\d{1,2})"),
    "quarter": re.compile(r"(\d{4})-Q([1-4])"),
    "term": re.compile(r"(\d{4})-(autumn|spring)"),
    "school_year": re.compile(r"(\d{4})"),
}
EXAMPLES: dict[Every, str] = {"week": "2026-W48", "month": "2026-11", "quarter": "2026-Q4", "term": "2026-autumn", "school_year": "2026"}
"""How a period of each kind is written."""


@dataclass(frozen=True)
class Period:
    """From the first to the last day, both included."""

    start: date
    end: date


def period_of(every: Every, day: date) -> Period:
    """The period in which a day lies."""
    if every == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=6))
    first = _first_month(every, day)
    return Period(first, _months_on(first, {"month": 1, "quarter": 3, "term": 6, "school_year": 12}[every]) - _DAY)


def _first_month(every: Every, day: date) -> date:
    if every == "month":
        return day.replace(day=1)
    if every == "quarter":
        return date(day.year, day.month - (day.month - 1) % 3, 1)
    autumn = date(day.year if day.month >= _AUTUMN else day.year - 1, _AUTUMN, 1)
    in_spring = every == "term" and _SPRING <= day.month < _AUTUMN
    return date(day.year, _SPRING, 1) if in_spring else autumn


def _months_on(first: date, months: int) -> date:
    count = first.month - 1 + months
    return date(first.year + count // 12, count % 12 + 1, 1)


def earlier(every: Every, period: Period) -> Period:
    """The period before."""
    return period_of(every, period.start - _DAY)


def last_school_day(period: Period, calendar: Calendar) -> date | None:
    """On which its report is prepared; None where no school is held in it."""
    days = (period.end - timedelta(days=number) for number in range((period.end - period.start).days + 1))
    return next((day for day in days if calendar.is_school_day(day)), None)


def period_named(every: Every, text: str) -> Period:
    """The period written like its example. Raises ValueError for any other text."""
    match = _NAMED[every].fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no {every}; write it like {EXAMPLES[every]}")
    year, part = int(match[1]), match[2] if match.re.groups > 1 else ""
    if every == "week":
        return period_of(every, date.fromisocalendar(year, int(part), 1))
    if every == "term":
        return period_of(every, date(year, _AUTUMN if part == "autumn" else _SPRING, 1))
    months = {"month": int(part or 1), "quarter": 3 * int(part or 1) - 2 if every == "quarter" else 1, "school_year": _AUTUMN}
    return period_of(every, date(year, months[every], 1))


def written(every: Every, period: Period) -> str:
    """The period as `period_named` reads it."""
    start = period.start
    if every == "week":
        year, week, _ = start.isocalendar()
        return f"{year}-W{week:02d}"
    if every == "term":
        return f"{start.year}-{'autumn' if start.month == _AUTUMN else 'spring'}"
    return {"month": f"{start:%Y-%m}", "quarter": f"{start.year}-Q{(start.month + 2) // 3}", "school_year": str(start.year)}[every]
