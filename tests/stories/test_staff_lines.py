"""Teachers and officers on each of their lines: the same words, and buttons where there are any."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from storage.tables import Absence, AttendanceSheet, Closure, Leave, StandIn, Visit
from tests.stories.county import County
from tests.stories.staff import LINES, Colleague, colleague


@pytest.fixture(params=LINES)
async def teacher(request: pytest.FixtureRequest, county: County, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Colleague]:
    """The class teacher, who has just been asked for the sheet."""
    async with colleague(county, "class_teacher", request.param, monkeypatch) as found:
        await county.to("2026-11-02 08:31")
        await found.expects("三(2)班", "人")
        yield found


@pytest.fixture(params=LINES)
async def village(request: pytest.FixtureRequest, county: County, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Colleague]:
    """The village committee, which has just been asked to visit the home."""
    async with colleague(county, "village_committee", request.param, monkeypatch) as found:
        await county.to("2026-11-02 08:31")
        await county.phones["class_teacher"].replies("21")
        await county.after_outage("2026-11-03 12:01")
        await found.expects("家访")
        yield found


async def sheet(county: County) -> tuple[str, set[int]]:
    """(state, seats of who is absent)."""
    async with county.database.session() as session:
        state = (await session.scalars(select(AttendanceSheet.state))).one()
        away = set(await session.scalars(select(Absence.student_id).where(Absence.state.in_(("absent", "excused")))))
    return state, {seat for seat, name in ((21, "马小龙"), (22, "马小虎")) if county.students[name] in away}


async def alarm(county: County) -> str:
    """The state of the principal's task about a danger."""
    (state,) = {task.state for task in await county.tasks() if task.kind == "safety" and task.role == "principal"}
    return state


async def test_all_present_by_one_press_and_then_a_correction(teacher: Colleague) -> None:
    await teacher.presses("0")
    assert await sheet(teacher.county) == ("answered", set())
    await teacher.replies("21 22没来")
    await teacher.expects("马小龙", "马小虎")
    await teacher.replies("21 到了")
    assert await sheet(teacher.county) == ("answered", {22})


async def test_a_name_that_sounds_alike_is_asked_back_across_a_restart(teacher: Colleague) -> None:
    await teacher.replies("马晓龙病，22")
    await teacher.expects("1马小龙(21号)")
    assert await sheet(teacher.county) == ("asked", set())
    teacher.county.restarts()
    await teacher.presses("1")
    await teacher.expects("马小龙")
    assert await sheet(teacher.county) == ("answered", {21, 22})


async def test_danger_on_the_way_is_told_and_the_sheet_goes_on(teacher: Colleague) -> None:
    """Out of order: something more urgent comes between the question and its answer, and the answer twice."""
    await teacher.replies("马小龙被人打了，不敢回家")
    await teacher.county.phones["county_officer"].expects("安全")
    await teacher.replies("22")
    await teacher.replies("22")
    await teacher.expects("马小虎")
    assert await sheet(teacher.county) == ("answered", {21, 22})


async def test_a_sheet_that_comes_late_counts_for_its_day(teacher: Colleague) -> None:
    await teacher.county.to("2026-11-02 20:00")
    await teacher.replies("21")
    await teacher.expects("马小龙")
    assert (await sheet(teacher.county))[1] == {21}


async def test_a_later_leave_and_a_stand_in(teacher: Colleague) -> None:
    await teacher.county.staff("principal", key="vice", name="牟秀兰")
    await teacher.replies("21明天请假")
    await teacher.expects("马小龙11月3日")
    await teacher.replies("周三由牟秀兰代我点名")
    await teacher.expects("11月4日", "牟秀兰")
    async with teacher.county.database.session() as session:
        assert [str(one.starts_on) for one in await session.scalars(select(Leave))] == ["2026-11-03"]
        assert [str(one.starts_on) for one in await session.scalars(select(StandIn))] == ["2026-11-04"]


async def test_a_visit_is_received_asked_about_and_done_across_a_restart(village: Colleague) -> None:
    await village.presses("1")
    assert (await village.county.task("home_visit")).state == "acknowledged"
    await village.replies("3 见到奶奶")
    await village.expects("见到谁")
    village.county.restarts()
    await village.replies("说娃在兰州打工，周五回来")
    await village.expects("办好了")
    await village.replies("3 见到奶奶")
    await village.expects("没有待办")
    async with village.county.database.session() as session:
        assert [visit.found for visit in await session.scalars(select(Visit))] == [["grandparents"]]


async def test_every_order_that_needs_no_task(village: Colleague) -> None:
    number = (await village.county.case("马小龙")).number
    for order, *words in (("我的", "家访"), (f"查 {number}", number), ("帮助", "我的"), ("回来了", "没办成")):
        await village.replies(order)
        await village.expects(*words)


