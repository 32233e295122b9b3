"""Times named by the school year, and what the check says of the section on publicity."""

from __future__ import annotations

from datetime import UTC, datetime, time
from importlib.resources import files

import pytest

from plan.check import PlanFault, read_plan
from plan.school_events import next_moment, read_event_time

PLAN = files("plan").joinpath("linxia.yaml").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "local"),
    [
        ("开学前3天 10:30", "2027-02-26 10:30"),
        ("3 days before term begins at 9:30", "2027-02-26 09:30"),
        ("放假当天", "2027-01-16 10:00"),
        ("term begins", "2027-03-01 10:00"),
        ("学期结束前2天", "2027-01-13 10:00"),  # the last school day is a Friday
        ("开学后1天", "2027-03-02 10:00"),
    ],
)
def test_an_event_of_the_school_year_is_a_time(said: str, local: str) -> None:
    plan = read_plan(PLAN)
    wanted = read_event_time(said, time(10))
    assert wanted is not None
    moment = next_moment(plan, wanted, NOW)
    assert moment is not None
    assert f"{moment.astimezone(plan.zone):%Y-%m-%d %H:%M}" == local


@pytest.mark.parametrize("said", ["明天", "开学", "before term begins", "开学前三天", "3 days before vacation ends", "开学前3天 25:00"])
def test_other_words_are_no_event(said: str) -> None:
    found = read_event_time(said, time(10))
    assert found is None or (said, found.days) == ("开学", 0)


def test_an_event_that_the_plan_has_no_more_is_none() -> None:
    wanted = read_event_time("开学前3天", time(10))
    assert wanted is not None
    assert next_moment(read_plan(PLAN), wanted, datetime(2028, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("approved_by: [education_head, leading_group, prefecture_officer]", "approved_by: []", "approved_by"),
        ('usual_hour: "10:00"', 'usual_hour: "22:00"', "免打扰"),
        ("words: [横幅]", "words: [墙报]", "已经用在"),
        ("made_by: [township_officer,", "made_by: [mayor,", "没有“mayor”这个岗位"),
    ],
)
def test_a_faulty_section_is_refused_in_a_sentence(old: str, new: str, said: str) -> None:
    assert old in PLAN
    with pytest.raises(PlanFault) as fault:
        read_plan(PLAN.replace(old, new))
    assert any(said in str(problem) for problem in fault.value.problems)
