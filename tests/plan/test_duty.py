"""What happens to a task whose holder says nothing, or says "I have it" and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from plan.calendar import Calendar
from plan.check import read_plan
from plan.duty import DutyFacts, Lapse, Remind, Widen, rank, upcoming
from tests.plan.conftest import LINXIA, local

PLAN = read_plan(LINXIA)
CALENDAR = Calendar(PLAN)
NONE_LEFT = 400


def a_task(opened: str = "09-21 12:00", due: str = "09-28 12:00", **facts: object) -> DutyFacts:
    """A week's task, opened on a Monday noon."""
    task = DutyFacts(local(opened), local(due), alerted_at=local(opened))
    return replace(task, **facts)  # type: ignore[arg-type]


def wanted(facts: DutyFacts) -> tuple[str, datetime]:
    """What is next, in a word, and when."""
    action = upcoming(PLAN, facts, CALENDAR)
    match action:
        case Widen():
            return f"widen-{action.stage}", action.at
        case Lapse():
            return "lapse", action.at
        case Remind():
            return action.which, action.at
    raise AssertionError("a living task always has a next moment")


@pytest.mark.parametrize(
    ("facts", "what", "at"),
    [
        (a_task(), "widen-1", "09-21 16:00"),
        (a_task("09-21 19:00"), "widen-1", "09-22 09:00"),
        (a_task(alert_stage=1, alerted_at=local("09-21 16:00")), "widen-2", "09-21 20:00"),
        (a_task(alert_stage=3, alerted_at=local("09-22 10:00")), "widen-4", "09-22 14:00"),
        (a_task(alert_stage=4), "half", "09-25 00:00"),
        (a_task(alert_stage=1, last_stage=1), "half", "09-25 00:00"),
        (a_task("09-21 22:00", "09-21 22:30", urgent=True), "widen-1", "09-21 22:15"),
        (a_task("09-21 22:00", "09-21 23:30", urgent=True, alert_stage=1, alerted_at=local("09-21 22:15")), "widen-2", "09-21 22:30"),
    ],
)
def test_silence_asks_the_next(facts: DutyFacts, what: str, at: str) -> None:
    assert wanted(facts) == (what, local(at))


@pytest.mark.parametrize(
    ("reminder", "what", "at"),
    [
        (None, "half", "09-25 00:00"),
        ("half", "day_before", "09-27 12:00"),
        ("day_before", "deadline", "09-28 12:00"),
        ("deadline", "overdue-1", "09-29 07:30"),
        ("overdue-1", "overdue-2", "09-30 07:30"),
        ("overdue-9", "overdue-10", "10-08 07:30"),
    ],
)
def test_reminders_in_their_order(reminder: str | None, what: str, at: str) -> None:
    assert wanted(a_task(alert_stage=4, reminder=reminder)) == (what, local(at))


def test_a_short_task_has_no_reminder_a_day_before() -> None:
    assert wanted(a_task(due="09-23 12:00", alert_stage=4, reminder="half")) == ("deadline", local("09-23 12:00"))


def test_reminders_that_the_plan_does_not_want() -> None:
    plan = PLAN.model_copy(update={"reminders": PLAN.reminders.model_copy(update={"half_time": False, "day_before": False})})
    assert upcoming(plan, a_task(alert_stage=4), CALENDAR) == Remind(local("09-28 12:00"), "deadline")


ACKNOWLEDGED = a_task(acknowledged_at=local("09-21 13:00"))


@pytest.mark.parametrize(
    ("facts", "what", "at"),
    [
        (ACKNOWLEDGED, "progress", "09-25 00:00"),
        (replace(ACKNOWLEDGED, reminder="progress"), "lapse", "09-25 11:00"),
        (replace(ACKNOWLEDGED, progress_at=local("09-22 09:00")), "day_before", "09-27 12:00"),
        (replace(ACKNOWLEDGED, reminder="progress", progress_at=local("09-25 09:00")), "day_before", "09-27 12:00"),
        (replace(ACKNOWLEDGED, acknowledged_at=local("09-25 20:00"), reminder="half"), "progress", "09-25 20:01"),
        (replace(ACKNOWLEDGED, acknowledged_at=None, reminder="progress", alerted_at=local("09-25 11:00")), "widen-1", "09-25 15:00"),
        (replace(ACKNOWLEDGED, acknowledged_at=None, reminder="progress", alert_stage=4), "day_before", "09-27 12:00"),
        (replace(ACKNOWLEDGED, acknowledged_at=local("09-29 09:00"), reminder="deadline"), "overdue-1", "09-29 07:30"),
    ],
)
def test_acknowledged_is_not_done(facts: DutyFacts, what: str, at: str) -> None:
    """Asked once how it goes; without an answer it counts as unacknowledged and the others are asked again."""
    assert wanted(facts) == (what, local(at))


