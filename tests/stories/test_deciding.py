"""What only a person may decide is decided by that person's plain word, and kept under that person's name."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from cases.words import words
from storage.tables import AttendanceSheet, Responsibility, StandIn, TaskHolder
from tests.stories.county import County


@pytest.fixture
async def level_four(county: County) -> County:
    """Thursday noon: the township has just been asked for a notice."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.to("2026-11-05 12:01")
    return county


async def test_no_notice_is_issued_or_declined_by_a_code_alone_or_words_that_do_not_say_so(level_four: County) -> None:
    township, code = level_four.phones["township_officer"], (await level_four.task("issue_notice")).code
    for said in (
        "",
        "3 不同意签发",
        "3 先不发，家长已答应",
        "3 暂不签发",
        "我们再看看情况",
        "不发",
        "是家长不在家",
        "家长不同意签发，在县城",
    ):
        await township.replies(f"{code} {said}")
        (notice,) = await level_four.notices()
        assert (notice.number, notice.declined_at, (await level_four.task("issue_notice")).ended_at) == (None, None, None), said


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("不同意 家长答应周一送", "家长答应周一送"),
        ("孩子昨天回学校了不宜签发", "孩子昨天回学校了"),
        ("经研究不予签发：家长周一送校", "经研究：家长周一送校"),
        ("不签发，正在联系转学", "正在联系转学"),
        ("不批准", ""),
        ("不签发因为", ""),
        ("不签发，不清楚是否已转学，先核实", "不清楚是否已转学，先核实"),
        ("不签发，行不行", None),
        ("要不要签发，我看不签发", None),
        ("不发烧了，已到校", None),
        ("他说不签发", None),
        ("家长不同意，签发", None),
        ("不签发行吗", None),
        ("暂不签发，再等等", None),
    ],
)
def test_who_does_not_issue_says_so_and_why(said: str, why: str | None) -> None:
    assert words().why_not_issued(said) == why


async def test_a_notice_is_declined_with_a_reason_and_may_be_issued_after_all(level_four: County) -> None:
    township, code = level_four.phones["township_officer"], (await level_four.task("issue_notice")).code
    await township.expects("签发返校通知书")
    for phone in level_four.phones.values():
        await phone.new()
    await township.replies(f"{code} 不签发")
    await township.expects("不签发要写理由", f"{code} 不签发")
    await township.replies(f"{code} 不签发，孩子已转到县城小学，正在联系")
    await township.expects("小龙的返校通知书不签发", f"{code} 签发")
    number = (await level_four.case("马小龙")).number
    for role in ("principal", "village_committee", "county_officer", "township_head"):
        await level_four.phones[role].expects("赵干事决定不签发返校通知书", f"查 {number}")
    await level_four.phones["father"].expects_nothing()
    await level_four.phones["township_head"].replies(f"查 {number}")
    assert "孩子已转到县城小学" in await level_four.phones["township_head"].expects("没有签发返校通知书：")
    assert [task.role for task in await level_four.tasks() if task.kind == "follow_up"] == []  # the county still owes its receipt
    await level_four.phones["village_committee"].replies(f"{code} 签发")
    assert (await level_four.notices())[0].number is None
    await township.replies(f"{code} 签发")
    await township.expects("办好了")
    await level_four.phones["father"].expects("返校通知书")
    assert (await level_four.notices())[0].issued_by == level_four.people["township_officer"]


@pytest.mark.long
async def test_after_a_declined_notice_the_chain_goes_on_by_the_plan(level_four: County) -> None:
    await level_four.phones["township_officer"].replies(f"{(await level_four.task('issue_notice')).code} 不签发，家长答应周一送")
    await level_four.phones["county_officer"].replies(f"{(await level_four.task('read_report')).code} 1")
    assert [task.role for task in await level_four.tasks() if task.kind == "follow_up"] == ["township_officer"]
    await level_four.after_outage("2026-11-27 12:01")
    assert (await level_four.levels("马小龙"))[-1] == (5, "notice_declined")
    assert (await level_four.task("issue_notice")).role == "township_head"


@pytest.mark.parametrize("said", ["3", "3 已签发", "同意签发", "签发"])
async def test_a_notice_is_issued_by_words_that_say_so(level_four: County, said: str) -> None:
    await level_four.phones["township_officer"].replies(f"{(await level_four.task('issue_notice')).code} {said}")
    assert (await level_four.notices())[0].issued_by == level_four.people["township_officer"]


