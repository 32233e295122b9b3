"""A teacher's sheet as a row of tokens: pupils, seats, reasons, days, and what nobody understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.replies.dates import Day, find_days
from bot.replies.names import Mention
from bot.replies.numerals import number
from bot.replies.sheet_words import sheet_words

_SPELT_OUT = frozenset({"relative", "weekday", "month_day", "next_month_day", "after", "holiday"})  # never a seat
_AHEAD = 100  # characters after a seat in which days are looked for once more; as many seats as letters must not take minutes
_RENAMED = {"class": "other", "filler": "other", "range": "unread"}


@dataclass(frozen=True)
class Token:
    """`kind`: pupil, seat, until, span, weeks, half_month, months, day, sick, leave, home, arrived, absent, unexcused, coming,
    all_of, count, break, list, contrary, other, unread.

    `ids` are the students that a pupil token may mean; `value` is a seat, a count or a number of days, weeks or months.
    """

    kind: str
    text: str
    ids: tuple[int, ...] = ()
    value: int | None = None
    on: date | None = None


def tokens(text: str, mentions: Sequence[Mention], today: date) -> list[Token]:
    """Cut normalised text into tokens; letters in a row that fit nothing become one `unread` token."""
    found: list[Token] = []
    named = {mention.start: mention for mention in mentions}
    starts = sorted(named, reverse=True)
    days = {day.start: day for day in find_days(text, today)}
    place = 0
    while place < len(text):
        while starts and starts[-1] <= place:
            starts.pop()
        limit = starts[-1] if starts else len(text)
        if found and found[-1].kind == "seat":  # "5号周四": a seat and a day, not the 5th that is a Thursday
            days |= {place + day.start: _moved(day, place) for day in find_days(text[place : place + _AHEAD], today)}
        token, place = _next(text, place, limit, named.get(place), days)
        if token.kind == "unread" and found and found[-1].kind == "unread":
            token = Token("unread", found.pop().text + token.text)
        found.append(token)
    return found


def _moved(day: Day, by: int) -> Day:
    return day._replace(start=day.start + by, end=day.end + by)


def _next(text: str, place: int, limit: int, mention: Mention | None, days: Mapping[int, Day]) -> tuple[Token, int]:
    if mention is not None:
        return Token("pupil", text[place : mention.end], ids=mention.ids), mention.end
    blank = sheet_words().sheet["separators"].match(text, place, limit)
    if blank:
        return Token("break" if sheet_words().sheet["breaks"].search(blank.group()) else "list", blank.group()), blank.end()
    day = days.get(place)
    if day is not None and day.kind in _SPELT_OUT and day.end <= limit:
        return Token("day", text[place : day.end], on=day.on), day.end
    return _word(text, place, limit, days)


def _word(text: str, place: int, limit: int, days: Mapping[int, Day]) -> tuple[Token, int]:
    for kind, pattern in sheet_words().tokens:
        match = pattern.match(text, place, limit)
        if match is None or match.end() == place:
            continue
        if kind != "until":
            value = number(match[1]) if match.groups() and match[1] else None
            return Token(_RENAMED.get(kind, kind), match.group(), value=value), match.end()
        day = days.get(match.end())
        if day is not None and day.on is not None:
            return Token("until", text[place : day.end], on=day.on), day.end
    return Token("unread", text[place]), place + 1
