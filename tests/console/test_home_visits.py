"""The card of home visits on a case's page: what `查` tells, for those who see the visit, with its photographs."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from storage.tables import Task, Visit
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.console.test_photos import JPEG, hands_in
from tests.stories.county import County
from tests.stories.staff import at_the_third_level

__all__ = ["county"]


@pytest.fixture
async def village(county: County) -> Officer:
    """Whoever owes the home visit of a child that has been away for two days."""
    await at_the_third_level(county)
    return await Officer(county, console_of(county)).enters("village_committee")


async def card(officer: Officer) -> list[str]:
    """The visits as they are read, a line each; what is empty says so."""
    page = await officer.sees(f"/cases/{(await officer.county.case('马小龙')).id}")
    (found,) = re.findall(r'<section class="card" id="visits">(.*?)</section>', page, flags=re.DOTALL)
    rows = re.findall(r"<li>(.*?)</li>", found, flags=re.DOTALL) or [found]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


async def test_who_went_when_whom_they_met_what_was_said_and_the_photographs(village: Officer) -> None:
    assert (await card(village))[0].endswith("还没有家访记录。")
    phone = village.county.phones["village_committee"]
    await phone.replies("3 家里没人，明天再去")
    await phone.replies("3 见到奶奶和邻居，说娃在兰州打工，周五回学校")
    assert "photos_kept" in (await hands_in(village, [JPEG])).headers["location"]
    latest, first = await card(village)
    assert "马主任 见到爷爷奶奶、邻居；娃在兰州打工，周五回学校" in latest
    assert "说 2026-11-06 周五 返校" in latest
    assert latest.count("照片1") == 1
    assert "村委会马主任 家里没人 家里没人，明天再去" in first  # a badge, and their words
    assert "照片" not in first
    page = await village.sees(f"/cases/{(await village.county.case('马小龙')).id}")
    assert page.count(">照片1<") == 1
    await village.does("/settings/language", chosen="en")
    assert "Met grandparents, neighbours; 娃在兰州打工，周五回学校" in (await card(village))[0]


async def test_a_visit_that_is_kept_from_the_school_is_seen_by_the_township_only(village: Officer) -> None:
    county = village.county
    await county.phones["village_committee"].replies("3 见到奶奶，说娃在学校挨打不敢去")
    township = await Officer(county, village.app).enters("township_officer")
    principal = await Officer(county, village.app).enters("principal")
    assert "挨打" in (await card(township))[0]
    assert "挨打" in (await card(principal))[0]
    async with county.database.session() as session, session.begin():
        visit = (await session.scalars(select(Visit))).one()
        task = await session.get_one(Task, visit.task_id)
        task.facts = {**task.facts, "outside_school": True}
    assert "挨打" in (await card(township))[0]
    assert (await card(principal))[0].endswith("还没有家访记录。")
