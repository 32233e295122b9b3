"""What happens to one task until it ends: who is asked next when nobody answers, and when its holder is reminded. Pure.

Like the chain, `upcoming` names the next action with the time at which the plan wants it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from plan.calendar import Calendar
from plan.model import Plan

SHORT = timedelta(days=2)
"""A task shorter than this has no "a day before" reminder: it would fall together with the one at half time."""


@dataclass(frozen=True)
class DutyFacts:
    """One living task. `alert_stage`: 0 its holders, 1 their substitutes, 2 and more the levels above them."""

    opened_at: datetime
    due_at: datetime
    alerted_at: datetime
    alert_stage: int = 0
    acknowledged_at: datetime | None = None
    progress_at: datetime | None = None
    reminder: str | None = None
    quiet: bool = False
    urgent: bool = False
    last_stage: int = 4


@dataclass(frozen=True)
class Widen:
    """Nobody has acknowledged: ask the next (stage 1 substitutes, 2 and more the levels above)."""

    at: datetime
    stage: int


@dataclass(frozen=True)
class Lapse:
    """It was acknowledged, asked about and nothing came: it counts as unacknowledged."""

    at: datetime


@dataclass(frozen=True)
class Remind:
    """A reminder: half, day_before, deadline, overdue-N (with a copy one level up), or progress (asked once)."""

    at: datetime
    which: str


Action = Widen | Lapse | Remind


def upcoming(plan: Plan, facts: DutyFacts, calendar: Calendar) -> Action | None:
    """The next action on a living task, due or future."""
    found = [action for action in (_widen(plan, facts, calendar), _lapse(plan, facts, calendar), _remind(plan, facts, calendar)) if action]
    return min(found, key=lambda action: action.at, default=None)


def _within(plan: Plan, facts: DutyFacts, calendar: Calendar, start: datetime) -> datetime:
    if facts.urgent:
        return start + timedelta(minutes=plan.acknowledgement.safety_within_minutes)
    return calendar.wakeful(start, plan.acknowledgement.within_minutes)


def _widen(plan: Plan, facts: DutyFacts, calendar: Calendar) -> Widen | None:
    if facts.quiet or facts.acknowledged_at is not None or facts.alert_stage >= facts.last_stage:
        return None
    return Widen(_within(plan, facts, calendar, facts.alerted_at), facts.alert_stage + 1)


def _lapse(plan: Plan, facts: DutyFacts, calendar: Calendar) -> Lapse | None:
    """Some wakeful time after it was asked about at half time, if there has been no progress since the acknowledgement."""
    if facts.acknowledged_at is None or facts.reminder != "progress" or _progressed(facts):
        return None
    return Lapse(_within(plan, facts, calendar, _progress_question(facts)))


def _progressed(facts: DutyFacts) -> bool:
    return facts.progress_at is not None and facts.acknowledged_at is not None and facts.progress_at > facts.acknowledged_at


def _progress_question(facts: DutyFacts) -> datetime:
    half = facts.opened_at + (facts.due_at - facts.opened_at) / 2
    return max(half, facts.acknowledged_at or half)


def _remind(plan: Plan, facts: DutyFacts, calendar: Calendar) -> Remind | None:
    for which, at in _schedule(plan, facts, calendar):
        if rank(which) > rank(facts.reminder):
            return Remind(at, which)
    return _overdue(plan, facts, calendar)


def _schedule(plan: Plan, facts: DutyFacts, calendar: Calendar) -> list[tuple[str, datetime]]:
    """The reminders up to the deadline, in order of time; none of a time before the holder last spoke of progress."""
    if facts.quiet:
        return [("deadline", facts.due_at)]
    half = facts.opened_at + (facts.due_at - facts.opened_at) / 2
    found: list[tuple[str, datetime]] = []
    if facts.acknowledged_at is not None and not _progressed(facts):
        found.append(("progress", max(_progress_question(facts), calendar.wakeful(facts.acknowledged_at, 1))))
    elif plan.reminders.half_time and facts.acknowledged_at is None:
        found.append(("half", half))
    if plan.reminders.day_before and facts.due_at - facts.opened_at > SHORT:
        found.append(("day_before", facts.due_at - timedelta(days=1)))
    heard = facts.progress_at or facts.opened_at
    return [*((which, at) for which, at in found if heard < at <= facts.due_at), ("deadline", facts.due_at)]


def _overdue(plan: Plan, facts: DutyFacts, calendar: Calendar) -> Remind:
    number = max(rank(facts.reminder) - rank("deadline"), 0) + 1
    day = calendar.day_of(facts.due_at) + timedelta(days=number)
    return Remind(calendar.at(day, plan.reminders.overdue_at), f"overdue-{number}")


def rank(reminder: str | None) -> int:
    """Order of the reminders; later ones make earlier ones needless."""
    if reminder is not None and reminder.startswith("overdue-"):
        return 10 + int(reminder.removeprefix("overdue-"))
    return {None: 0, "half": 1, "progress": 2, "day_before": 3, "deadline": 10}[reminder]
