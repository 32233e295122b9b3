"""Times that are named by the school year: three days before term begins. Pure: the plan's vacations give the days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from plan.calendar import Calendar
from plan.model import Plan

Event = Literal["term_begins", "term_ends", "vacation_begins"]
_NAMES: dict[str, Event] = {
    "开学": "term_begins", "放假": "vacation_begins", "学期结束": "term_ends",
    "term begins": "term_begins", "vacation begins": "vacation_begins", "term ends": "term_ends",
}  # fmt: skip
_CLOCK = r"(?:\s*(?:at\s*)?(?P<hour>\d{1,2}[:：]\d{2}))?"
_ZH = re.compile(rf"(?P<event>开学|放假|学期结束)(?:(?P<side>前|后)\s*(?P<days>\d{{1,3}})\s*天|当天|那天)?{_CLOCK}")
_EN = re.compile(rf"(?:(?P<days>\d{{1,3}}) days? (?P<side>before|after) |(?:when )?)(?P<event>(?:term|vacation) (?:begins|ends)){_CLOCK}")


@dataclass(frozen=True)
class EventTime:
    """So many days after (before, when negative) an event of the school year, at a local hour."""

    event: Event
    days: int
    hour: time

    def as_facts(self) -> dict[str, Any]:
        """As it is stored."""
        return {"event": self.event, "days": self.days, "hour": self.hour.isoformat("minutes")}

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> EventTime:
        """As it was stored."""
        return cls(facts["event"], facts["days"], time.fromisoformat(facts["hour"]))


def read_event_time(text: str, usual_hour: time) -> EventTime | None:
    """ "开学前3天 10:00", "放假后1天", "3 days before term begins at 10:00"; None where the text names no event."""
    found = _ZH.fullmatch(text.strip()) or _EN.fullmatch(text.strip().lower())
    if found is None or found["event"] not in _NAMES:
        return None
    try:
        hour = time.fromisoformat(found["hour"].replace("：", ":").zfill(5)) if found["hour"] else usual_hour
    except ValueError:
        return None
    sign = -1 if found["side"] in {"前", "before"} else 1
    return EventTime(_NAMES[found["event"]], sign * int(found["days"] or 0), hour)


def next_moment(plan: Plan, wanted: EventTime, now: datetime) -> datetime | None:
    """The first such time from now on, in UTC; None where the plan's vacations name none any more."""
    calendar = Calendar(plan)
    moments = (calendar.at(day + timedelta(days=wanted.days), wanted.hour) for day in _days(plan, calendar, wanted.event))
    return min((moment for moment in moments if moment >= now), default=None)


def _days(plan: Plan, calendar: Calendar, event: Event) -> list[date]:
    if event == "term_begins":
        return [calendar.nth_school_day(vacation.until + timedelta(days=1), 1) for vacation in plan.vacations]
    if event == "vacation_begins":
        return [vacation.since for vacation in plan.vacations]
    return [_last_school_day(calendar, vacation.since) for vacation in plan.vacations]


def _last_school_day(calendar: Calendar, before: date) -> date:
    days = (before - timedelta(days=number) for number in range(1, 30))
    return next((day for day in days if calendar.is_school_day(day)), before - timedelta(days=1))
