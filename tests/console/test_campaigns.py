"""Publicity on its pages: a preview comes first, a second person agrees, the outcome is counted; activities are planned and recorded."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from storage.tables import Activity, Campaign, Event, Sender
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import PLAN, County

__all__ = ["county"]
SMALL = PLAN.replace("approve_above: 1000", "approve_above: 1")
ROLES = ("class_teacher", "principal", "township_officer", "county_officer", "education_head")
HELP = {"name": "有难处找学校", "text": "help", "area": "622926"}


@pytest.fixture
async def office(county: County) -> County:
    """Two families on a Monday morning; more than one person needs a second officer's word."""
    await county.begin("2026-11-02 09:00", roles=ROLES, plan=SMALL)
    await county.student("马小花", guardians=["mother"])
    await county.student("马小龙", guardians=["father"])
    async with county.database.session() as session, session.begin():
        await session.execute(update(Sender).values(price=0.05))
    for phone in county.phones.values():
        await phone.new()
    return county


async def campaign(county: County) -> Campaign:
    async with county.database.session() as session:
        return (await session.scalars(select(Campaign))).one()


async def test_from_the_draft_over_a_second_person_to_the_outcome(office: County) -> None:
    author = await Officer(office, console_of(office)).enters("county_officer")
    assert "自己写的话" in await author.sees("/campaigns/new")
    made = await author.does("/campaigns", **HELP)
    path = made.headers["location"].split("?")[0]
    page = await author.sees(path)
    for shown in ("我们一起想办法", "0.10", "超过 1 人", "短信"):
        assert shown in page, shown
    await author.does(f"{path}/test")
    await office.stage.settle()
    await office.phones["county_officer"].expects("我们一起想办法")
    assert "campaign_waiting_approval" in (await author.does(f"{path}/start")).headers["location"]
    assert "已送另一位审批" in await author.sees(f"{path}?said=campaign_waiting_approval")
    assert (await campaign(office)).state == "waiting_approval"
    assert re.search(r"已请[^。]*李局长[^。]*审批。", await author.sees(path))
    assert "要由另一位审批" in (await author.does(f"{path}/agree")).text
    await office.phones["mother"].expects_nothing()
    head = await Officer(office, console_of(office)).enters("education_head")
    assert re.search(rf'<a href="{path}">[^<]+（2人）', await head.sees("/tasks"))
    assert "开始后要另一位审批" not in await head.sees(path)
    assert "退回要写理由" in (await head.does(f"{path}/send-back", said=" ")).text
    assert (await head.does(f"{path}/agree")).status_code == 303
    await office.stage.advance(minutes=15)
    for phone in ("mother", "father"):
        await office.phones[phone].expects("我们一起想办法")
    assert re.search(r"审批同意 · \d\d:\d\d 开始 · \d\d:\d\d 结束", await author.sees(path))
    page = await author.sees(f"{path}?only=delivered")
    assert "已送达" in page
    assert "马mother" in page
    book = CalamineWorkbook.from_filelike(BytesIO((await author.http.get(f"{path}/outcome.xlsx")).content))
    assert len(book.get_sheet_by_name("名单").to_python()) >= 4
    assert "没有需要重发的人" in (await author.does(f"{path}/resend")).text
    async with office.database.session() as session:
        assert (await session.scalars(select(Event.facts).where(Event.action == "list_exported"))).one()["count"] == 2


async def test_refusals_are_those_of_the_command_and_keep_what_was_typed(office: County) -> None:
    author = await Officer(office, console_of(office)).enters("county_officer")
    for wrong, why in (
        ({"name": ""}, "活动名称要有"), ({"when": "2026-11-03 23:00"}, "免打扰"), ({"text": "own"}, "要写明正文"),
        ({"text": "own", "words": "留守家庭请注意"}, "留守"),
        ({"text": "own", "words": "不送就罚款"}, "罚款"), ({"area": "622901"}, "没有这个区划代码"),
    ):  # fmt: skip
        refused = await author.does("/campaigns", **{**HELP, **wrong})
        assert (refused.status_code, why in refused.text) == (409, True), wrong
    assert 'value="有难处找学校"' in refused.text
    async with office.database.session() as session:
        assert not (await session.scalars(select(Campaign))).all()


async def test_who_may_not_make_one_sees_it_at_most_and_no_school_sees_any(office: County) -> None:
    author = await Officer(office, console_of(office)).enters("county_officer")
    path = (await author.does("/campaigns", **HELP)).headers["location"].split("?")[0]
    for role in ("class_teacher", "principal", "township_officer"):
        other = await Officer(office, console_of(office)).enters(role)
        assert (await other.http.get(path)).status_code == 404, role
        for act in ("start", "agree", "cancel", "outcome.xlsx"):
            assert (await other.does(f"{path}/{act}")).status_code in {404, 405}, (role, act)
        if role != "township_officer":
            assert "按方案宣传由这些岗位办理" in await other.sees("/campaigns/new")
            assert (await other.does("/campaigns", **HELP)).status_code == 409
    assert (await campaign(office)).state == "draft"
    assert (await author.does(f"{path}/cancel")).status_code == 303
    assert (await campaign(office)).state == "cancelled"


async def test_activities_are_planned_and_recorded_for_ones_own_places_only(office: County) -> None:
    principal = await Officer(office, console_of(office)).enters("principal")
    page = await principal.sees("/activities")
    assert "锁南镇中心小学" in page
    assert "锁南镇</td>" not in page
    at = f"622926100201:{office.school_id}"
    assert (await principal.does("/activities/plan", at=at, number="4")).status_code == 303
    assert "不能" not in (await principal.does("/activities", at=at, kind="poster", place="校门口", held_on="2026-11-02")).text
    assert "地点要写" in (await principal.does("/activities", at=at, kind="poster", place="")).text
    assert "还没有到" in (await principal.does("/activities", at=at, kind="poster", place="校门口", held_on="2026-12-02")).text
    files = [("photos", ("wall.jpg", b"GIF89a", "image/jpeg"))]
    wanted = {"csrf": principal.token, "at": at, "kind": "poster", "place": "操场", "held_on": "2026-11-02"}
    assert "一张也没有存" in (await principal.http.post("/activities", data=wanted, files=files)).text
    good = [("photos", ("wall.jpg", b"\xff\xd8\xff" + b"x" * 50, "image/jpeg"))]
    assert (await principal.http.post("/activities", data=wanted, files=good)).status_code == 303
    page = await principal.sees("/activities")
    assert "操场" in page
    (number,) = re.findall(r"/activities/(\d+)/withdraw", page)[:1]
    assert (await principal.does(f"/activities/{number}/withdraw")).status_code == 303
    assert "操场" not in await principal.sees("/activities")
    assert (await principal.does("/activities", at="622926100:", kind="poster", place="街上")).status_code == 404
    async with office.database.session() as session:
        assert (await session.scalars(select(Activity.place).where(Activity.withdrawn_at.is_(None)))).all() == ["校门口"]
    officer = await Officer(office, console_of(office)).enters("county_officer")
    assert "锁南镇中心小学" in await officer.sees("/activities")
    book = CalamineWorkbook.from_filelike(BytesIO((await officer.http.get("/activities/export.xlsx")).content))
    assert any("锁南镇中心小学" in row for row in book.get_sheet_by_index(0).to_python())
