"""What families answer, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce

import pytest
from sqlalchemy import select

from cases.plans import install_plan
from storage.tables import AidRequest, Consent, EnrolmentCheck, GuardianAnswer, Intent, Leave, PersonContact
from storage.work import working
from tests.stories.county import CATALOGUE, PLAN, County


@pytest.fixture
async def asked(county: County) -> County:
    """Ma Xiaolong is absent and his father has just been asked."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father", "mother"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.stage.advance(minutes=4)
    await county.phones["father"].expects("小龙")
    return county


async def test_sick_is_leave_and_the_chain_waits(asked: County) -> None:
    await asked.phones["father"].replies("1")
    await asked.phones["father"].expects("记下")
    await asked.to("2026-11-03 15:00")
    assert [level for level, _ in await asked.levels("马小龙")] == [1]
    async with asked.database.session() as session:
        assert len(list(await session.scalars(select(Leave)))) == 1


async def test_leave_that_ends_without_the_child_goes_on_where_it_was(asked: County) -> None:
    await asked.phones["father"].replies("1")
    for day in ("03", "04", "05"):
        await asked.to(f"2026-11-{day} 08:31")
        await asked.phones["class_teacher"].replies("1")
    await asked.to("2026-11-06 15:00")
    assert [level for level, _ in await asked.levels("马小龙")][-1] == 3


async def test_a_promise_is_reminded_on_its_morning_and_the_chain_does_not_wait_for_it(asked: County) -> None:
    await asked.phones["father"].replies("3")
    await asked.phones["father"].expects("11月3日")
    await asked.to("2026-11-03 07:01")
    await asked.phones["father"].expects("小龙")
    await asked.to("2026-11-03 12:01")
    levels = await asked.levels("马小龙")
    assert levels[-1] == (3, "absent_school_day_2")
    assert (2, "answer_accepted") in levels


async def test_wrong_reading_is_undone_by_one_word(asked: County) -> None:
    await asked.phones["father"].replies("1")
    await asked.phones["father"].expects("不对")
    await asked.phones["father"].replies("不对")
    await asked.phones["father"].expects("取消")
    await asked.to("2026-11-02 13:01")
    assert (await asked.case("马小龙")).level == 2


@pytest.mark.parametrize(("hours", "taken_back"), [(1, False), (3, True)])
async def test_how_long_words_can_be_taken_back_and_how_long_an_answer_lives_is_the_plans(
    asked: County, hours: int, taken_back: bool
) -> None:
    async with working(asked.database, await asked.stage.now()) as work:
        ours = {"family_undo_hours: 48": f"family_undo_hours: {hours}", "answer_minutes: 120": "answer_minutes: 20"}
        await install_plan(work, reduce(lambda text, name: text.replace(name, ours[name]), ours, PLAN), CATALOGUE.templates)
    await asked.phones["father"].replies("1")
    await asked.to("2026-11-02 10:40")
    await asked.phones["father"].replies("不对")
    async with asked.database.session() as session:
        (answer,) = await session.scalars(select(GuardianAnswer))
        said = await session.execute(
            select(Intent.created_at, Intent.expires_at).where(Intent.contact_id.is_not(None), Intent.student_id > 0)
        )
        lives = {until - since for since, until in said}
    assert (answer.undone_at is not None, lives) == (taken_back, {timedelta(minutes=20)})


async def test_transfer_ends_the_case_only_when_the_enrolment_manager_confirms(asked: County) -> None:
    await asked.phones["father"].replies("4")
    assert (await asked.case("马小龙")).state == "open"
    text = await asked.phones["enrolment_manager"].expects("核实就读去向")
    assert "小龙" in text
    await asked.phones["enrolment_manager"].replies("3")
    await asked.phones["enrolment_manager"].expects("没办成")
    await asked.phones["enrolment_manager"].replies("3 已转入临夏市实验小学")
    case = await asked.case("马小龙")
    assert (case.state, case.exit) == ("closed", "transferred")
    assert case.exit_facts is not None
    assert case.exit_facts["evidence"]["receiving_school"] == "临夏市实验小学"
    async with asked.database.session() as session:
        assert (await session.scalars(select(EnrolmentCheck.outcome))).all() == ["transferred"]


