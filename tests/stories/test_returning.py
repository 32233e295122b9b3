"""A child comes back: confirmed twice or three days at school, struck off, and perhaps away again."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from storage.tables import AuditRun, CaseFile, CaseLevel, Task
from tests.stories.classes import answer_sheet
from tests.stories.county import County, local


@pytest.fixture
async def away(county: County) -> County:
    """Tuesday afternoon, level 3."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.to("2026-11-03 12:01")
    return county


async def test_three_attended_days_are_enough_without_a_word_from_the_family(away: County) -> None:
    await answer_sheet(away, "2026-11-04", "0")
    assert (await away.case("马小龙")).state == "open"
    await answer_sheet(away, "2026-11-05", "0")
    await answer_sheet(away, "2026-11-06", "0")
    case = await away.case("马小龙")
    assert (case.state, case.exit) == ("closed", "returned")
    assert case.exit_facts is not None
    assert case.exit_facts["evidence"]["attended_days"] == ["2026-11-04", "2026-11-05", "2026-11-06"]


async def test_school_and_guardian_together_strike_off_at_once(away: County) -> None:
    await answer_sheet(away, "2026-11-04", "0")
    await away.phones["father"].expects("返校", "1")
    await away.phones["father"].replies("1")
    case = await away.case("马小龙")
    assert case.state == "closed"
    assert case.exit_facts is not None
    assert set(case.exit_facts["evidence"]) == {"school", "guardian"}
    assert await away.tasks() == []


async def test_the_guardians_word_alone_does_not_strike_off(away: County) -> None:
    await away.phones["father"].replies("已经送到学校了")
    assert (await away.case("马小龙")).state == "open"
    await away.phones["class_teacher"].expects("小龙")
    await away.phones["class_teacher"].replies(f"{(await away.task('check_return')).code} 3 没到校")
    await away.to("2026-11-05 12:01")
    assert (await away.case("马小龙")).level == 4


@pytest.mark.parametrize("said", ["1", "1已返校", "来了", "马小龙到校了"])
async def test_the_teacher_sees_the_child(away: County, said: str) -> None:
    await away.phones["father"].replies("已经送到学校了")
    await away.phones["class_teacher"].expects("马小龙今天到校上课了吗", "1已返校")
    await away.phones["class_teacher"].replies(said)
    await away.phones["class_teacher"].expects("办好了")
    case = await away.case("马小龙")
    assert (case.state, case.exit, case.back_on) == ("closed", "returned", date(2026, 11, 3))  # both have said so
    assert await away.tasks() == []
    await away.phones["father"].expects("回到锁南镇中心小学")


@pytest.mark.parametrize("said", ["2", "2还没有", "没来", "{code} 2", "{code} 3 没到校"])
async def test_a_child_that_neither_home_nor_school_has_is_looked_for_at_once(away: County, said: str) -> None:
    await away.phones["father"].replies("早上送到学校了")
    await away.phones["class_teacher"].expects("到校上课了吗")
    await away.phones["father"].new()
    await away.phones["principal"].new()
    await away.phones["class_teacher"].replies(said.format(code=(await away.task("check_return")).code))
    await away.phones["class_teacher"].expects("办好了")
    await away.phones["father"].expects("还没有见到孩子", "110")
    await away.phones["principal"].expects("紧急", "小龙")
    assert (await away.case("马小龙")).back_on is None


@pytest.mark.parametrize("said", ["收到", "1 收到"])
async def test_who_only_takes_note_has_not_looked(away: County, said: str) -> None:
    await away.phones["father"].replies("早上送到学校了")
    await away.phones["class_teacher"].expects("到校上课了吗")
    await away.phones["class_teacher"].replies(said)
    assert (await away.task("check_return")).state == "acknowledged"
    assert (await away.case("马小龙")).back_on is None


async def test_a_guardian_who_denies_the_return_sets_the_chain_going_again(away: County) -> None:
    await answer_sheet(away, "2026-11-04", "0")
    await away.phones["father"].replies("2")
    await away.phones["class_teacher"].expects("小龙")
    case = await away.case("马小龙")
    assert case.back_on is None
    await answer_sheet(away, "2026-11-05", "1")
    await away.to("2026-11-05 12:01")
    assert (await away.case("马小龙")).level == 3  # the day that the school counted is not held against the family
    await away.to("2026-11-06 12:01")
    assert (await away.case("马小龙")).level == 4