async def test_a_school_never_issues_a_notice_even_when_the_task_was_handed_to_it(level_four: County) -> None:
    code = (await level_four.task("issue_notice")).code
    await level_four.phones["township_officer"].replies(f"{code} 2 王校长")
    await level_four.phones["principal"].replies(f"{(await level_four.task('issue_notice')).code} 3")
    assert (await level_four.notices())[0].number is None


async def test_who_stands_in_signs_with_their_own_name(level_four: County) -> None:
    await level_four.person("clerk", "牟干事")
    async with level_four.database.session() as session, session.begin():
        session.add(
            StandIn(
                person_id=level_four.people["township_officer"],
                substitute_person_id=level_four.people["clerk"],
                starts_on=date(2026, 11, 5),
                ends_on=date(2026, 11, 6),
            )
        )
        task = await level_four.task("issue_notice")
        session.add(TaskHolder(task_id=task.id, person_id=level_four.people["clerk"], why="substitute", since=task.opened_at))
    await level_four.phones["clerk"].replies(f"{task.code} 3")
    assert (await level_four.notices())[0].issued_by == level_four.people["clerk"]


async def test_a_mass_absence_is_not_confirmed_by_a_no(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(8)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1 2 3 4 5")
    for said in ("3 不属实，老师填错了", "不属实", "再核实一下"):
        await county.phones["principal"].replies(f"{(await county.task('mass_absence')).code} {said}")
        await county.stage.advance(minutes=10)
        async with county.database.session() as session:
            assert (await session.scalars(select(AttendanceSheet.state))).all() == ["held"]
    await county.phones["father"].expects_nothing()


async def test_a_transfer_is_confirmed_only_by_those_whom_the_plan_names(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.stage.advance(minutes=4)
    await county.phones["father"].replies("4")
    code = (await county.task("enrolment_check")).code
    await county.phones["enrolment_manager"].replies(f"{code} 2 马老师")
    await county.phones["class_teacher"].replies(f"{(await county.task('enrolment_check')).code} 3 已转入临夏市实验小学")
    assert (await county.case("马小龙")).state == "open"


async def test_a_task_handed_to_and_fro_still_has_a_holder(level_four: County) -> None:
    await level_four.staff("township_officer", key="clerk", name="牟干事")
    code = (await level_four.task("issue_notice")).code
    await level_four.phones["township_officer"].replies(f"{code} 2 牟干事")
    await level_four.phones["clerk"].expects("签发返校通知书")
    await level_four.phones["township_officer"].new()
    await level_four.phones["clerk"].replies(f"{code} 2 赵干事")
    await level_four.phones["township_officer"].expects("签发返校通知书")
    await level_four.phones["township_officer"].replies(f"{code} 3")
    assert (await level_four.notices())[0].number is not None


async def test_who_leaves_the_post_hands_over_what_is_open(level_four: County) -> None:
    async with level_four.database.session() as session, session.begin():
        post = (await session.scalars(select(Responsibility).where(Responsibility.role == "township_officer"))).one()
        post.valid_until = date(2026, 11, 5)
    await level_four.staff("township_officer", key="successor", name="牟干事")
    await level_four.phones["township_officer"].new()
    await level_four.to("2026-11-06 08:00")
    await level_four.phones["successor"].expects("签发返校通知书")
    await level_four.phones["successor"].replies(f"{(await level_four.task('issue_notice')).code} 3")
    assert (await level_four.notices())[0].issued_by == level_four.people["successor"]


async def test_when_a_stand_in_ends_the_holder_is_asked_again(level_four: County) -> None:
    await level_four.person("clerk", "牟干事")
    async with level_four.database.session() as session, session.begin():
        session.add(
            Responsibility(
                person_id=level_four.people["clerk"], role="village_committee", area_code="622926100202", valid_from=date(2026, 1, 1)
            )
        )
    await level_four.phones["township_officer"].replies("请假到11月5日，由牟干事代")
    await level_four.phones["clerk"].expects("签发返校通知书")
    await level_four.phones["township_officer"].new()
    await level_four.to("2026-11-06 08:00")
    await level_four.phones["township_officer"].expects("签发返校通知书")
