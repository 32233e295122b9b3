"""A day in the past as the moment up to which the record is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from plan.calendar import Calendar
from plan.model import Plan
from storage.work import Work


@dataclass(frozen=True)
class AsOf:
    """`on`: the local day; `until`: what was recorded by then counts; `last_day`: the last day whose sheets are complete."""

    on: date
    until: datetime
    last_day: date


def as_of(work: Work, plan: Plan, on: date | None = None) -> AsOf:
    """The end of that day; for today (or without a day) the present moment, whose own day counts once its sheets are closed.

    Raises ValueError for a day that has not come yet.
    """
    calendar = Calendar(plan)
    today = calendar.day_of(work.now)
    day = on or today
    if day > today:
        raise ValueError(f"{day} has not come yet")
    if day < today:
        return AsOf(day, calendar.at(day + timedelta(days=1), time.min) - timedelta(microseconds=1), day)
    return moment(plan, work.now)


def moment(plan: Plan, at: datetime) -> AsOf:
    """Any moment that has come; its own day counts once its sheets are closed."""
    local = Calendar(plan).local(at)
    day = local.date()
    return AsOf(day, at, day if local.time() >= plan.attendance.closes_at else day - timedelta(days=1))
