"""An activity told in one line: 活动 广播 10月12日 全校."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.replies.dates import find_days

_TRIM = " -—,，.。、:：;；!！\n"


@dataclass(frozen=True)
class ActivityReading:
    """`on`: the day that is named, the last such day where no year is; None where several are, or none is. `rest`: all other words."""

    on: date | None
    rest: str


def read_activity(text: str, today: date) -> ActivityReading:
    """Takes the day out of the words."""
    days = [day for day in find_days(text, today) if day.on is not None and day.kind != "now"]
    if len({day.on for day in days}) != 1:
        return ActivityReading(None, text.strip(_TRIM))
    day, on = days[0], days[0].on
    if on is not None and on > today and day.kind == "month_day" and _is_past(last := _year_before(on), today):
        on = last
    return ActivityReading(on, f"{text[: day.start].strip(_TRIM)} {text[day.end :].strip(_TRIM)}".strip())


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)


def _is_past(day: date, today: date) -> bool:
    return (today - day).days < (day.replace(year=day.year + 1, day=min(day.day, 28)) - today).days
