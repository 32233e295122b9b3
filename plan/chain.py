"""The chain: given what is so of a case, what comes next and when. Pure.

`upcoming` names the single next action with the time at which the plan wants it. Whoever carries it out applies it
and asks again, until the next action lies in the future; so a tick that runs twice, late or after an outage takes the
same actions in the same order as one that ran on time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from plan.calendar import Calendar
from plan.levels import Level, Owed, Told
from plan.model import Plan


@dataclass(frozen=True)
class NoticeFacts:
    """One notice of this episode."""

    issued_at: datetime | None = None
    delivered_at: datetime | None = None
    deadline_on: date | None = None
    declined_at: datetime | None = None


@dataclass(frozen=True)
class CaseFacts:
    """All that the chain's rules may look at. Times are UTC, days are local.

    `entered`: levels of this episode and when they began. `excused`: days that do not count as absent (attended, leave).
    `unstaffed`: levels at which nobody is responsible. `open_tasks`: living tasks of this case. `kept`: levels whose
    follow-up is already open.
    """

    opened_at: datetime
    first_absent_on: date
    level: int
    entered: Mapping[int, datetime]
    excused: frozenset[date] = frozenset()
    answered_until: datetime | None = None
    paused_until: datetime | None = None
    away: bool = True
    notices: Mapping[str, NoticeFacts] = field(default_factory=dict)
    referral_approved_at: datetime | None = None
    unstaffed: frozenset[int] = frozenset()
    steps: frozenset[str] = frozenset()
    open_tasks: int = 0


@dataclass(frozen=True)
class Enter:
    """The case climbs. `passed` are levels left out, each with its reason."""

    at: datetime
    level: int
    reason: str
    beside: bool = False
    passed: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Open:
    """A task that the level owes is opened."""

    at: datetime
    level: int
    step: str
    owed: Owed


@dataclass(frozen=True)
class Tell:
    """A role that owes nothing is told."""

    at: datetime
    level: int
    step: str
    told: Told


@dataclass(frozen=True)
class Keep:
    """Everything at the level is done and the child is still away: somebody keeps the case until `until`."""

    at: datetime
    level: int
    role: str
    until: datetime


Action = Enter | Open | Tell | Keep


def upcoming(plan: Plan, facts: CaseFacts, calendar: Calendar, now: datetime) -> Action | None:
    """The next action, due or future; None when nothing will happen by itself. `now` only dates a follow-up."""
    found = [*_steps(plan, facts, calendar), *_climbs(plan, facts, calendar)]
    first = min(found, key=lambda action: action.at, default=None)
    if first is not None and first.at <= now:
        return first
    return _kept(plan, facts, calendar, now) or first


def step_name(level: int, step: Owed | Told) -> str:
    """The name under which a step is remembered as taken."""
    what = step.task if isinstance(step, Owed) else step.template
    return f"{level}:{what}:{step.role}"


def _steps(plan: Plan, facts: CaseFacts, calendar: Calendar) -> list[Action]:
    if not facts.away:
        return []
    levels = [facts.level, *(rung.level for rung in plan.beside() if rung.level in facts.entered)]
    return [action for number in levels for action in _steps_of(plan.at_level(number), facts, calendar)]


def _steps_of(rung: Level, facts: CaseFacts, calendar: Calendar) -> list[Action]:
    found: list[Action] = []
    for step in rung.steps:
        name = step_name(rung.level, step)
        at = _opens_at(rung, step, facts, calendar)
        if name in facts.steps or at is None:
            continue
        at = _not_paused(at, facts)
        found.append(Open(at, rung.level, name, step) if isinstance(step, Owed) else Tell(at, rung.level, name, step))
    return found


def _opens_at(rung: Level, step: Owed | Told, facts: CaseFacts, calendar: Calendar) -> datetime | None:
    entered = facts.entered[rung.level]
    if step.undelivered_school_days is None:
        return entered
    notice = facts.notices.get(rung.notice or "")
    if notice is None or notice.issued_at is None or notice.delivered_at is not None:
        return None
    day = calendar.nth_school_day(calendar.day_of(notice.issued_at) + timedelta(days=1), step.undelivered_school_days)
    return calendar.at(day, calendar.local(notice.issued_at).time())


def _climbs(plan: Plan, facts: CaseFacts, calendar: Calendar) -> list[Action]:
    if not facts.away:
        return []
    found = [_climb(plan, facts, calendar), *(_begin_beside(rung, facts, calendar) for rung in plan.beside())]
    return [action for action in found if action is not None]


def _begin_beside(rung: Level, facts: CaseFacts, calendar: Calendar) -> Enter | None:
    at = None if rung.level in facts.entered else _begins(rung, facts, calendar)
    return at and Enter(_not_paused(at[0], facts), rung.level, at[1], beside=True)


def _climb(plan: Plan, facts: CaseFacts, calendar: Calendar) -> Enter | None:
    """To the next level, or to the departments where a referral was approved before that."""
    found = [entry for entry in (_next_level(plan, facts, calendar), _referred(plan, facts)) if entry is not None]
    return min(found, key=lambda entry: entry.at, default=None)


def _next_level(plan: Plan, facts: CaseFacts, calendar: Calendar) -> Enter | None:
    """Past every level after which the one beyond begins no later; the reason is kept for each level left out."""
    rung = plan.above(facts.level)
    if rung is None or rung.begins.referral_approved:
        return None
    if facts.level in facts.unstaffed:
        return Enter(_not_paused(facts.entered[facts.level], facts), rung.level, "nobody_responsible")
    begins = _begins(rung, facts, calendar)
    if begins is None:
        return None
    passed: list[tuple[int, str]] = []
    while (beyond := plan.above(rung.level)) is not None and beyond.begins.absent_school_day:
        later = _begins(beyond, facts, calendar)
        if later is None or _not_paused(later[0], facts) > _not_paused(begins[0], facts):
            break
        passed.append((rung.level, _why_passed(rung, begins[0], later[0], facts)))
        rung, begins = beyond, later
    return Enter(_not_paused(begins[0], facts), rung.level, begins[1], passed=tuple(passed))


def _why_passed(rung: Level, begins: datetime, later: datetime, facts: CaseFacts) -> str:
    if rung.begins.unanswered_at is not None and facts.answered_until is not None and facts.answered_until >= begins:
        return "answer_accepted"
    return "overtaken" if later <= begins else "paused"


def _referred(plan: Plan, facts: CaseFacts) -> Enter | None:
    """An approved referral brings the case to the departments from wherever it stands below them."""
    if facts.referral_approved_at is None:
        return None
    between: list[tuple[int, str]] = []
    rung = plan.above(facts.level)
    while rung is not None and not rung.begins.referral_approved:
        between.append((rung.level, "referral_approved"))
        rung = plan.above(rung.level)
    if rung is None:
        return None
    return Enter(max(facts.referral_approved_at, facts.entered[facts.level]), rung.level, "referral_approved", passed=tuple(between))


def _begins(rung: Level, facts: CaseFacts, calendar: Calendar) -> tuple[datetime, str] | None:
    """(when, why) a level begins if nothing changes; never before the present level began."""
    begins, floor = rung.begins, facts.entered[facts.level]
    if begins.unanswered_at is not None:
        at = max(calendar.at(facts.first_absent_on, begins.unanswered_at), facts.opened_at + timedelta(minutes=begins.after_minutes))
        return max(at, floor, facts.answered_until or floor), "no_accepted_answer"
    if begins.absent_school_day is not None:
        day = calendar.nth_school_day(facts.first_absent_on, begins.absent_school_day, facts.excused)
        return max(calendar.at(day, begins.at), floor), f"absent_school_day_{begins.absent_school_day}"
    if begins.deadline_passed is not None:
        return _deadline(rung, facts, calendar)
    return None


def _deadline(rung: Level, facts: CaseFacts, calendar: Calendar) -> tuple[datetime, str] | None:
    """The day after the notice's deadline, or the latest time that the plan allows for issuing and delivering one."""
    begins, floor = rung.begins, facts.entered[facts.level]
    notice = facts.notices.get(begins.deadline_passed or "")
    if notice is not None and notice.deadline_on is not None:
        return max(calendar.at(notice.deadline_on + timedelta(days=1), begins.at), floor), "deadline_passed"
    if begins.at_latest is None:
        return None
    return calendar.after(floor, begins.at_latest), _why_no_deadline(notice)


def _why_no_deadline(notice: NoticeFacts | None) -> str:
    if notice is not None and notice.issued_at is not None:
        return "notice_not_delivered"
    return "notice_declined" if notice is not None and notice.declined_at is not None else "notice_not_issued"


def _not_paused(at: datetime, facts: CaseFacts) -> datetime:
    return at if facts.paused_until is None else max(at, facts.paused_until)


def _kept(plan: Plan, facts: CaseFacts, calendar: Calendar, now: datetime) -> Keep | None:
    """A case never sits with nobody: where no task lives, the level's keeper owes a follow-up."""
    if facts.open_tasks:
        return None
    keeper = plan.at_level(facts.level).follow_up
    until = calendar.after(now, keeper.due)
    return Keep(now, facts.level, keeper.role, until)
