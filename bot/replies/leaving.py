"""When a child is away and when it is back: the days that stand beside a reason or a promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.replies.clauses import Clause
from bot.replies.dates import Day, find_days, is_end
from bot.replies.lexicon import lexicon
from bot.replies.meanings import Heard, Meaning
from bot.replies.movement import is_rather_past
from bot.replies.school_year import SchoolYear
from bot.replies.weighing import BACK_AT_SCHOOL

LEAVES = frozenset({"sick", "leave"})
_WEEK = 7
_ASKED = "请"


@dataclass(frozen=True)
class When:
    """The day on which a text came, and the school year around it. The days of a clause are asked for again and again, and found once."""

    today: date
    school: SchoolYear
    _found: dict[str, tuple[Day, ...]] = field(default_factory=dict)

    def days(self, text: str) -> tuple[Day, ...]:
        if text not in self._found:
            self._found[text] = find_days(text, self.today, self.school)
        return self._found[text]


def day_beside(chosen: str, meanings: Sequence[Meaning], clauses: Sequence[Clause], when: When) -> date | None:
    """The day that stands elsewhere in the text: of coming back, of the end of a leave, or said after the promise."""
    if chosen in BACK_AT_SCHOOL:
        return next((meaning.on for meaning in meanings if meaning.intent == "returned"), None)
    if chosen != "will_return":
        back, bare = _back(chosen, clauses, when), _bare_days(clauses, when)
        is_promised = chosen in LEAVES or any(meaning.intent == "will_return" for meaning in meanings)
        return back or (bare.pop() if is_promised and len(bare) == 1 else None)
    named = _bare_days(clauses, when)
    return named.pop() if len(named) == 1 else None


def _bare_days(clauses: Sequence[Clause], when: When) -> set[date]:
    return {day for clause in clauses if (day := only_a_day(clause.text, {}, when)) is not None}


def ends(clauses: Sequence[Clause], when: When) -> set[date]:
    """The days until which something lasts."""
    found = [(clause.text, day) for clause in clauses for day in when.days(clause.text)]
    return {day.on for text, day in found if day.on is not None and is_end(text, day) and not _is_needed(text, day)}


def end_unread(clauses: Sequence[Clause], when: When) -> bool:
    """Whether a leave is said to last until something that is no day, or to begin in a week to come: then nobody knows until when."""
    mark, later = lexicon().patterns["lasts_until"], lexicon().patterns["begins_some_day"]
    if any(later.search(clause.text) for clause in clauses):
        return True
    return any(
        all(day.start != match.end() for day in when.days(clause.text)) for clause in clauses for match in mark.finditer(clause.text)
    )


def names_later_day(chosen: str, clauses: Sequence[Clause], heard: Sequence[Heard], when: When) -> bool:
    """Whether a day to come is named that was not understood: it may be the one that ends the leave.

    What is only hoped for is none, nor the day on which an ill child is taken to the doctor.
    """
    sure = (clause for clause, one in zip(clauses, heard, strict=True) if not one.hedged)
    days = [(clause.text, day) for clause in sure for day in when.days(clause.text) if day.kind not in {"span", "now"}]
    return any(
        day.on is not None and day.on > when.today and not (chosen == "sick" and _is_before(text, day, ("sick",))) for text, day in days
    )


def sets_off_later(clauses: Sequence[Clause], when: When) -> bool:
    """ "On Wednesday we set off, we arrive at noon": the noon is not today's."""
    leaving = (clause for clause in clauses if lexicon().patterns["sets_off"].search(clause.text))
    return any(day.on is not None and day.on > when.today for clause in leaving for day in when.days(clause.text))


