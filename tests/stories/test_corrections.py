"""What was said of a day is taken back or said late: no child is lost by it, and nobody is told what is not so."""

from __future__ import annotations

from datetime import date

import pytest

from tests.stories.classes import answer_sheet
from tests.stories.county import County


@pytest.fixture
async def school(county: County) -> County:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(8)
    return county


async def test_a_correction_of_yesterday_keeps_the_case_of_a_child_that_is_absent_today(school: County) -> None:
    await answer_sheet(school, "2026-11-02", "1")
    await answer_sheet(school, "2026-11-03", "1")
    await school.to("2026-11-03 12:30")
    await school.phones["class_teacher"].replies("昨天 1到了")
    case = await school.case("马小龙")
    assert (case.state, case.back_on, case.first_absent_on) == ("open", None, date(2026, 11, 3))
    await school.to("2026-11-06 12:01")
    assert (await school.case("马小龙")).level == 4


async def test_a_correction_of_a_day_in_the_middle_does_not_bring_back_a_child_that_is_absent_today(school: County) -> None:
    await answer_sheet(school, "2026-11-02", "1")
    await answer_sheet(school, "2026-11-03", "1")
    await answer_sheet(school, "2026-11-04", "1")
    await school.phones["class_teacher"].replies("昨天 1到了")
    case = await school.case("马小龙")
    assert (case.state, case.back_on) == ("open", None)


async def test_present_by_mistake_and_absent_on_the_same_morning_leaves_the_chain_running(school: County) -> None:
    await answer_sheet(school, "2026-11-02", "1")
    await answer_sheet(school, "2026-11-03", "0")
    assert (await school.case("马小龙")).back_on == date(2026, 11, 3)
    await school.phones["class_teacher"].replies("1没来")
    case = await school.case("马小龙")
    assert (case.back_on, case.episode) == (None, 1)
    await school.to("2026-11-03 12:01")
    assert (await school.case("马小龙")).level == 3


async def test_yesterdays_absence_said_today_asks_no_family_of_a_child_that_is_there(school: County) -> None:
    await answer_sheet(school, "2026-11-02", "0")
    await answer_sheet(school, "2026-11-03", "0")
    await school.phones["class_teacher"].replies("昨天 1没来")
    assert (await school.case("马小龙")).back_on == date(2026, 11, 3)
    await school.to("2026-11-03 20:00")
    await school.phones["father"].expects_nothing()