@pytest.mark.parametrize(
    ("facts", "what", "at"),
    [
        (a_task(quiet=True), "deadline", "09-28 12:00"),
        (a_task(quiet=True, reminder="deadline"), "overdue-1", "09-29 07:30"),
        (a_task(quiet=True, acknowledged_at=local("09-21 13:00")), "deadline", "09-28 12:00"),
    ],
)
def test_a_quiet_task_says_nothing_before_its_deadline(facts: DutyFacts, what: str, at: str) -> None:
    assert wanted(facts) == (what, local(at))


def test_a_postponed_task_is_not_reminded_of_what_has_passed() -> None:
    """Half of the new time, or its last day, lies behind: the holder has just spoken."""
    put_off = a_task(due="09-27 12:00", alert_stage=4, progress_at=local("09-25 10:00"))
    assert wanted(put_off) == ("day_before", local("09-26 12:00"))
    assert wanted(replace(put_off, due_at=local("09-26 09:00"))) == ("deadline", local("09-26 09:00"))


class Watched:
    """One task with its holder's deeds, as cases/reminders.py carries the rules out."""

    def __init__(self, task: DutyFacts) -> None:
        self.task, self.said, self.stages, self.lapses = task, list[str](), [task.alert_stage], 0

    def advance(self, now: datetime) -> None:
        for _ in range(NONE_LEFT):
            action = upcoming(PLAN, self.task, CALENDAR)
            if action is None or action.at > now:
                return
            self._carry_out(action)
        raise AssertionError("the rules never come to rest")

    def _carry_out(self, action: Widen | Lapse | Remind) -> None:
        match action:
            case Remind():
                self.task = replace(self.task, reminder=action.which)
                self.said.append(action.which)
            case Lapse():
                self.task = replace(self.task, acknowledged_at=None, alerted_at=action.at)
                self.lapses += 1
            case Widen():
                self.task = replace(self.task, alerted_at=action.at, alert_stage=action.stage)
                self.stages.append(action.stage)

    def does(self, now: datetime, what: str) -> None:
        self.advance(now)
        if what == "acknowledge" and self.task.acknowledged_at is None:
            self.task = replace(self.task, acknowledged_at=now)
        elif what == "progress":
            self.task = replace(self.task, progress_at=now)
        self.advance(now)


@st.composite
def tasks(draw: st.DrawFn) -> DutyFacts:
    opened = local("09-21 08:00") + timedelta(minutes=draw(st.integers(0, 20_000)))
    due = opened + timedelta(minutes=draw(st.integers(0, 20_000)))
    quiet, urgent = draw(st.sampled_from([(False, False), (False, False), (True, False), (False, True)]))
    return DutyFacts(opened, due, opened, quiet=quiet, urgent=urgent, last_stage=draw(st.integers(1, 4)))


deeds = st.lists(st.tuples(st.integers(0, 30_000), st.sampled_from(["acknowledge", "progress"])), max_size=4)
ticks = st.lists(st.integers(0, 40_000), max_size=30)
END = 45_000


def watch(task: DutyFacts, doings: list[tuple[int, str]], looks: list[int], times: int = 1) -> Watched:
    watched = Watched(task)
    happenings = [(at, 1, what) for at, what in doings] + [(at, 0, "") for at in looks] + [(END, 2, "")]
    for at, _, what in sorted(happenings):
        now = task.opened_at + timedelta(minutes=at)
        for _ in range(times):
            watched.advance(now)
        if what:
            watched.does(now, what)
    return watched


@settings(max_examples=150, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(tasks(), deeds, ticks)
def test_late_or_twice_says_the_same_and_nothing_twice(task: DutyFacts, doings: list[tuple[int, str]], looks: list[int]) -> None:
    on_time = watch(task, doings, [*range(0, END, 20)] if not looks else [*range(0, END, 333)])
    late = watch(task, doings, looks, times=2)
    assert late.task == on_time.task
    assert (late.said, late.lapses) == (on_time.said, on_time.lapses)
    assert len(set(late.said)) == len(late.said)
    assert [rank(which) for which in late.said] == sorted(rank(which) for which in late.said)
    assert late.stages == sorted(set(late.stages))
    assert max(late.stages) <= task.last_stage


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(tasks())
def test_a_task_that_nobody_touches_reaches_everyone_and_is_never_forgotten(task: DutyFacts) -> None:
    watched = watch(task, [], [])
    assert watched.task.alert_stage == (0 if task.quiet else task.last_stage)
    assert "deadline" in watched.said
    overdue = (CALENDAR.day_of(task.opened_at + timedelta(minutes=END)) - CALENDAR.day_of(task.due_at)).days
    assert sum(which.startswith("overdue-") for which in watched.said) in {overdue, overdue - 1}
