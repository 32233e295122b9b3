"""Plays one case without a database: carries out what `plan.chain.upcoming` wants in the way that cases/escalation.py does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from plan.calendar import Calendar
from plan.chain import CaseFacts, Enter, Keep, NoticeFacts, Open, Tell, upcoming
from plan.model import Plan

ENDLESS = 60
FAR = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """One level entered, or passed for a reason."""

    episode: int
    level: int
    at: datetime
    reason: str
    passed: bool = False
    beside: bool = False


@dataclass
class Living:
    """A living task. `keeps`: a follow-up, dated by the tick that found that nobody had the case."""

    name: str
    kind: str
    role: str
    due: datetime
    level: int | None = None
    step: bool = False
    keeps: bool = False
    acknowledged: bool = False


@dataclass(frozen=True)
class Input:
    """What somebody does at a moment: one of the methods of Played below, with its argument."""

    at: datetime
    what: str
    number: int = 0


@dataclass
class Played:
    """One child's case. `holes`: levels at which nobody is responsible."""

    plan: Plan
    calendar: Calendar
    opened: datetime
    first_absent: date
    holes: frozenset[int] = frozenset()
    episode: int = 1
    level: int = 1
    state: str = "open"
    away: bool = True
    entries: list[Entry] = field(default_factory=list)
    taken: list[tuple[int, str, datetime, datetime | None]] = field(default_factory=list)
    living: list[Living] = field(default_factory=list)
    suspended: set[tuple[int, str]] = field(default_factory=set)
    leaves: set[date] = field(default_factory=set)
    notices: dict[tuple[int, str], NoticeFacts] = field(default_factory=dict)
    answered_until: datetime | None = None
    paused_until: datetime | None = None
    approved_at: datetime | None = None
    closed_at: datetime | None = None
    next_at: datetime = FAR
    checked: Callable[[Played, datetime], None] = lambda _played, _now: None

    def __post_init__(self) -> None:
        self.level = self.plan.levels[0].level
        self.entries.append(Entry(1, self.level, self.opened, "absence"))

    def facts(self) -> CaseFacts:
        """As cases.escalation.case_facts gathers them."""
        entered = {entry.level: entry.at for entry in self.entries if entry.episode == self.episode}
        opened = min(entered.values())
        return CaseFacts(
            opened_at=opened, first_absent_on=self.first_absent, level=self.level, entered=entered, excused=frozenset(self.leaves),
            answered_until=self.answered_until, paused_until=self.paused_until, away=self.away,
            notices={kind: notice for (episode, kind), notice in self.notices.items() if episode == self.episode},
            referral_approved_at=self.approved_at if self.approved_at is not None and self.approved_at >= opened else None,
            unstaffed=self.holes & {self.level},
            steps=frozenset(
                step for episode, step, _, _ in self.taken if episode == self.episode and (episode, step) not in self.suspended
            ),
            open_tasks=len(self.living),
        )  # fmt: skip

    def settle(self, now: datetime, *, punctual: bool = False) -> None:
        """As cases.escalation.settle: everything that the plan wants by now. `punctual`: at its own time, nothing was left lying."""
        if self.state != "open":
            return
        for _ in range(ENDLESS):
            action = upcoming(self.plan, self.facts(), self.calendar, now)
            if action is None or action.at > now:
                self.next_at = action.at if action is not None else FAR
                self.checked(self, now)
                return
            assert not punctual or action.at == now, f"{action} was carried out at {now}"
            self._carry_out(action)
        raise AssertionError("the rules never come to rest")

    def _carry_out(self, action: Enter | Open | Tell | Keep) -> None:
        match action:
            case Enter():
                self._climb(action)
            case Open():
                due = self.calendar.after(action.at, action.owed.due)
                self.taken.append((self.episode, action.step, action.at, due))
                self.suspended.discard((self.episode, action.step))
                self.living.append(Living(action.step, action.owed.task, action.owed.role, due, action.level, step=True))
            case Tell():
                self.taken.append((self.episode, action.step, action.at, None))
            case Keep():
                self.living.append(Living("keep", "follow_up", action.role, action.until, action.level, keeps=True))

    def _climb(self, action: Enter) -> None:
        self.entries += [Entry(self.episode, level, action.at, reason, passed=True) for level, reason in action.passed]
        if not action.beside:
            self.living = [task for task in self.living if task.level != self.level]
            self.level = action.level
        self.entries.append(Entry(self.episode, action.level, action.at, action.reason, beside=action.beside))
        if (notice := self.plan.at_level(action.level).notice) is not None:
            self.notices.setdefault((self.episode, notice), NoticeFacts())

    def _end(self, keep: Callable[[Living], bool]) -> None:
        self.living = [task for task in self.living if keep(task)]

    def _owe(self, duty: str, now: datetime) -> None:
        entry = self.plan.duties[duty]
        self.living.append(Living(duty, duty, entry.role, self.calendar.after(now, entry.due)))

    def _pause(self, until: datetime) -> None:
        """As cases.casework.pause_case."""
        self.paused_until = max(until, self.paused_until or until)
        self._suspend(lambda task: not task.step and not task.keeps)

    def _suspend(self, keep: Callable[[Living], bool]) -> None:
        """As cases.steps.suspend_tasks: a step that is cancelled undone is taken again when the chain goes on."""
        self.suspended |= {(self.episode, task.name) for task in self.living if task.step and not keep(task)}
        self._end(keep)

    def _noon(self, day: date) -> datetime:
        return self.calendar.at(day, self.plan.attendance.digest.at)

    # what people do

    def promise(self, now: datetime, days: int) -> None:
        """The family names a day: held until its noon."""
        self.answered_until = self._noon(self.calendar.day_of(now) + timedelta(days=days))

    def leave(self, now: datetime, days: int) -> None:
        """The family asks for leave of so many days from the first absent day on."""
        today = self.calendar.day_of(now)
        last = self.calendar.nth_school_day(today, days + 1)
        self.leaves |= {self.first_absent + timedelta(days=n) for n in range((last - self.first_absent).days + 1)}
        back = self.calendar.nth_school_day(last + timedelta(days=1), 1)
        self._pause(self._noon(back))
        self._owe("leave_follow_up", now)
        self.answered_until = self._noon(last)

    def moved(self, now: datetime, _: int) -> None:
        """The family says that the child has moved: the clock pauses while the enrolment is checked."""
        rule = self.plan.answers["transferred"]
        assert rule.due is not None
        assert rule.task is not None
        assert rule.role is not None
        due = self.calendar.after(now, rule.due)
        today = self.calendar.day_of(now)
        last = max(self.calendar.day_of(due) - timedelta(days=1), today)
        self.leaves |= {today + timedelta(days=n) for n in range((last - today).days + 1)}
        self._pause(due)
        self.living.append(Living(rule.task, rule.task, rule.role, due))
        self.answered_until = self._noon(self.calendar.day_of(due))

    def not_moved(self, now: datetime, _: int) -> None:
        """The enrolment check finds the child nowhere: the chain goes on from here."""
        if not any(task.kind == "enrolment_check" for task in self.living):
            return
        self._end(lambda task: task.kind != "enrolment_check")
        self.paused_until, self.answered_until = now, None
        self.leaves = {day for day in self.leaves if day < self.calendar.day_of(now)}

    def acknowledge(self, _now: datetime, number: int) -> None:
        """A holder says that they have it."""
        if steps := sorted((task for task in self.living if not task.keeps), key=lambda task: task.name):
            steps[number % len(steps)].acknowledged = True

    def done(self, now: datetime, number: int) -> None:
        """A holder reports a step done; the notice's own steps issue and deliver it."""
        steps = sorted((task for task in self.living if not task.keeps), key=lambda task: task.name)
        if not steps:
            return
        task = steps[number % len(steps)]
        self.living.remove(task)
        if task.kind == "issue_notice":
            self.issue(now, number)
        elif task.kind == "deliver_notice":
            self.deliver(now, number)

    def issue(self, now: datetime, _: int) -> None:
        """A named officer issues the level's notice."""
        kind = self.plan.at_level(self.level).notice
        notice = self.notices.get((self.episode, kind)) if kind is not None else None
        if kind is None or notice is None or notice.issued_at is not None:
            return
        self.notices[self.episode, kind] = replace(notice, issued_at=now)
        self._end(lambda task: task.kind != "issue_notice")

    def deliver(self, now: datetime, _: int) -> None:
        """The level's notice reaches the family: the deadline runs from today."""
        kind = self.plan.at_level(self.level).notice
        notice = self.notices.get((self.episode, kind)) if kind is not None else None
        if kind is None or notice is None or notice.issued_at is None or notice.delivered_at is not None:
            return
        deadline = self.calendar.day_of(now) + timedelta(days=self.plan.notices[kind].deadline_days)
        self.notices[self.episode, kind] = replace(notice, delivered_at=now, deadline_on=deadline)
        self._end(lambda task: task.kind != "deliver_notice")

    def approve(self, now: datetime, _: int) -> None:
        """A named person approves a referral."""
        self.approved_at = self.approved_at or now

    def attend(self, now: datetime, _: int) -> None:
        """The school sees the child: the chain stops, the return is watched."""
        self.away, self.paused_until = False, None
        self._suspend(lambda _task: False)
        self._owe("confirm_return", now)

    def dispute(self, now: datetime, _: int) -> None:
        """The family says that the child is not back."""
        if self.away:
            return
        self.away, self.paused_until = True, now
        self._end(lambda task: task.kind != "confirm_return")
        self._owe("check_return", now)

    def close(self, now: datetime, _: int) -> None:
        """Three attended days, or the family's word: struck off."""
        if not self.away:
            self.state, self.living, self.closed_at, self.next_at = "closed", [], now, FAR

    def relapse(self, now: datetime, _: int) -> None:
        """Absent again: the same case, a new episode at the level it had."""
        if self.away and self.state == "open":
            return
        self.state, self.away, self.living = "open", True, []
        self.answered_until = self.paused_until = self.closed_at = None
        self.episode, self.first_absent = self.episode + 1, self.calendar.day_of(now)
        self.entries.append(Entry(self.episode, self.level, now, "relapse"))

    def take(self, given: Input) -> None:
        """The use case of an input: what was due before it, the change, what follows from it."""
        self.settle(given.at)
        if self.state != "open" and given.what != "relapse":
            return
        getattr(self, given.what)(given.at, given.number)
        self.settle(given.at)

    def outcome(self) -> dict[str, Any]:
        """What must not depend on when the ticks ran. Follow-ups are dated by the tick, so they are left out."""
        return {
            "state": (self.state, self.level, self.episode, self.away, bool(self.living)),
            "levels": self.entries,
            "steps": self.taken,
            "tasks": sorted((task.name, task.due) for task in self.living if not task.keeps),
        }


