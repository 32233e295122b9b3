"""School days and local times. Pure: the calendar is given, never looked up by time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from plan.model import Plan
from plan.parts import Duration

LONGEST_BREAK = 200
"""Days after which a search for a school day gives up on the vacations given and counts weekdays."""


@lru_cache(maxsize=8)
def _national(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """(days off, make-up working days 调休) of a year."""
    known = holidays.country_holidays(country, years=[year])
    return frozenset(known), frozenset(day for day in known.weekend_workdays if day.year == year)


class Calendar:
    """The school days of one school: its own exceptions, then the plan's vacations, then the country's days."""

    def __init__(self, plan: Plan, exceptions: Mapping[date, bool] | None = None) -> None:
        self.zone: ZoneInfo = plan.zone
        self._country = plan.holidays
        self._vacations = plan.vacations
        self._quiet = plan.quiet_hours
        self._exceptions = dict(exceptions or {})

    def is_school_day(self, day: date) -> bool:
        """Whether school is held that day."""
        if day in self._exceptions:
            return self._exceptions[day]
        if any(vacation.since <= day <= vacation.until for vacation in self._vacations):
            return False
        return self._is_working_day(day)

    def _is_working_day(self, day: date) -> bool:
        off, make_up = _national(self._country, day.year)
        return day in make_up or (day.weekday() < 5 and day not in off)

    def school_days_from(self, first: date, skipping: Collection[date] = ()) -> Iterator[date]:
        """School days from `first` on (included), without those to skip. Never ends."""
        day, barren = first, 0
        while True:
            fits = self.is_school_day(day) or (barren > LONGEST_BREAK and self._is_working_day(day))
            if fits and day not in skipping:
                yield day
            barren = 0 if self.is_school_day(day) else barren + 1
            day += timedelta(days=1)

    def nth_school_day(self, first: date, number: int, skipping: Collection[date] = ()) -> date:
        """The `number`-th school day, counting `first` as the first where it is one."""
        days = self.school_days_from(first, skipping)
        for _ in range(number - 1):
            next(days)
        return next(days)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def day_of(self, moment: datetime) -> date:
        """The local date of a moment."""
        return self.local(moment).date()

    def at(self, day: date, hour: time) -> datetime:
        """A local hour of a day, in UTC."""
        return datetime.combine(day, hour, self.zone).astimezone(UTC)

    def after(self, start: datetime, allowed: Duration) -> datetime:
        """When a duration that starts now has run out. "2 school days" from Monday ends on Wednesday."""
        if allowed.minutes is not None:
            return start + timedelta(minutes=allowed.minutes)
        day = self.day_of(start)
        if allowed.school_days:
            day = self.nth_school_day(day + timedelta(days=1), allowed.school_days)
        elif allowed.days:
            day += timedelta(days=allowed.days)
        if allowed.at is None:
            return self.at(day, self.local(start).time())
        return max(self.at(day, allowed.at), start)

    def is_quiet(self, moment: datetime) -> bool:
        """Whether a moment lies in the quiet hours."""
        hour = self.local(moment).time()
        since, until = self._quiet.since, self._quiet.until
        return since <= hour < until if since <= until else hour >= since or hour < until

    def quiet_end(self, moment: datetime) -> datetime:
        """The next end of the quiet hours after a quiet moment."""
        day = self.day_of(moment)
        end = self.at(day, self._quiet.until)
        return end if end > moment else self.at(day + timedelta(days=1), self._quiet.until)

    def quiet_start(self, moment: datetime) -> datetime:
        """The next beginning of the quiet hours after a wakeful moment."""
        day = self.day_of(moment)
        start = self.at(day, self._quiet.since)
        return start if start > moment else self.at(day + timedelta(days=1), self._quiet.since)

    def wakeful(self, start: datetime, minutes: int) -> datetime:
        """The moment when so many minutes outside the quiet hours have passed."""
        left = timedelta(minutes=minutes)
        moment = self.quiet_end(start) if self.is_quiet(start) else start
        while moment + left > (quiet := self.quiet_start(moment)):
            left -= quiet - moment
            moment = self.quiet_end(quiet)
        return moment + left
