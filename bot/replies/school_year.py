"""The school year as the plan file has it: on which day 开学, 放假前 or 期中考完 is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import NamedTuple

from plan.model import Plan

_DAY = timedelta(days=1)
_SOON = 14  # days ahead in which a public holiday is what "before the holidays" means
_NEXT_EXAM, _THIS_EXAM = 120, 21  # days ahead in which an examination is the one that is meant, by its name and without
_HALF, _FINALS = "期中", "期末"
_LONG_WEEKEND = 3  # days off in a row that people call a holiday


class Stretch(NamedTuple):
    """Days that have a name, both included."""

    first: date
    last: date
    name: str


class SchoolYear(NamedTuple):
    """Vacations and what else people reckon by (examinations), in order of time. An empty one knows no such day."""

    vacations: tuple[Stretch, ...] = ()
    events: tuple[Stretch, ...] = ()


NO_SCHOOL_YEAR = SchoolYear()
Works = Callable[[date], bool]
"""Whether people work that day: no weekend and no public holiday."""


def school_year_of(plan: Plan) -> SchoolYear:
    """What the plan file says of it."""
    return SchoolYear(
        _ordered(Stretch(one.since, one.until, one.reason) for one in plan.vacations),
        _ordered(Stretch(one.since, one.until, one.name) for one in plan.events),
    )


def _ordered(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    return tuple(sorted(stretches, key=lambda one: one.first))


def school_begins(year: SchoolYear, name: str | None, today: date, works: Works) -> date | None:
    """The first school day after the vacation of that name (any, without a name) that is on or comes next."""
    over = next((one for one in year.vacations if one.last >= today and _is_named(one, name)), None)
    return _next_working(over.last, works) if over is not None else None


def school_ends(year: SchoolYear, name: str | None, today: date, works: Works) -> date | None:
    """The last school day before that vacation; without a name, before a public holiday that is near."""
    near = next((day for day in _ahead(today) if _is_long(day, works)), None) if name is None else None
    coming = next((one.first for one in year.vacations if one.first > today and _is_named(one, name)), None)
    first = near if near is not None and not _in_vacation(year, near) else coming
    if first is None:
        return None
    last = _last_working(first, works)
    return last if last >= today else None


def event_over(year: SchoolYear, name: str, today: date, works: Works) -> date | None:
    """The first school day after that examination (without a name: the one that is on or near); None where the plan names none so soon."""
    over = next((one for one in year.events if one.last >= today and one.name.startswith(name)), None)
    within = _NEXT_EXAM if name else _THIS_EXAM
    return _near(_next_working(over.last, works), today, within) if over is not None else None


def event_begins(year: SchoolYear, name: str, today: date) -> date | None:
    """Its first day, today at the earliest; None where the plan names none so soon."""
    first = next((one.first for one in year.events if one.first >= today and one.name.startswith(name)), None)
    return _near(first, today, _NEXT_EXAM) if first is not None else None


def before_event(year: SchoolYear, name: str, today: date, works: Works) -> date | None:
    """The last school day before it. The final examination ends the term, where the plan names no day for it."""
    first = event_begins(year, name, today)
    if first is None:
        return school_ends(year, None, today, works) if name == _FINALS else None
    last = _last_working(first, works)
    return last if last >= today else None


def half_term(year: SchoolYear, today: date, works: Works) -> date | None:
    """A term's second half begins after its break, else after the examination in its middle."""
    begins = school_begins(year, _HALF, today, works) or event_over(year, _HALF, today, works)
    return _near(begins, today, _NEXT_EXAM) if begins is not None else None


def _near(day: date, today: date, within: int) -> date | None:
    """Half a year ahead it is hardly the one that is meant."""
    return day if day - today <= _DAY * within else None


def _last_working(before: date, works: Works) -> date:
    last = before - _DAY
    while not works(last):
        last -= _DAY
    return last


def _is_named(one: Stretch, name: str | None) -> bool:
    return name is None or name in one.name


def _next_working(day: date, works: Works) -> date:
    day += _DAY
    while not works(day):
        day += _DAY
    return day


def _ahead(today: date) -> list[date]:
    return [today + _DAY * ahead for ahead in range(1, _SOON)]


def _is_long(day: date, works: Works) -> bool:
    """Whether so many days off begin here; a weekend is none."""
    return works(day - _DAY) and not any(works(day + _DAY * more) for more in range(_LONG_WEEKEND))


def _in_vacation(year: SchoolYear, day: date) -> bool:
    return any(one.first <= day <= one.last for one in year.vacations)
