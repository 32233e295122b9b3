"""Going to school: has it happened, will it, or was it denied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from bot.replies.dates import Day, is_end
from bot.replies.lexicon import lexicon

_PLAIN_DAYS = frozenset(
    {
        "relative",
        "after",
        "now",
        "month_day",
        "next_month_day",
        "holiday",
        "break",
        "feast",
        "lunar",
        "lunar_day",
        "lunar_of_month",
        "weekend_over",
        "fixed_day",
    }
    | {"last_month_day", "term_begins", "term_ends", "event", "event_begins", "event_before", "half_term"}
)
_PAST_DAYS = frozenset({"relative", "weekday"})
_AT, _SOON, _BRINGS_TO_SCHOOL = "在", "就", "送"
_ENROLS = frozenset("报进坐")
_BARE = frozenset("去来到")
_NEAR = 6  # characters between going and what for
_FAR = timedelta(days=22)  # a day without its month, that far ahead, may be the one that is just over
_CUTS_OFF = re.compile(r"[不没了的学校课,]")


class Move(NamedTuple):
    """`intent` is will_return or returned; `on` the day, if one is known."""

    intent: str
    on: date | None
    words: str


@dataclass
class Moves:
    """All goings in one clause."""

    found: list[Move] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    denied: bool = False
    unclear: bool = False
    elsewhere: bool = False  # somebody went somewhere that is not known


def moves(text: str, days: Sequence[Day], taken: Sequence[tuple[int, int]], today: date) -> Moves:
    """Read every word of going that is not part of another word (`taken`)."""
    result = Moves()
    named = [day for day in days if day.kind != "span" and not is_end(text, day)]
    for match in lexicon().present.finditer(text):
        if _free(match, taken) and not _as_always_later(match, named, today):
            result.spans.append(match.span())
            _present(text, match, named, today, result)
    for match in lexicon().go.finditer(text):
        if _free(match, [*taken, *result.spans]):
            result.spans.append(match.span())
            if _goes_elsewhere(match, taken):
                continue
            if len(match.group()) == 1 and match.group() != _BRINGS_TO_SCHOOL and not _by_itself(text, match, days):
                result.elsewhere = True
                continue
            _go(text, match, named, today, result)
    return result


def _as_always_later(match: re.Match[str], days: Sequence[Day], today: date) -> bool:
    """ "Tomorrow he goes as always" is a promise; "he is at school tomorrow" is not clear."""
    return match.group()[0] != _AT and any(day.on is None or day.on > today for day in days)


def _by_itself(text: str, match: re.Match[str], days: Sequence[Day]) -> bool:
    return any(day.end == match.start() for day in days) or bool(lexicon().goes_by_itself.search(text[: match.start()]))


def _free(match: re.Match[str], taken: Sequence[tuple[int, int]]) -> bool:
    return all(match.end() <= start or match.start() >= end for start, end in taken)


def _goes_elsewhere(match: re.Match[str], taken: Sequence[tuple[int, int]]) -> bool:
    """A bare 'went' right behind or before another word, or with a place between, says where: to work, to the doctor."""
    bare = len(match.group()) == 1 and any(end == match.start() for _, end in taken)
    behind = (match.string[match.end() : start] for start, _ in taken if match.end() <= start <= match.end() + _NEAR)
    return bare or (match.group()[-1] in _BARE and any(not _CUTS_OFF.search(between) for between in behind))


def _present(text: str, match: re.Match[str], days: Sequence[Day], today: date, result: Moves) -> None:
    patterns = lexicon().patterns
    if patterns["denied_go"].search(text[: match.start()]):
        result.denied = True
    elif any(day.on != today for day in days) or patterns["sibling"].search(text):
        result.unclear = True
    elif _goes_on(text[match.end() :]):
        result.elsewhere = True
    else:
        result.found.append(Move("returned", today, match.group()))


def _goes_on(after: str) -> bool:
    """ "Does he get enough to eat at school": more is said than that the child is there."""
    return len(lexicon().patterns["filler"].sub("", after)) > 1


def _go(text: str, match: re.Match[str], days: Sequence[Day], today: date, result: Moves) -> None:
    patterns = lexicon().patterns
    before, after = text[: match.start()], text[match.end() :]
    if patterns["you"].search(before) or _comes_home(before, match.group()):
        return
    if patterns["how_far"].match(after):
        return
    if patterns["errand"].match(after):
        result.unclear = True
        return
    at_another_school = match.group()[0] in _ENROLS and patterns["elsewhere"].search(before)
    alone = not _brings(match.group()) and any(patterns[name].search(before) for name in ("goes_alone", "grown_goes"))
    to_another_place = match.group()[-1] in _BARE and patterns["other_place"].match(after)
    unsure = to_another_place or at_another_school or alone
    if unsure or patterns["twice_denied"].search(text) or _another_goes(before, match.group()):
        result.unclear = True
    elif patterns["denied_go"].search(before) or patterns["denied_after"].search(after):
        result.denied = True
    else:
        day = _day_of(match, days)
        move = _tense(before, after, match.group(), day, today)
        result.unclear |= move is None
        result.found += [move] if move else []


def _comes_home(before: str, verb: str) -> bool:
    """A grown-up who comes back from work says nothing of the child."""
    patterns = lexicon().patterns
    if not verb.startswith("回"):
        return False
    if patterns["fetching"].search(before):
        return True
    adults = [match.end() for match in patterns["adult_subject"].finditer(before)]
    children = [match.end() for match in patterns["child_subject"].finditer(patterns["adult_subject"].sub(_blank, before))]
    return bool(adults) and max(adults) > max(children, default=-1)


def _blank(match: re.Match[str]) -> str:
    return "," * len(match.group())


def _brings(verb: str) -> bool:
    """Whether somebody takes the child along, rather than it going by itself."""
    return lexicon().patterns["brings"].match(verb) is not None


def _another_goes(before: str, verb: str) -> bool:
    """A relative who goes; not one who is asked to bring the child, or who brings it."""
    patterns = lexicon().patterns
    if _brings(verb) and not patterns["sibling"].search(verb):
        return False
    return bool(patterns["sibling"].search(patterns["companion"].sub("", before)))


def _day_of(match: re.Match[str], days: Sequence[Day]) -> Day | None:
    """The day said last before the going; else the first one after it."""
    earlier = [day for day in days if day.end <= match.start() or day.start < match.start()]
    real = [day for day in earlier if day.kind != "now"]
    if earlier:
        return (real or earlier)[-1]
    return days[0] if days else None


def _tense(before: str, after: str, verb: str, day: Day | None, today: date) -> Move | None:
    """None when it cannot be said whether it has happened."""
    patterns = lexicon().patterns
    done = day is not None and day.kind == "relative" and day.on == today and patterns["past_after"].search(after) is not None
    if done and _SOON in before and patterns["later"].search(before):
        return None
    future = bool(patterns["future"].search(before.replace(_SOON, "") if done else before))  # "he went (就去了) today"
    told = not future and bool(patterns["told_after"].search(after))
    past = told or any(patterns[name].search(part) for name, part in (("past_before", before), ("past_in", verb), ("past_after", after)))
    if patterns["other_after"].search(after) or (past and patterns["intended"].search(before)):
        return None
    if day is not None and day.on != today:
        not_before = not told and not patterns["past_after"].search(after) and patterns["not_before"].search(before)
        return _on_day(day, day.on, verb, today, happened=past and not not_before, told=told) if day.on else None
    if told:
        known = (day is not None and not patterns["later"].search(before)) or _brings(verb) or verb[0] in _ENROLS
        return Move("returned", today, _said(day, verb)) if known else None
    going = patterns["at_once"].search(before) and not patterns["past_before"].search(before)
    if going or patterns["at_once"].search(verb) or (not (past and not future) and patterns["at_once"].search(after)):
        return Move("will_return", today, _said(day, verb))
    if past == future:
        if past or (day is None and not _promises(before, verb)):
            return None
        return Move("will_return", today if day else None, _said(day, verb))
    return Move("returned", today, verb) if past else Move("will_return", today if day else None, _said(day, verb))


def _promises(before: str, verb: str) -> bool:
    """ "We bring him", without any tense and nothing that must happen first, answers a demand."""
    return verb[0] == _BRINGS_TO_SCHOOL and lexicon().patterns["bare_promise"].match(before) is not None


def _on_day(day: Day, on: date, verb: str, today: date, *, happened: bool, told: bool) -> Move | None:
    """A weekday or a bare number may mean the last one: in the past tense it does where it is told (的), or lies in this week."""
    if (
        on >= today
        and happened
        and (last := _last(day, on, today)) is not None
        and (told or last.isocalendar()[:2] == today.isocalendar()[:2])
    ):
        return Move("returned", last, _said(day, verb))
    if on < today:
        return Move("returned", on, _said(day, verb)) if happened or day.kind in _PAST_DAYS else None
    if happened and day.kind not in _PLAIN_DAYS and not day.words.startswith("下"):
        return None
    return None if is_rather_past(day, today) else Move("will_return", on, _said(day, verb))


def is_rather_past(day: Day, today: date) -> bool:
    """ "On the 23rd", said on the 24th: hardly that of the month to come."""
    return day.kind == "day" and day.on is not None and day.on.day < today.day and day.on - today >= _FAR


def _last(day: Day, on: date, today: date) -> date | None:
    """The last time it was that weekday, or that day of a month; None where its words can only mean the coming one."""
    if day.kind == "weekday" and not day.words.startswith(("下", "这", "本")):
        return on - timedelta(days=7) if on > today else on
    if day.kind == "day" and on > today:
        month = today.replace(day=1) - timedelta(days=1) if on.day >= today.day else today
        return on.replace(year=month.year, month=month.month) if on.day <= month.day or month == today else None
    return None


def _said(day: Day | None, verb: str) -> str:
    return f"{day.words} {verb}" if day else verb
