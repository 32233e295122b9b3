"""From which day to which: one day, from–to, until, or so many days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.replies.dates import Day
from bot.replies.ground import Ground
from bot.replies.sheet_words import sheet_words

_DAY = timedelta(days=1)


def first_and_last(plain: str, days: Sequence[Day], today: date) -> tuple[date | None, date | None]:
    """First and last day: one day, from–to, until, or so many days from today on. Without a day, today; (None, None): not to be told."""
    if not days:
        return today, today
    firsts, lasts = [day for day in days if not _ends(plain, day)], [day for day in days if _ends(plain, day)]
    spans = [day for day in firsts if day.kind == "span"]
    points = [day for day in firsts if day.kind != "span"]
    if len(points) > 1 or len(lasts) > 1 or len(spans) > 1 or any(day.on is None for day in days):
        return None, None
    first = points[0].on if points else today
    last = lasts[0].on if lasts else first
    if spans and spans[0].on is not None and first is not None:
        last = first + (spans[0].on - today) - _DAY
    return (first, last) if first is not None and last is not None and first <= last else (None, None)


def without_days(plain: str, days: Sequence[Day]) -> str:
    """The text without its days, and without the 到 and 从 that belong to them."""
    return cut_out(plain, [(joint_start(plain, day), day.end) for day in days])


def joint_start(plain: str, day: Day) -> int:
    """到 and 从 belong to the day behind them."""
    before = plain[: day.start].rstrip()
    words = sheet_words().school
    return len(before) - 1 if words["until"].search(before) or words["since"].search(before) else day.start


def cut_out(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text without these stretches of it."""
    ground = Ground(spans)
    return "".join(letter for place, letter in enumerate(text) if not ground.holds(place))


def _ends(plain: str, day: Day) -> bool:
    return sheet_words().school["until"].search(plain[: day.start].rstrip()) is not None