def later_leave(
    clauses: Sequence[Clause], back: date | None, when: When, *, is_told: bool, is_announced: bool
) -> tuple[date | None, date | None]:
    """(first day, day of return) of a leave that begins on a day still to come: "明天请假一天"; else no first day.

    `is_told`: the day of return was named by itself, and no reckoning goes before it. `is_announced`: nobody asked, the child is
    not away yet.
    """
    found = [(clause.text, day) for clause in clauses for day in when.days(clause.text) if day.on is not None]
    later = [(text, day) for text, day in found if day.kind not in {"span", "now"} and day.on and day.on > when.today]
    patterns = lexicon().patterns
    asked = ("leave", "sick") if is_announced else ("leave",)
    begins = [day.on for text, day in later if day.on and _is_before(text, day, asked)]
    lengths = [day.on - when.today for text, day in found if day.on and _is_length(text, day)]
    if is_announced and lengths and not begins and not is_told and len({day.on for _, day in later}) == 1:
        begins = [day.on for _, day in later if day.on]
    if not begins and any((both := patterns["two_days"].search(clause.text)) and both[1] for clause in clauses):
        begins = [when.today + timedelta(days=1)]
    if not begins:
        return None, back
    if is_told and back is not None:
        return _before(begins, back)
    if lengths:
        return begins[0], begins[0] + lengths[0]
    after = max(begins) + timedelta(days=1)
    return begins[0], max(back, after) if back is not None else after


def _before(begins: Sequence[date], back: date) -> tuple[date | None, date | None]:
    """A weekday of return that would lie before the leave is that of the week after: "on Tuesday …, back on Monday"."""
    earlier = [day for day in begins if day < back]
    if earlier:
        return earlier[0], back
    if min(begins) == back:
        return None, back
    return begins[0], back + timedelta(days=_WEEK * ((begins[0] - back).days // _WEEK + 1))


def _is_before(text: str, day: Day, causes: Sequence[str]) -> bool:
    """ "明天请假" and "13号一天" begin on that day; "请假，明天来" ends then."""
    if lexicon().patterns["begins_it"].match(text, day.end):
        return True
    found = [asked.start() for cause in causes if (asked := lexicon().intents[cause].search(text)) is not None]
    return bool(found) and day.end <= min(found) and not is_end(text, day)


def _back(chosen: str, clauses: Sequence[Clause], when: When) -> date | None:
    """The first day after the leave that was asked for; the day on which it ends goes before how long it is."""
    if chosen not in lexicon().reasons:
        return None
    if both := next(filter(None, (lexicon().patterns["two_days"].search(clause.text) for clause in clauses)), None):
        return when.today + timedelta(days=3 if both[1] else 2)
    named = [(clause.text, day, day.on) for clause in clauses for day in when.days(clause.text) if day.on is not None]
    ended = ((text, day, on) for text, day, on in named if is_end(text, day) and on >= when.today)
    until = next((on if _is_needed(text, day) else on + timedelta(days=1) for text, day, on in ended), None)
    return until or next((on for text, day, on in named if _is_length(text, day)), None)


def _is_length(text: str, day: Day) -> bool:
    """Whether so many days are those of a leave; not of what has lasted (病了两天了) nor of a feast (四十天要过)."""
    patterns = lexicon().patterns
    return day.kind == "span" and (_ASKED in text or not patterns["passed"].match(text, day.end))


def _is_needed(text: str, day: Day) -> bool:
    """ "It will take until Monday" names the day of return."""
    return text[: day.start].endswith(("要到", "得到", "等到"))


def only_a_day(text: str, digits: Mapping[int, str], when: When) -> date | None:
    """The day that is all the clause says; 'number 1' may be the first of the month or the first answer."""
    named = when.days(text)
    days = [day for day in named if day.kind not in {"span", "now"}]
    if lexicon().patterns["at_once_alone"].match(text):
        return when.today
    if len({day.on for day in days}) != 1 or days[0].on is None or days[0].on < when.today:
        return None
    if (days[0].kind == "day" and days[0].on.day in digits) or is_rather_past(days[0], when.today):
        return None
    spoken = {place for day in named for place in range(day.start, day.end)}
    rest = "".join(letter for place, letter in enumerate(text) if place not in spoken)
    if days[0].words.startswith("等"):
        return None
    return None if lexicon().patterns["filler"].sub("", rest) else days[0].on
