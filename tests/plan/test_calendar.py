"""School days, deadlines and quiet hours, as a school in Linxia lives them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plan.calendar import Calendar
from plan.check import read_plan
from plan.model import Plan
from plan.parts import Duration, QuietHours, Vacation
from tests.plan.conftest import LINXIA, local

PLAN = read_plan(LINXIA)
PROFILE = settings(max_examples=80, deadline=None)


def with_quiet(since: str, until: str) -> Calendar:
    return Calendar(PLAN.model_copy(update={"quiet_hours": QuietHours.model_validate({"from": since, "until": until})}))


@pytest.mark.parametrize(
    ("day", "school"),
    [
        ("2026-09-21", True),  # a Monday
        ("2026-09-19", False),  # a Saturday
        ("2026-09-20", True),  # a Sunday worked for National Day
        ("2026-09-25", False),  # Mid-Autumn
        ("2026-10-01", False),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),  # a Saturday worked for National Day
        ("2026-10-11", False),
        ("2026-08-23", False),  # the last day of the summer vacation, a Sunday
        ("2026-08-24", True),
        ("2026-07-13", False),  # a Monday in the vacation
        ("2027-01-18", False),  # a Monday in the winter vacation
        ("2027-03-01", True),
    ],
)
def test_school_days(calendar: Calendar, day: str, school: bool) -> None:
    assert calendar.is_school_day(date.fromisoformat(day)) is school


def test_the_school_s_own_days_come_before_all_others(linxia: Plan) -> None:
    own = Calendar(linxia, {date(2026, 9, 21): False, date(2026, 10, 3): True, date(2026, 7, 13): True})
    assert not own.is_school_day(date(2026, 9, 21))
    assert own.is_school_day(date(2026, 10, 3))
    assert own.is_school_day(date(2026, 7, 13))


@pytest.mark.parametrize(
    ("start", "allowed", "end"),
    [
        ("09-21 10:00", {"school_days": 2}, "09-23 10:00"),
        ("09-21 10:00", {"school_days": 2, "at": "12:00"}, "09-23 12:00"),
        ("09-18 10:00", {"school_days": 1, "at": "12:00"}, "09-20 12:00"),  # Friday; the Sunday is worked
        ("09-30 10:00", {"school_days": 1, "at": "12:00"}, "10-08 12:00"),  # over National Day
        ("10-09 10:00", {"school_days": 2, "at": "12:00"}, "10-12 12:00"),  # the Saturday is worked
        ("09-30 10:00", {"days": 7, "at": "12:00"}, "10-07 12:00"),  # calendar days know no holiday
        ("09-30 10:00", {"days": 1}, "10-01 10:00"),
        ("09-21 10:00", {"at": "13:00"}, "09-21 13:00"),
        ("09-21 15:00", {"at": "13:00"}, "09-21 15:00"),  # never before it begins
        ("09-21 10:00", {"school_days": 0, "at": "18:00"}, "09-21 18:00"),
        ("09-21 23:50", {"minutes": 30}, "09-22 00:20"),
    ],
)
def test_durations(calendar: Calendar, start: str, allowed: Mapping[str, Any], end: str) -> None:
    assert calendar.after(local(start), Duration.model_validate(allowed)) == local(end)


def test_days_are_counted_where_the_school_is(linxia: Plan) -> None:
    """00:30 in Linxia is still the day before in UTC."""
    calendar = Calendar(linxia)
    assert calendar.day_of(local("09-22 00:30")) == date(2026, 9, 22)
    assert calendar.after(local("09-22 00:30"), Duration.model_validate({"school_days": 1, "at": "12:00"})) == local("09-23 12:00")


@pytest.mark.parametrize(
    ("hour", "quiet"), [("20:59", False), ("21:00", True), ("23:59", True), ("00:00", True), ("06:59", True), ("07:00", False)]
)
def test_quiet_hours_over_midnight(calendar: Calendar, hour: str, quiet: bool) -> None:
    assert calendar.is_quiet(local(f"09-21 {hour}")) is quiet


@pytest.mark.parametrize(("hour", "quiet"), [("12:59", False), ("13:00", True), ("13:59", True), ("14:00", False), ("23:00", False)])
def test_quiet_hours_within_a_day(hour: str, quiet: bool) -> None:
    assert with_quiet("13:00", "14:00").is_quiet(local(f"09-21 {hour}")) is quiet


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("09-21 10:00", 240, "09-21 14:00"),
        ("09-21 19:00", 240, "09-22 09:00"),  # two hours in the evening, two in the morning
        ("09-21 23:00", 60, "09-22 08:00"),
        ("09-22 03:00", 60, "09-22 08:00"),
        ("09-21 17:00", 240, "09-21 21:00"),
        ("09-21 10:00", 14 * 60 + 1, "09-22 10:01"),  # a whole waking day
    ],
)
def test_waking_minutes(calendar: Calendar, start: str, minutes: int, end: str) -> None:
    assert calendar.wakeful(local(start), minutes) == local(end)


days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """A school with days and vacations of its own."""
    found = draw(st.lists(st.tuples(days, st.integers(0, 60)), max_size=3))
    vacations = [Vacation.model_validate({"from": at, "until": at + timedelta(days=n), "reason": "假期"}) for at, n in found]
    plan = PLAN.model_copy(update={"vacations": vacations})
    return Calendar(plan, draw(st.dictionaries(days, st.booleans(), max_size=10)))


@PROFILE
@given(calendars(), days, st.integers(1, 30), st.sets(days, max_size=5))
def test_the_nth_school_day_moves_on_with_n_and_with_the_first_day(
    calendar: Calendar, first: date, number: int, skipping: set[date]
) -> None:
    day = calendar.nth_school_day(first, number, skipping)
    assert first <= day < calendar.nth_school_day(first, number + 1, skipping)
    assert day <= calendar.nth_school_day(first + timedelta(days=1), number, skipping)
    assert day not in skipping
    assert calendar.nth_school_day(first, number) <= day


@PROFILE
@given(calendars(), days, st.integers(1, 30))
def test_counting_school_days_and_finding_them_agree(calendar: Calendar, first: date, number: int) -> None:
    day = calendar.nth_school_day(first, number)
    assert calendar.is_school_day(day)
    assert sum(calendar.is_school_day(first + timedelta(days=n)) for n in range((day - first).days + 1)) == number


@PROFILE
@given(moments, st.sampled_from([("21:00", "07:00"), ("13:00", "14:30"), ("00:00", "06:00"), ("22:00", "00:00")]))
def test_the_end_of_quiet_hours_is_never_quiet(moment: datetime, hours: tuple[str, str]) -> None:
    calendar = with_quiet(*hours)
    if calendar.is_quiet(moment):
        end = calendar.quiet_end(moment)
        assert moment < end <= moment + timedelta(days=1)
        assert not calendar.is_quiet(end)
    else:
        start = calendar.quiet_start(moment)
        assert moment < start <= moment + timedelta(days=1)
        assert calendar.is_quiet(start)


@PROFILE
@given(moments, st.integers(1, 3000), st.integers(1, 3000))
def test_waking_minutes_add_up(moment: datetime, first: int, second: int) -> None:
    calendar = Calendar(PLAN)
    assert calendar.wakeful(calendar.wakeful(moment, first), second) == calendar.wakeful(moment, first + second)
    assert calendar.wakeful(moment, first) >= moment + timedelta(minutes=first)


@PROFILE
@given(calendars(), moments, st.integers(0, 12), st.one_of(st.none(), st.times()))
def test_a_duration_never_ends_before_it_begins(calendar: Calendar, start: datetime, number: int, at: time | None) -> None:
    at_hour = at and at.isoformat()
    for unit in ("school_days", "days"):
        assert calendar.after(start, Duration.model_validate({unit: number, "at": at_hour})) >= start


def test_vacations_that_never_end_do_not_hang_the_search() -> None:
    closed = Vacation.model_validate({"from": date(2026, 1, 1), "until": date(2036, 1, 1), "reason": "停课"})
    calendar = Calendar(PLAN.model_copy(update={"vacations": [closed]}))
    found = calendar.nth_school_day(date(2026, 9, 1), 5)
    assert date(2027, 3, 1) < found < date(2027, 5, 1)
    assert found.weekday() < 5
