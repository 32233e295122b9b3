"""When a report is due, and when it is asked for again. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from plan.calendar import Calendar
from plan.reporting import ReportKind, Reports

LOOK_BACK = 60
"""Days among which the school day before a due day is looked for: longer than any vacation."""


def due_moment(kind: ReportKind, of: str, prepared_on: date, reports: Reports, calendar: Calendar) -> datetime:
    """By when this level of a report is due. Raises LookupError where the kind has no such level."""
    moment = calendar.at(prepared_on, reports.prepare_at)
    for stage in kind.stages:
        moment = calendar.after(moment, stage.due)
        if stage.of == of:
            return moment
    raise LookupError(of)


def nudges(reports: Reports, due_at: datetime, asked_at: datetime, calendar: Calendar) -> list[tuple[datetime, int | None]]:
    """(when, how many levels above hear of it; None: only a reminder) for a report that is still missing, in order."""
    day = calendar.day_of(due_at) - timedelta(days=1)
    while not calendar.is_school_day(day) and (calendar.day_of(due_at) - day).days < LOOK_BACK:
        day -= timedelta(days=1)
    early = calendar.at(day, reports.remind_at)
    found: list[tuple[datetime, int | None]] = [(early, None)] if early > asked_at else []
    return found + sorted((calendar.after(due_at, late.after), late.levels_above) for late in reports.late)
