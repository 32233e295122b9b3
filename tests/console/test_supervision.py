"""Supervision and the plan on their pages: facts for the county and above, decisions of whom the plan names, samples by a kept seed."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from console.chain import drawing, rows, wrapped
from console.frame import Speech
from plan.check import read_plan
from storage.tables import Assessment, Event, InspectionItem
from tests.console.conftest import county
from tests.console.officers import Officer, away_for_days, console_of
from tests.stories.county import PLAN, County

__all__ = ["county"]
ROLES = ("class_teacher", "principal", "township_officer", "township_head", "county_officer", "education_head")


@pytest.fixture
async def office(county: County) -> County:
    await away_for_days(county, ROLES)
    return county


async def test_every_table_is_shown_and_exported_to_the_county_and_nothing_below(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("county_officer")
    for view, shown in (("times", "按时率"), ("year", "王校长"), ("commend", "最少人数"), ("sample", "还没有抽查")):
        assert shown in await officer.sees(f"/supervision?view={view}"), view
    for per in ("school", "township", "county"):
        assert "办理时限" in await officer.sees(f"/supervision?view=times&per={per}")
    book = CalamineWorkbook.from_filelike(BytesIO((await officer.http.get("/supervision/export.xlsx?view=year")).content))
    assert any("王校长" in row for row in book.get_sheet_by_index(0).to_python())
    for role in ("class_teacher", "principal", "township_officer"):
        other = await Officer(office, console_of(office)).enters(role)
        assert "由县、州的岗位查看" in await other.sees("/supervision?view=year")
        assert (await other.http.get("/supervision/export.xlsx?view=year")).status_code == 404
        assert (await other.does("/supervision/samples", of="children", per="school", size="1")).status_code == 404


async def test_only_whom_the_plan_names_decides_about_a_year_and_reads_it_first(office: County) -> None:
    post = f"{office.people['principal']}:principal:622926100201:{office.school_id}"
    officer = await Officer(office, console_of(office)).enters("county_officer")
    assert "不由您决定" in (await officer.does("/supervision/decide", post=post, said="合格", sure="yes")).text
    head = await Officer(office, console_of(office)).enters("education_head")
    assert "王校长" in (await head.sees("/supervision?view=year")).split("记录决定")[1]
    assert "再确认一次" in (await head.does("/supervision/decide", post=post, said="合格")).text
    assert "请写明决定" in (await head.does("/supervision/decide", post=post, said=" ", sure="yes")).text
    assert (await head.does("/supervision/decide", post=post, said="本年合格", sure="yes")).status_code == 303
    assert "本年合格" in await head.sees("/supervision?view=year")
    async with office.database.session() as session:
        kept = (await session.scalars(select(Assessment))).one()
    assert (kept.decided_by, kept.role) == (office.people["education_head"], "principal")


async def test_a_sample_is_drawn_by_a_kept_seed_and_checked_place_by_place(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("county_officer")
    path = (await officer.does("/supervision/samples", of="children", per="school", size="2", seed="骰子")).headers["location"]
    assert "骰子" in await officer.sees(path)
    again = await officer.does("/supervision/samples", of="children", per="school", size="2", seed="骰子")
    assert again.headers["location"] == path
    assert "要写明情况" in (await officer.does(path, place="1", found="differs")).text
    assert (await officer.does(path, place="1", found="differs", note="人不在校")).status_code == 303
    assert "人不在校" in await officer.sees(path)
    async with office.database.session() as session:
        assert sorted(await session.scalars(select(InspectionItem.outcome).where(InspectionItem.outcome.is_not(None)))) == ["differs"]
        assert (await session.scalars(select(Event).where(Event.action == "sample_checked"))).one()


async def test_the_chain_is_drawn_for_everybody_with_who_owes_what_by_when(office: County) -> None:
    teacher = await Officer(office, console_of(office)).enters("class_teacher")
    page = await teacher.sees("/plan")
    for shown in ("<svg", "州级督办", "村委会：入户家访并记录情况", "21:00–07:00", "县(市)长"):
        assert shown in page, shown
    await teacher.does("/settings/language", chosen="en")
    assert "still away on school day 4" in await teacher.sees("/plan")


def test_boxes_stand_below_each_other_and_every_sentence_fits() -> None:
    plan = read_plan(PLAN)
    for language in ("zh", "en"):
        t = Speech(language, "plan")
        boxes, height = drawing(plan, t)
        assert [box.level for box in boxes] == [rung.level for rung in plan.levels]
        for upper, lower in pairwise(boxes):
            assert upper.y + upper.height < lower.y
        assert all(box.y < line.y < box.y + box.height <= height for box in boxes for line in box.lines)
        assert len(rows(plan, t)) == len(boxes)
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("第一次通知书", 6) == ["第一次", "通知书"]