async def test_what_was_owed_is_cancelled_when_the_child_is_back(away: County) -> None:
    await answer_sheet(away, "2026-11-04", "0")
    await away.phones["village_committee"].new()
    await away.to("2026-11-05 13:00")
    await away.phones["village_committee"].expects_nothing()
    assert {task.kind for task in await away.tasks()} == {"confirm_return"}


async def test_a_relapse_goes_on_at_the_level_it_had(away: County) -> None:
    await answer_sheet(away, "2026-11-04", "0")
    await away.phones["father"].replies("1")
    number = (await away.case("马小龙")).number
    for day in ("2026-11-05", "2026-11-06"):
        await answer_sheet(away, day, "0")
    await away.phones["principal"].new()
    await answer_sheet(away, "2026-11-16", "1")
    case = await away.case("马小龙")
    assert (case.number, case.state, case.episode, case.level) == (number, "open", 2, 3)
    await away.phones["principal"].expects("动员返校")
    await away.stage.advance(minutes=5)
    await away.phones["father"].expects("小龙")


async def test_after_the_relapse_window_it_is_a_new_case(away: County) -> None:
    await answer_sheet(away, "2026-11-04", "0")
    await away.phones["father"].replies("1")
    await away.after_outage("2026-12-15 18:00")
    await answer_sheet(away, "2026-12-16", "1")
    async with away.database.session() as session:
        assert len(list(await session.scalars(select(CaseFile)))) == 2


async def test_a_weeks_outage_ends_where_it_would_have_been(away: County) -> None:
    await away.stage.sleep_to(local("2026-11-09 09:00"))
    levels = await away.levels("马小龙")
    assert levels[-1] == (4, "absent_school_day_4")
    async with away.database.session() as session:
        entered = (await session.scalars(select(CaseLevel.entered_at).where(CaseLevel.level == 4))).one()
    assert entered == local("2026-11-05 12:00")
    await away.phones["township_officer"].expects("签发返校通知书")


async def test_the_auditor_finds_nothing_in_a_good_week_and_a_case_without_owner_in_a_bad_one(away: County) -> None:
    await away.to("2026-11-04 10:01")
    async with away.database.session() as session:
        assert [run.findings for run in await session.scalars(select(AuditRun))] == [{}] * len(
            list(await session.scalars(select(AuditRun)))
        )
    async with away.database.session() as session, session.begin():
        for task in await session.scalars(select(Task).where(Task.state == "open")):
            task.state, task.next_at = "cancelled", None
    await away.to("2026-11-04 11:01")
    async with away.database.session() as session:
        latest = (await session.scalars(select(AuditRun).order_by(AuditRun.id.desc()).limit(1))).one()
    assert latest.findings == {"case_without_owner": [(await away.case("马小龙")).id]}
    await away.phones["county_officer"].expects("1")


async def test_the_record_tells_when_somebody_changed_it(away: County) -> None:
    from cases.record import broken_seals
    from storage.work import working

    await away.to("2026-11-03 14:00")
    async with working(away.database, await away.stage.now()) as work:
        assert await broken_seals(work) == []


async def test_a_leave_in_the_middle_of_a_level_does_not_lose_what_it_owes(away: County) -> None:
    await away.to("2026-11-05 12:01")
    await away.phones["township_officer"].expects("签发返校通知书")
    await away.phones["father"].replies("小龙病了，请假到周五")
    assert {task.kind for task in await away.tasks()} == {"leave_follow_up"}
    await away.to("2026-11-09 12:02")
    await away.phones["township_officer"].expects("签发返校通知书")
    await away.phones["township_officer"].replies(f"{(await away.task('issue_notice')).code} 3")
    assert (await away.notices())[0].number is not None


async def test_a_relapse_at_the_townships_level_drafts_a_notice_of_its_own(away: County) -> None:
    await away.to("2026-11-05 12:01")
    await answer_sheet(away, "2026-11-06", "0")
    await away.phones["father"].replies("1")
    await answer_sheet(away, "2026-11-16", "1")
    await away.phones["township_officer"].new()
    await away.phones["township_officer"].replies(f"{(await away.task('issue_notice')).code} 3")
    assert [notice.number is not None for notice in await away.notices()] == [False, True]
