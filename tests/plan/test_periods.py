"""Which period a day lies in, how it is written, and when its report is due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan.calendar import Calendar
from plan.model import Plan
from plan.periods import EXAMPLES, Period, earlier, last_school_day, period_named, period_of, written
from plan.report_times import due_moment, nudges
from plan.reporting import Every

EVERY: tuple[Every, ...] = ("week", "month", "quarter", "term", "school_year")


@given(st.sampled_from(EVERY), st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_periods_follow_each_other_without_gap_and_are_read_as_they_are_written(every: Every, day: date) -> None:
    period = period_of(every, day)
    assert period.start <= day <= period.end
    assert earlier(every, period).end + timedelta(days=1) == period.start
    assert period_named(every, written(every, period)) == period


@pytest.mark.parametrize(
    ("every", "text"), [("month", "2026-13"), ("week", "2026-W60"), ("quarter", "2026-Q5"), ("term", "2026-winter"), ("month", "11月")]
)
def test_what_is_no_period_is_refused(every: Every, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        period_named(every, text)


def test_examples_are_periods() -> None:
    assert period_named("term", EXAMPLES["term"]) == Period(date(2026, 8, 1), date(2027, 1, 31))
    assert period_named("quarter", EXAMPLES["quarter"]) == Period(date(2026, 10, 1), date(2026, 12, 31))


def test_a_term_is_reported_on_its_last_school_day_and_a_vacation_week_never(linxia: Plan) -> None:
    calendar = Calendar(linxia)
    assert last_school_day(period_named("term", "2026-autumn"), calendar) == date(2027, 1, 15)
    assert last_school_day(period_named("week", "2026-W30"), calendar) is None


def test_times_climb_from_level_to_level_and_reminders_from_day_to_day(linxia: Plan) -> None:
    calendar, reports = Calendar(linxia), linxia.reports
    monthly = reports.kinds["monthly"]
    due = [due_moment(monthly, of, date(2026, 11, 30), reports, calendar) for of in ("school", "township", "county")]
    assert [f"{calendar.local(one):%m-%d %H:%M}" for one in due] == ["12-03 18:00", "12-07 18:00", "12-09 18:00"]
    steps = nudges(reports, due[0], calendar.at(date(2026, 11, 30), reports.prepare_at), calendar)
    assert [(f"{calendar.local(at):%m-%d %H:%M}", above) for at, above in steps] == [
        ("12-02 09:00", None), ("12-04 09:00", 0), ("12-07 09:00", 1), ("12-09 09:00", 2)
    ]  # fmt: skip
