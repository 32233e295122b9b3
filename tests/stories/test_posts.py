"""Who answers for a place: asked by message, confirmed each month, and handed over with everything open when a person leaves."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from cases.posts.hand_over import HandOverRefused, hand_over
from cases.posts.register import posts_of
from storage.tables import Intent, PostCheck, Question, Responsibility, StandIn, Task, TaskHolder
from storage.work import working
from tests.stories.county import STAFF, County


async def states(county: County) -> dict[str, str]:
    async with county.database.session() as session:
        found = dict((await session.execute(select(PostCheck.person_id, PostCheck.state))).all())
    return {role: found[person] for role, person in county.people.items() if person in found}


async def test_who_answers_is_told_for_ones_own_area_only(county: County) -> None:
    await county.begin("2026-11-02 07:00", roles=tuple(role for role in STAFF if role != "village_committee"))
    township = county.phones["township_officer"]
    await township.replies("谁负责 毛毛村委会")
    await township.expects("毛毛村委会现在的责任人：", "村委会：无人")
    await township.replies("责任")
    await township.expects("锁南镇现在的责任人：", "乡镇控辍干事：赵干事", "乡镇长：钱镇长", "下面有1个岗位无人")
    await township.replies("谁负责锁南镇中心小学？")
    await township.expects("控辍专干：张专干", "校长：王校长")
    await township.replies("谁负责 东乡族自治县")
    await township.expects("没办成", "不在您的责任范围")
    await county.phones["principal"].replies("谁负责 东乡族自治县")
    await county.phones["principal"].expects("没办成")


async def test_each_month_people_say_whether_it_is_still_them(county: County) -> None:
    await county.begin("2026-11-12 20:00")
    await county.others(3)
    await county.after_outage("2026-11-13 10:31")
    village, township = county.phones["village_committee"], county.phones["township_officer"]
    await village.expects("毛毛村委会的村委会登记的是您")
    assert not any("登记的是您" in text for text in await county.phones["class_teacher"].new())  # answers a sheet each day
    await village.replies("不是 现在是牟文书 13900000099")
    await village.expects("已转告")
    await township.expects("毛毛村委会", "马主任", "牟文书")
    await township.replies("是")
    await township.expects("仍由您负责")
    async with county.database.session() as session:
        still = await session.scalar(select(Responsibility.valid_until).where(Responsibility.role == "village_committee"))
    assert still is None  # a person brings the register up to date
    await county.after_outage("2026-11-17 10:31")
    await county.phones["principal"].expects("登记的是您", "回：是")
    await county.after_outage("2026-11-20 10:31")
    found = await states(county)
    assert (found["village_committee"], found["township_officer"], found["principal"]) == ("denied", "confirmed", "silent")
    async with working(county.database, await county.stage.now()) as work:
        faults = {row.role: row.faults for row in await posts_of(work, "622926")}
    assert (faults["village_committee"], faults["principal"], faults["township_officer"]) == (("denied",), ("unconfirmed",), ())


async def test_the_question_keeps_no_sheet_waiting_and_yes_is_not_taken_from_a_child(county: County) -> None:
    """A teacher who is the attendance officer as well."""
    await county.begin("2026-11-13 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    async with county.database.session() as session, session.begin():
        room = await session.scalar(select(Responsibility).where(Responsibility.role == "class_teacher"))
        assert room is not None
        room.person_id = county.people["attendance_officer"]
    officer = county.phones["attendance_officer"]
    await county.to("2026-11-13 08:31")
    await officer.expects("三(2)班")
    await county.to("2026-11-13 10:31")
    await officer.expects("控辍专干登记的是您")
    await officer.replies("1")
    await officer.expects("小龙")
    await officer.replies("是")
    await officer.expects("仍由您负责")


async def left(county: County, to: str, since: date, by: str = "county_officer", who: str = "principal") -> object:
    async with working(county.database, await county.stage.now()) as work:
        return await hand_over(work, county.people[who], county.people[to], since, county.people[by])


@pytest.fixture
async def busy(county: County) -> County:
    """Monday 30 November: the principal owes a talk with a family and a signature, and somebody stands in until Friday for the village."""
    await county.begin("2026-11-25 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-26 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-30 15:01")
    await county.phones["attendance_officer"].replies(f"{(await county.task('confirm_report')).code} 确认")
    await county.staff("principal", key="new", name="牟校长")
    async with county.database.session() as session, session.begin():
        post = await session.scalar(select(Responsibility).where(Responsibility.person_id == county.people["new"]))
        await session.delete(post)
    return county


async def held_by(county: County, key: str) -> set[str]:
    async with county.database.session() as session:
        query = select(Task.kind).join(TaskHolder).where(
            TaskHolder.person_id == county.people[key], TaskHolder.until.is_(None), Task.state.in_(("open", "acknowledged"))
        )  # fmt: skip
        return set(await session.scalars(query))


async def test_nothing_open_is_left_with_somebody_who_left(busy: County) -> None:
    before = await held_by(busy, "principal")
    assert {"principal_contact", "sign_report"} & before
    families = len(await busy.phones["father"].inbox())
    await left(busy, "new", date(2026, 11, 30))
    await busy.stage.settle()
    assert await held_by(busy, "principal") == set()
    assert await held_by(busy, "new") == before
    async with busy.database.session() as session:
        gone = busy.people["principal"]
        assert (await session.scalars(select(Question).where(Question.person_id == gone, Question.state == "open"))).all() == []
        pending = select(Intent).where(Intent.person_id == gone, Intent.state == "pending", Intent.task_id.is_not(None))
        assert (await session.scalars(pending)).all() == []
        posts = {(row.person_id, str(row.valid_from), str(row.valid_until)) for row in await session.scalars(
            select(Responsibility).where(Responsibility.role == "principal")
        )}  # fmt: skip
    assert posts == {(gone, "2026-01-01", "2026-11-29"), (busy.people["new"], "2026-11-30", "None")}
    await busy.phones["principal"].expects("11月30日起", "由牟校长负责", "待办已转交")
    text = await busy.phones["new"].expects("校长由您负责", "原为王校长", f"接手{len(before)}件待办")
    assert "我的" in text
    assert len(await busy.phones["father"].inbox()) == families
    sign = (await busy.task("sign_report")).code
    await busy.phones["new"].replies(f"{sign} 签字")
    await busy.phones["new"].replies(f"{sign} 确认")
    await busy.phones["new"].expects("已上报")
    await busy.phones["principal"].new()
    await busy.phones["principal"].replies(f"{sign} 签字")
    assert "已上报" not in "".join(await busy.phones["principal"].new())


async def test_a_hand_over_of_a_later_day_happens_on_that_morning(busy: County) -> None:
    before = await held_by(busy, "principal")
    await left(busy, "new", date(2026, 12, 1))
    assert await held_by(busy, "principal") == before
    await busy.phones["new"].expects("12月1日起", "校长由您负责")
    await busy.to("2026-12-01 07:01")
    assert await held_by(busy, "principal") == set()
    assert before <= await held_by(busy, "new")


async def test_a_stand_in_for_the_one_who_left_holds_nothing_any_more(busy: County) -> None:
    await busy.staff("principal", key="vice", name="马副校长")
    await busy.phones["principal"].replies("请假到周五，由马副校长代")
    await busy.phones["principal"].expects("马副校长")
    await left(busy, "new", date(2026, 11, 30))
    assert await held_by(busy, "principal") == set()
    async with busy.database.session() as session:
        assert all(row.ends_on < date(2026, 11, 30) for row in await session.scalars(select(StandIn)))
    assert {"principal_contact", "sign_report"} & await held_by(busy, "new")


@pytest.mark.parametrize(
    ("to", "since", "by", "reason"),
    [
        ("principal", date(2026, 11, 30), "county_officer", "same_person"),
        ("new", date(2027, 11, 30), "county_officer", "too_far"),
        ("new", date(2026, 11, 30), "class_teacher", "not_allowed"),
        ("mute", date(2026, 11, 30), "county_officer", "unreachable"),
    ],
)
async def test_a_hand_over_that_cannot_be_changes_nothing(to: str, since: date, by: str, reason: str, county: County) -> None:
    await county.begin("2026-11-30 15:01")
    await county.person("new", "牟校长")
    await county.person("mute", "哑校长", reachable=False)
    with pytest.raises(HandOverRefused, match=reason):
        await left(county, to, since, by)
    async with county.database.session() as session:
        assert await session.scalar(select(Responsibility.valid_until).where(Responsibility.role == "principal")) is None
