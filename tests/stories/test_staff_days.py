"""The days of teachers and officers on each of their lines: letters of strangers, digests, the week, boarders, photographs, a refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from cases.casework import lock_case
from cases.referrals import propose_referral
from storage.tables import BoardingCheck, Guardianship, MissingBoarder, Photo
from storage.work import working
from tests.stories.classes import board
from tests.stories.county import County, Phone
from tests.stories.staff import LINES, Colleague, colleague

STRANGER = "+8613999999999"
JPEG = b"\xff\xd8\xff" + b"photo" * 200


@pytest.fixture(params=LINES)
async def officer(request: pytest.FixtureRequest, county: County, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Colleague]:
    """The county's officer on a Monday morning."""
    async with colleague(county, "county_officer", request.param, monkeypatch) as found:
        await county.after_outage("2026-11-02 09:00")
        yield found


async def strange(county: County, text: str) -> str:
    """A text of a number that nobody knows; gives the code of its task."""
    await county.receive(STRANGER, text)
    await county.stage.settle()
    return (await county.task("triage_unknown")).code


async def test_a_letter_is_read_and_answered_though_danger_comes_between(officer: Colleague) -> None:
    county = officer.county
    code = await strange(county, "请问补助啥时候发")
    await officer.expects("来信待办", f"{code} 看")
    await officer.replies(f"{code} 看")
    await officer.expects("补助啥时候发")
    await county.phones["father"].replies("娃被人打了不敢回家")
    await officer.expects("紧急", "小龙")
    county.restarts()
    await officer.replies(f"{code} 回复 您好，补助本周到账")
    await officer.expects("已以教育局名义发给对方")
    await Phone(county, STRANGER).expects("【东乡县教育局】", "补助本周到账")
    await officer.replies(f"{code} 回复 您好，补助本周到账")
    await officer.expects("已经办结")
    assert len(await Phone(county, STRANGER).new()) == 2, "that it was received, and the answer"
    assert (await county.task("safety")).state == "open"


async def test_a_stranger_becomes_a_guardian_by_a_second_word_after_a_restart(officer: Colleague) -> None:
    county = officer.county
    code = await strange(county, "娃感冒了请假到周三")
    await officer.replies(f"{code} 是 马小龙妈妈")
    await officer.expects("马小龙", "妈妈", f"{code} 确认")
    county.restarts()
    await officer.replies(f"{code} 确认")
    await officer.expects("已记入名册")
    await officer.replies(f"{code} 确认")
    await Phone(county, STRANGER).expects("生病请假")
    async with county.database.session() as session:
        mothers = (await session.scalars(select(Guardianship).where(Guardianship.relation == "mother"))).all()
    assert [one.student_id for one in mothers] == [county.students["马小龙"]]


async def test_what_is_owed_is_listed_in_the_morning_and_the_week_on_friday(officer: Colleague) -> None:
    """The worker was down from Monday to Thursday: each comes once, late."""
    county = officer.county
    await strange(county, "请问补助啥时候发")
    await county.receive("+8613999999998", "请问学校在哪")
    await county.stage.settle()
    await county.phones["class_teacher"].replies("21")
    await county.after_outage("2026-11-05 07:20")
    await county.to("2026-11-05 07:50")
    text = await officer.expects("早上好", "过期", "我的")
    await officer.replies("我的")
    await officer.expects("处理陌生号码来信")
    county.restarts()
    await county.after_outage("2026-11-06 16:31")
    await county.to("2026-11-06 16:50")
    await officer.expects("本周东乡族自治县", "新立1件")
    texts = await officer.texts()
    assert (texts.count(text), sum("本周" in one for one in texts)) == (1, 1)


@pytest.mark.parametrize("line", LINES)
async def test_boarders_on_sunday_evening(line: str, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is missing, arrives late, and is said twice to have arrived."""
    async with colleague(county, "class_teacher", line, monkeypatch) as teacher:
        await board(county, ["马小龙", "马小虎"])
        await county.after_outage("2026-11-08 18:55")
        await county.to("2026-11-08 19:01")
        await teacher.expects("住宿生2人", "今晚返校")
        county.restarts()
        await teacher.replies("21")
        await teacher.expects("没到马小龙")
        await county.phones["father"].expects("小龙", "今晚还没回学校住宿")
        for _ in range(2):
            await teacher.replies("21 到了")
        await county.phones["father"].expects("放心", "小龙")
        async with county.database.session() as session:
            assert list(await session.scalars(select(BoardingCheck.state))) == ["answered"]
            assert list(await session.scalars(select(MissingBoarder.state))) == ["arrived"]


@pytest.mark.parametrize("line", LINES)
async def test_boarders_are_all_back_by_one_press(line: str, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    async with colleague(county, "class_teacher", line, monkeypatch) as teacher:
        await board(county, ["马小龙", "马小虎"])
        await county.after_outage("2026-11-08 18:55")
        await county.to("2026-11-08 19:01")
        await teacher.expects("住宿生2人", "今晚返校")
        await teacher.presses("0")
        async with county.database.session() as session:
            assert list(await session.scalars(select(BoardingCheck.state))) == ["answered"]


@pytest.mark.parametrize("line", LINES)
async def test_a_referral_is_refused_with_a_reason(line: str, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """First a yes that is never confirmed, then a restart, then a no without and with its reason, and the no again."""
    async with colleague(county, "leading_group", line, monkeypatch) as group:
        await county.after_outage("2026-11-02 08:31")
        await county.phones["class_teacher"].replies("21")
        async with working(county.database, await county.stage.now()) as work:
            case = await lock_case(work, (await county.case("马小龙")).id)
            await propose_referral(work, case, department="human_resources", by=county.people["county_officer"], reason="两次通知未返校")
        await county.stage.settle()
        code = (await county.task("approve_referral")).code
        await group.replies(f"{code} 同意")
        await group.expects("再确认一次")
        county.restarts()
        await group.replies(f"{code} 不同意")
        await group.expects("写明理由")
        await group.replies(f"{code} 不同意 材料不全")
        await group.expects("办好了")
        await group.replies(f"{code} 确认")
        await group.expects("已经办结")
        assert (await county.task("approve_referral")).state == "done"
        assert (await county.case("马小龙")).level < 7


@pytest.mark.parametrize("line", [line for line in LINES if line != "sms"])
async def test_a_visit_with_its_photograph(line: str, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    async with colleague(county, "village_committee", line, monkeypatch) as village:
        await county.after_outage("2026-11-02 08:31")
        await county.phones["class_teacher"].replies("21")
        await county.after_outage("2026-11-03 12:01")
        await village.expects("家访")
        await village.photographs(JPEG)
        await village.expects("照片已存入")
        county.restarts()
        await village.replies("3 见到奶奶，说娃在兰州打工，周五回来")
        await village.expects("办好了")
        visit = await county.task("home_visit")
        async with county.database.session() as session:
            photo = (await session.scalars(select(Photo))).one()
        assert (photo.task_id, photo.state, county.cipher.decrypt_bytes(photo.content_encrypted or b"")) == (visit.id, "stored", JPEG)
