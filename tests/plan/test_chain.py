"""The chain, rung by rung: what comes next and when, for a child away from Monday 21 September 2026 on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from plan.calendar import Calendar
from plan.chain import CaseFacts, Enter, Keep, NoticeFacts, Open, Tell, upcoming
from plan.check import read_plan
from plan.model import Plan
from tests.plan.conftest import LINXIA, local

PLAN = read_plan(LINXIA)
CALENDAR = Calendar(PLAN)
LONG_AGO = datetime(2026, 9, 1, tzinfo=UTC)


OPENED = local("09-21 09:10")


def steps_of(*levels: int) -> frozenset[str]:
    """Everything that these levels owe on entry or later, as already taken."""
    names = [f"{rung.level}:{step.task}:{step.role}" for rung in PLAN.levels for step in rung.owed if rung.level in levels]
    names += [f"{rung.level}:{told.template}:{told.role}" for rung in PLAN.levels for told in rung.told if rung.level in levels]
    return frozenset(names)


def a_case(level: int = 1, entered: str = "09-21 09:10", **facts: object) -> CaseFacts:
    """A case that stands at a level with its steps taken and a living task."""
    found = CaseFacts(OPENED, date(2026, 9, 21), level, {1: OPENED, level: local(entered)}, steps=steps_of(level), open_tasks=1)
    return replace(found, **facts)  # type: ignore[arg-type]


def climb(facts: CaseFacts, plan: Plan = PLAN) -> tuple[int, datetime, str]:
    """The next level, when and why."""
    action = upcoming(plan, facts, CALENDAR, LONG_AGO)
    assert isinstance(action, Enter)
    return action.level, action.at, action.reason


FIRST_DUE = {"first": NoticeFacts(local("09-25 10:00"), local("09-26 09:00"), date(2026, 10, 3))}

SECOND_DUE = {"second": NoticeFacts(local("10-05 10:00"), local("10-05 11:00"), date(2026, 10, 12))}


@pytest.mark.parametrize(
    ("facts", "level", "at", "reason"),
    [
        (a_case(), 2, "09-21 13:00", "no_accepted_answer"),
        (a_case(opened_at=local("09-21 12:40")), 2, "09-21 13:40", "no_accepted_answer"),  # a late sheet: the family has its hour
        (a_case(2, "09-21 13:00"), 3, "09-22 12:00", "absent_school_day_2"),
        (a_case(3, "09-22 12:00"), 4, "09-24 12:00", "absent_school_day_4"),
        (a_case(4, "09-24 12:00", notices=FIRST_DUE), 5, "10-04 12:00", "deadline_passed"),
        (a_case(4, "09-24 12:00", notices={"first": NoticeFacts()}), 5, "10-22 12:00", "notice_not_issued"),
        (a_case(4, "09-24 12:00", notices={"first": NoticeFacts(declined_at=local("09-25 10:00"))}), 5, "10-22 12:00", "notice_declined"),
        (a_case(4, "09-24 12:00", notices={"first": NoticeFacts(local("09-25 10:00"))}), 5, "10-22 12:00", "notice_not_delivered"),
        (
            a_case(5, "10-04 12:00", notices={**FIRST_DUE, **SECOND_DUE}),
            6, "10-13 12:00", "deadline_passed",
        ),
        (a_case(2, "09-21 13:00", excused=frozenset({date(2026, 9, 22), date(2026, 9, 23)})), 3, "09-24 12:00", "absent_school_day_2"),
        (a_case(2, "09-21 13:00", paused_until=local("09-23 09:00")), 3, "09-23 09:00", "absent_school_day_2"),
        (a_case(3, "09-22 12:00", unstaffed=frozenset({3})), 4, "09-22 12:00", "nobody_responsible"),
        (a_case(3, "09-22 12:00", unstaffed=frozenset({3}), paused_until=local("09-23 12:00")), 4, "09-23 12:00", "nobody_responsible"),
    ],
)  # fmt: skip
def test_when_each_level_begins(facts: CaseFacts, level: int, at: str, reason: str) -> None:
    assert climb(facts) == (level, local(at), reason)


def test_an_accepted_answer_holds_the_teacher_and_level_3_says_why_it_was_left_out() -> None:
    held = a_case(answered_until=local("09-24 12:00"))
    assert upcoming(PLAN, held, CALENDAR, LONG_AGO) == Enter(
        local("09-22 12:00"), 3, "absent_school_day_2", passed=((2, "answer_accepted"),)
    )
    assert climb(a_case(answered_until=local("09-22 09:00"))) == (2, local("09-22 09:00"), "no_accepted_answer")


def test_after_a_pause_nobody_is_given_a_step_that_is_over_in_the_same_minute() -> None:
    paused = a_case(paused_until=local("09-24 12:00"), answered_until=local("09-24 12:00"))
    passed = ((2, "answer_accepted"), (3, "paused"))
    assert upcoming(PLAN, paused, CALENDAR, LONG_AGO) == Enter(local("09-24 12:00"), 4, "absent_school_day_4", passed=passed)


@pytest.mark.parametrize(
    ("level", "entered", "passed"),
    [(1, "09-21 09:10", (2, 3, 4, 5, 6)), (4, "09-24 12:00", (5, 6)), (5, "10-04 12:00", (6,)), (6, "10-13 12:00", ())],
)
def test_an_approved_referral_goes_to_the_departments_from_any_level(level: int, entered: str, passed: tuple[int, ...]) -> None:
    approved = local(entered) + timedelta(hours=1)
    facts = a_case(level, entered, referral_approved_at=approved)
    expected = tuple((number, "referral_approved") for number in passed)
    assert upcoming(PLAN, facts, CALENDAR, LONG_AGO) == Enter(approved, 7, "referral_approved", passed=expected)


def test_a_level_that_was_due_before_the_approval_is_entered_first() -> None:
    assert climb(a_case(3, "09-22 12:00", referral_approved_at=local("09-25 12:00"))) == (4, local("09-24 12:00"), "absent_school_day_4")


@pytest.mark.parametrize("level", [6, 7])
def test_without_an_approval_nobody_goes_to_the_departments(level: int) -> None:
    entered = {1: OPENED, level: local("10-13 12:00"), 8: local("11-05 12:00")}
    facts = replace(a_case(level), entered=entered, steps=steps_of(level, 8), unstaffed=frozenset({level}))
    assert upcoming(PLAN, facts, CALENDAR, local("12-31 12:00")) is None


def test_the_prefecture_stands_beside_the_others() -> None:
    waiting = a_case(6, "10-13 12:00")
    day = CALENDAR.nth_school_day(date(2026, 9, 21), 30)
    begins = upcoming(PLAN, waiting, CALENDAR, LONG_AGO)
    assert begins == Enter(CALENDAR.at(day, PLAN.levels[7].begins.at), 8, "absent_school_day_30", beside=True)
    assert upcoming(PLAN, a_case(5, "10-30 12:00"), CALENDAR, LONG_AGO) == begins, "it does not wait for the second notice's deadline"
    beside = replace(waiting, entered={**waiting.entered, 8: begins.at})
    owed = upcoming(PLAN, beside, CALENDAR, LONG_AGO)
    assert isinstance(owed, Open)
    assert (owed.level, owed.owed.task, owed.at) == (8, "supervise", begins.at)


def opened_at(facts: CaseFacts, now: str) -> Iterable[tuple[str, datetime]]:
    """The steps that are taken by then, in order."""
    while (action := upcoming(PLAN, facts, CALENDAR, local(now))) is not None and action.at <= local(now):
        assert isinstance(action, Open | Tell)
        yield action.step, action.at
        facts = replace(facts, steps=facts.steps | {action.step})


def test_a_level_opens_all_that_it_owes_at_once() -> None:
    facts = a_case(3, "09-22 12:00", steps=frozenset())
    begun = local("09-22 12:00")
    assert [*opened_at(facts, "09-22 12:00")] == [("3:principal_contact:principal", begun), ("3:home_visit:village_committee", begun)]


def test_what_is_owed_waits_for_the_end_of_a_pause() -> None:
    facts = a_case(3, "09-22 12:00", steps=frozenset(), paused_until=local("09-23 12:00"))
    assert [at for _, at in opened_at(facts, "09-23 12:00")] == [local("09-23 12:00")] * 2
    assert not [*opened_at(facts, "09-23 11:59")]


def test_an_undelivered_notice_is_carried_home_and_the_county_hears_of_it() -> None:
    facts = a_case(4, "09-24 12:00", steps=frozenset({"4:issue_notice:township_officer", "4:read_report:county_officer"}))
    issued = replace(facts, notices={"first": NoticeFacts(issued_at=local("09-28 10:00"))})
    assert [*opened_at(issued, "10-10 10:00")] == [
        ("4:deliver_notice:village_committee", local("09-30 10:00")),
        ("4:notice_undelivered:county_officer", local("10-10 10:00")),  # over National Day, with the Saturday that is worked
    ]
    assert not [*opened_at(replace(facts, notices={"first": NoticeFacts()}), "10-20 10:00")]
    assert not [*opened_at(replace(facts, notices={"first": replace(FIRST_DUE["first"], deadline_on=date(2026, 10, 30))}), "10-20 10:00")]


def test_a_child_back_at_school_stops_everything() -> None:
    facts = a_case(4, "09-24 12:00", steps=frozenset(), away=False, referral_approved_at=local("09-25 10:00"))
    assert upcoming(PLAN, facts, CALENDAR, local("12-31 12:00")) is None


@pytest.mark.parametrize(
    ("facts", "role", "until"),
    [
        (a_case(2, "09-21 13:00", open_tasks=0), "class_teacher", "09-22 12:00"),
        (a_case(4, "09-24 12:00", open_tasks=0), "township_officer", "09-28 12:00"),
        (a_case(4, "09-24 12:00", open_tasks=0, away=False), "township_officer", "09-28 12:00"),
    ],
)
def test_where_no_task_lives_somebody_keeps_the_case(facts: CaseFacts, role: str, until: str) -> None:
    now = local("09-21 15:00")
    assert upcoming(PLAN, facts, CALENDAR, now) == Keep(now, facts.level, role, local(until))


def test_what_is_due_comes_before_a_follow_up() -> None:
    assert isinstance(upcoming(PLAN, a_case(2, "09-21 13:00", open_tasks=0), CALENDAR, local("09-22 12:00")), Enter)