async def test_a_transfer_that_nobody_knows_of_lets_the_chain_go_on(asked: County) -> None:
    await asked.phones["father"].replies("4")
    await asked.phones["enrolment_manager"].replies("3 未转学，查无记录")
    await asked.to("2026-11-05 12:01")
    assert (await asked.case("马小龙")).level == 4


async def test_hardship_becomes_a_request_that_a_person_decides_and_is_never_named(asked: County) -> None:
    await asked.phones["father"].replies("5")
    text = await asked.phones["father"].expects("联系您")
    assert "困难" not in text
    await asked.phones["principal"].expects("困难资助")
    await asked.phones["principal"].replies("3 同意")
    await asked.phones["father"].expects("办好")
    async with asked.database.session() as session:
        assert (await session.scalars(select(AidRequest.state))).all() == ["granted"]
    assert (await asked.case("马小龙")).cause == "hardship"


async def test_a_safety_word_reaches_school_and_county_in_the_same_minute_at_night(asked: County) -> None:
    await asked.to("2026-11-02 23:10")
    await asked.phones["father"].replies("孩子被人打了，不敢上学，救命")
    await asked.phones["principal"].expects("小龙")
    await asked.phones["county_officer"].expects("小龙")
    text = await asked.phones["father"].expects("联系您")
    assert "打" not in text


async def test_wrong_number_retires_the_contact_and_asks_the_other_guardian_later(asked: County) -> None:
    await asked.phones["father"].replies("7")
    async with asked.database.session() as session:
        retired = (
            await session.scalars(select(PersonContact.retired_reason).where(PersonContact.person_id == asked.people["father"]))
        ).one()
    assert retired == "wrong_number"
    await asked.phones["class_teacher"].expects("电话")
    await asked.to("2026-11-02 13:01")
    await asked.phones["mother"].expects("小龙")


async def test_what_cannot_be_read_is_asked_once_and_then_goes_to_a_person(asked: County) -> None:
    await asked.phones["father"].replies("嗯那个啥子么")
    await asked.phones["father"].expects("请回数字")
    await asked.phones["father"].replies("哎呀不晓得咋说")
    await asked.phones["father"].expects("联系")
    await asked.phones["class_teacher"].expects("人工回复")


async def test_statutory_messages_cannot_be_refused_and_the_answer_says_so(asked: County) -> None:
    await asked.phones["father"].replies("退订")
    await asked.phones["father"].expects("通知")
    async with asked.database.session() as session:
        assert (await session.scalars(select(Consent.given))).all() == [False]
    await asked.to("2026-11-02 13:01")
    await asked.phones["father"].expects("小龙")


async def test_the_other_guardian_is_asked_at_one_when_the_first_is_silent(asked: County) -> None:
    await asked.phones["mother"].expects_nothing()
    await asked.to("2026-11-02 13:01")
    await asked.phones["father"].expects("小龙")
    await asked.phones["mother"].expects("小龙")


async def test_nobody_is_asked_again_after_an_answer(asked: County) -> None:
    await asked.phones["father"].replies("3")
    await asked.phones["father"].new()
    await asked.to("2026-11-02 19:00")
    await asked.phones["father"].expects_nothing()
    await asked.phones["mother"].expects_nothing()


async def test_leave_can_be_announced_unasked(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 07:30")
    await county.phones["father"].replies("小龙发烧了，今天请假")
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.to("2026-11-02 18:00")
    assert await county.cases() == []


async def test_a_stranger_is_never_dropped(county: County) -> None:
    await county.begin("2026-11-02 10:00")
    await county.receive("+8613999999999", "你是谁")
    await county.stage.settle()
    await county.phones["county_officer"].expects("陌生号码")


async def test_leave_for_tomorrow_covers_tomorrow_and_not_today(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["father"].replies("小龙明天请假一天")
    await county.phones["father"].expects("11月4日")
    await county.phones["class_teacher"].replies("0")
    await county.to("2026-11-03 08:31")
    await county.phones["class_teacher"].replies("1")
    assert await county.cases() == []
    await county.to("2026-11-04 08:31")
    await county.phones["class_teacher"].replies("1")
    assert (await county.case("马小龙")).first_absent_on.isoformat() == "2026-11-04"