INPUTS = (
    "promise", "leave", "moved", "not_moved", "acknowledge", "done", "issue", "deliver", "approve", "attend", "dispute", "close", "relapse",
)  # fmt: skip


def play(case: Played, inputs: Iterable[Input], ticks: Iterable[datetime], until: datetime, *, twice: bool = False) -> Played:
    """Plays the inputs at their times, with ticks at these times and a last one at `until`."""
    happenings: list[tuple[datetime, int, Input | None]] = [(given.at, 1, given) for given in inputs]
    happenings += [(at, 0, None) for at in ticks if case.opened <= at <= until] + [(until, 2, None)]
    case.settle(case.opened)
    for at, _, given in sorted(happenings, key=lambda happening: happening[:2]):
        for _ in range(2 if twice and given is None else 1):
            if given is None:
                case.settle(at)
        if given is not None:
            case.take(given)
    return case


def play_on_time(case: Played, inputs: Iterable[Input], until: datetime) -> Played:
    """As if somebody looked at every moment: a tick at each time that the case itself asks for."""
    case.settle(case.opened)
    for given in [*sorted(inputs, key=lambda given: given.at), None]:
        end = given.at if given is not None else until
        while case.state == "open" and case.next_at <= end:
            case.settle(case.next_at, punctual=True)
        if given is not None:
            case.take(given)
    case.settle(until)
    return case