async def test_postponing_and_handing_over(village: Colleague) -> None:
    await village.county.staff("village_committee", key="first", name="牟文书")
    await village.county.staff("village_committee", key="second", name="牟文秀")
    await village.replies("4 延到周五")
    await village.expects("理由")
    await village.replies("4 延到周五，路不通")
    await village.expects("11月6日")
    await village.replies("2 牟主任")
    await village.expects("1牟文书", "2牟文秀")
    await village.replies("马小虎被人打了，不敢回家")
    await village.county.phones["county_officer"].expects("紧急")
    village.county.restarts()
    await village.replies("2")
    await village.county.phones["second"].expects("家访")
    await village.county.stage.advance(minutes=6)  # no more than five answers in five minutes
    await village.replies("2")
    await village.expects("没有待办")


@pytest.mark.parametrize("line", LINES)
async def test_an_alert_of_danger_between_a_question_back_and_its_number(
    line: str, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number might be the alert's answer, so the question is put again; then the number picks. The alert is still open."""
    async with colleague(county, "principal", line, monkeypatch) as principal:
        await county.to("2026-11-02 08:31")
        await county.phones["class_teacher"].replies("21")
        await county.phones["father"].expects("小龙")
        await county.phones["father"].replies("没钱交伙食费")
        await principal.expects("资助")
        for key, name in (("first", "牟文书"), ("second", "牟文秀")):
            await county.staff("principal", key=key, name=name)
        await principal.replies("2 牟主任")
        await principal.expects("1牟文书", "2牟文秀")
        await county.phones["class_teacher"].replies("马小虎被人打了，不敢回家")
        await principal.expects("紧急", "小虎")
        county.restarts()
        await principal.replies("2")
        await principal.expects("1牟文书", "2牟文秀")
        assert not [text for text in await county.phones["second"].new() if "资助" in text]
        await principal.replies("2")
        await county.phones["second"].expects("资助")
        assert await alarm(county) == "open"
        await principal.presses("1")
        assert await alarm(county) == "acknowledged"


@pytest.mark.parametrize("line", LINES)
async def test_a_number_that_may_answer_the_one_alert_is_not_guessed(line: str, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is owed when the stand-in is asked back for: then "1" may be the colleague or "have it"."""
    async with colleague(county, "principal", line, monkeypatch) as principal:
        for key, name in (("first", "牟文书"), ("second", "牟文秀")):
            await county.staff("principal", key=key, name=name)
        await county.to("2026-11-02 08:31")
        await principal.replies("请假到周五，由牟主任代")
        await principal.expects("1牟文书", "2牟文秀")
        await county.phones["class_teacher"].replies("马小虎被人打了，不敢回家")
        await principal.expects("紧急", "小虎")
        await principal.replies("1")
        await principal.expects("1牟文书", "2牟文秀")
        assert await alarm(county) == "open"
        await principal.replies("2")
        await principal.expects("牟文秀")


async def test_away_with_a_stand_in_and_back_early(village: Colleague) -> None:
    await village.county.staff("village_committee", key="first", name="牟文书")
    await village.replies("请假到周五，由牟文书代")
    await village.expects("牟文书")
    await village.county.phones["first"].expects("家访")
    await village.replies("回来了")
    await village.replies("我的")
    await village.expects("家访")


@pytest.mark.parametrize("line", LINES)
async def test_the_school_is_closed_and_opened_again(line: str, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    async with colleague(county, "principal", line, monkeypatch) as principal:
        await principal.replies("停课 11月4日 大雪")
        await principal.expects("停课", "11月4日")
        await principal.replies("撤销")
        await principal.expects("11月4日")
        async with county.database.session() as session:
            assert len((await session.scalars(select(Closure))).all()) == 1
        await county.to("2026-11-04 08:31")
        await county.phones["class_teacher"].expects("三(2)班")


@pytest.mark.parametrize("line", LINES)
async def test_a_referral_needs_a_second_confirmation(line: str, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    async with colleague(county, "leading_group", line, monkeypatch) as group:
        await county.to("2026-11-02 08:31")
        await county.phones["class_teacher"].replies("21")
        for day, signer in (("2026-11-05 12:01", "township_officer"), ("2026-11-13 12:01", "township_head")):
            await county.to(day)
            await county.phones[signer].replies(f"{(await county.task('issue_notice')).code} 3")
            await county.phones["father"].replies("1")
        await county.to("2026-11-21 12:01")
        await group.replies(f"{(await county.task('decide_measures')).code} 3 移送人社 疑似在外务工")
        approval = await county.task("approve_referral")
        await group.replies(f"{approval.code} 同意")
        await group.expects("确认")
        assert (await county.case("马小龙")).level == 6
        await group.replies(f"{approval.code} 确认")
        assert (await county.case("马小龙")).level == 7
