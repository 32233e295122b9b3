"""A school's month in reports: prepared, confirmed or corrected, signed, summed, late, and after an outage, all by message."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import Event, Report, ReportVersion, Student
from tests.stories.county import PLAN, County

MONTHLY = "\n".join(line for line in PLAN.splitlines() if not line.startswith("    weekly: "))
"""Without the weekly count."""


async def reports(county: County, kind: str = "monthly") -> dict[str, Report]:
    """By level."""
    async with county.database.session() as session:
        return {report.of: report for report in await session.scalars(select(Report).where(Report.kind == kind).order_by(Report.id))}


async def versions(county: County, of: str, kind: str = "monthly") -> list[ReportVersion]:
    report = (await reports(county, kind))[of]
    async with county.database.session() as session:
        query = select(ReportVersion).where(ReportVersion.report_id == report.id).order_by(ReportVersion.version)
        return list(await session.scalars(query))


def numbers(facts: dict[str, int] | None) -> tuple[int, int, int] | None:
    return (facts["of_age"], facts["suspected"], facts["dropout"]) if facts else None


@pytest.fixture
async def month_end(county: County) -> County:
    """Monday 30 November, 15:00: one child of six has been away for four school days."""
    await county.begin("2026-11-24 07:00", plan=MONTHLY)
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-25 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-30 15:01")
    return county


async def test_a_month_is_confirmed_signed_and_summed(month_end: County) -> None:
    officer, principal = month_end.phones["attendance_officer"], month_end.phones["principal"]
    await officer.expects("中心小学2026年11月控辍保学月报", "适龄6人", "疑似辍学1人", "辍学0人", "12月3日")
    code = (await month_end.task("confirm_report")).code
    await officer.replies("名单")
    await officer.expects("疑似辍学：马小龙", "辍学：无")
    await officer.replies("确认")
    await officer.expects("已记下", "已送负责人签字")
    await principal.expects("已由张专干核对", "疑似辍学1人", "签字")
    await officer.replies(f"{code} 确认")
    await officer.expects("没办成", "已经办结")
    await principal.replies("签字")
    await principal.expects("以您的名义签字", "60分钟内")
    assert (await reports(month_end))["school"].state == "confirmed"
    await principal.replies("确认")
    await principal.expects("已上报")
    await principal.replies("签字")  # twice
    await principal.expects("没办成")
    await month_end.phones["township_officer"].expects("锁南镇2026年11月控辍保学月报汇总", "1个单位已报1个", "疑似辍学1人")
    await month_end.phones["township_officer"].replies("确认")
    await month_end.phones["county_officer"].expects("东乡族自治县2026年11月控辍保学月报汇总", "1个单位已报1个")
    await month_end.phones["county_officer"].replies("确认")
    assert {one.state for one in (await reports(month_end)).values()} == {"submitted"}
    (school,) = await versions(month_end, "school")
    assert (school.confirmed_by, school.signed_by) == (month_end.people["attendance_officer"], month_end.people["principal"])
    assert school.children["suspected"] == [month_end.students["马小龙"]]
    assert len(school.children["of_age"]) == 6


async def test_a_correction_needs_a_reason_and_keeps_the_computed_number(month_end: County) -> None:
    officer = month_end.phones["attendance_officer"]
    await officer.replies("疑似 0 辍学 0")
    await officer.expects("没办成", "请写理由")
    await officer.replies("疑似 5 辍学 3 因为多报")
    await officer.expects("没办成", "不能超过适龄")
    await officer.replies("12月月报 疑似 0 因为小龙已返校")
    await officer.expects("没办成", "还没有到")
    assert (await versions(month_end, "school"))[0].stated is None
    await officer.replies("疑似0 辍学0 因为小龙今天已返校")
    await month_end.phones["principal"].expects("疑似辍学0人", "更正系统数：疑似1改为0（小龙今天已返校）")
    (version,) = await versions(month_end, "school")
    assert (numbers(version.computed), numbers(version.stated), version.reasons) == ((6, 1, 0), (6, 0, 0), {"suspected": "小龙今天已返校"})


async def test_each_number_that_is_corrected_says_why(month_end: County) -> None:
    officer = month_end.phones["attendance_officer"]
    await officer.replies("适龄 7 因为小虎刚转来 疑似 0 辍学 1")
    await officer.expects("没办成", "请写理由")
    await officer.replies("适龄 7 因为小虎刚转来，疑似 0 辍学 1 因为小龙已外出，原来疑似 1 人")
    await month_end.phones["principal"].expects(
        "适龄7人", "更正系统数：适龄6改为7（小虎刚转来）；疑似1改为0、辍学0改为1（小龙已外出,原来疑似 1 人）"
    )
    (version,) = await versions(month_end, "school")
    assert (numbers(version.stated), set(version.reasons)) == ((7, 0, 1), {"of_age", "suspected", "dropout"})


async def test_a_count_that_is_no_longer_true_is_said_so_and_counted_anew(month_end: County) -> None:
    officer, principal = month_end.phones["attendance_officer"], month_end.phones["principal"]
    await officer.expects("疑似辍学1人")
    await officer.replies("重新统计")
    await officer.expects("没办成", "没有变动")
    async with month_end.database.session() as session, session.begin():
        leaver = await session.get_one(Student, month_end.students["同学0"])
        leaver.status = "moved_abroad"
    await month_end.after_outage("2026-12-02 09:01")
    await officer.expects("统计后适龄6改为5")
    await officer.replies("确认")
    await officer.expects("适龄6人", "统计后适龄6改为5", "重新统计")
    await principal.expects("适龄6人", "统计后适龄6改为5")
    await principal.replies("重新统计")
    await principal.expects("已重新统计：适龄5人", "已请张专干重新核对")
    await officer.expects("有变动", "现为适龄5人")
    due = (await reports(month_end))["school"].due_at
    await officer.replies("确认")
    for word in ("签字", "确认"):
        await principal.replies(word)
    found = await versions(month_end, "school")
    assert [(one.version, numbers(one.stated), one.signed_by is not None) for one in found] == [(1, (6, 1, 0), False), (2, (5, 1, 0), True)]
    assert due == (await reports(month_end))["school"].first_due_at  # counting anew wins no time


async def test_the_principal_sends_it_back(month_end: County) -> None:
    officer, principal = month_end.phones["attendance_officer"], month_end.phones["principal"]
    await officer.replies("确认")
    await principal.replies("退回")
    await principal.expects("没办成", "理由")
    await principal.replies("退回 小龙已经回来了")
    await principal.expects("已退回")
    await officer.expects("被退回", "小龙已经回来了")
    await officer.replies("疑似 0 因为小龙已返校")
    await principal.replies("签字")
    await principal.replies("确认")
    found = await versions(month_end, "school")
    assert [(one.version, one.returned_by is not None, one.signed_by is not None) for one in found] == [(1, True, False), (2, False, True)]


async def signed(county: County) -> None:
    await county.phones["attendance_officer"].replies("确认")
    for word in ("签字", "确认"):
        await county.phones["principal"].replies(word)
    await county.phones["township_officer"].replies("确认")


async def test_a_correction_after_the_signature_is_a_new_version_and_those_above_hear_of_it(month_end: County) -> None:
    await signed(month_end)
    officer, township = month_end.phones["attendance_officer"], month_end.phones["township_officer"]
    await township.new()
    await officer.replies("更正月报 疑似 0 因为小龙周一已返校")
    await month_end.phones["principal"].expects("疑似辍学0人", "小龙周一已返校")
    assert numbers((await versions(month_end, "township"))[-1].stated) == (6, 1, 0)  # until it is signed, the old number counts
    for word in ("签字", "确认"):
        await month_end.phones["principal"].replies(word)
    await month_end.stage.advance(minutes=20)
    await township.expects("锁南镇2026年11月控辍保学月报有变动", "疑似1改为0")
    await township.replies("确认")
    first, second = await versions(month_end, "school")
    assert (numbers(first.stated), numbers(second.stated)) == ((6, 1, 0), (6, 0, 0))
    assert first.signed_at is not None
    assert [numbers(one.stated) for one in await versions(month_end, "township")] == [(6, 1, 0), (6, 0, 0)]
    assert numbers((await versions(month_end, "county"))[-1].computed) == (6, 0, 0)


async def test_what_is_late_is_asked_for_and_climbs(month_end: County) -> None:
    officer = month_end.phones["attendance_officer"]
    await officer.expects("月报")
    await month_end.after_outage("2026-12-02 09:01")
    await officer.expects("月报", "12月3日")
    await month_end.after_outage("2026-12-04 09:01")
    await officer.expects("还没有收到")
    await month_end.after_outage("2026-12-07 09:01")
    await month_end.phones["principal"].expects("还没有收到", "张专干", "请督促")
    await month_end.after_outage("2026-12-07 18:01")
    await month_end.after_outage("2026-12-09 09:01")
    await month_end.phones["township_officer"].expects("还没有收到", "请督促")
    await officer.replies("确认")
    await month_end.phones["principal"].replies("签字")
    await month_end.phones["principal"].replies("确认")
    assert (await reports(month_end))["school"].state == "submitted"


async def test_a_sum_names_who_is_missing_and_takes_up_who_comes_late(month_end: County) -> None:
    township = month_end.phones["township_officer"]
    await month_end.after_outage("2026-12-03 18:01")
    await township.expects("1个单位已报0个", "未报：锁南镇中心小学")
    await township.replies("确认")
    await month_end.phones["attendance_officer"].replies("确认")
    await month_end.phones["principal"].replies("签字")
    await month_end.phones["principal"].replies("确认")
    await month_end.stage.advance(minutes=20)
    await township.expects("有变动", "新报：锁南镇中心小学", "适龄6人")
    assert [numbers(one.computed) for one in await versions(month_end, "township")] == [(0, 0, 0), (6, 1, 0)]


async def test_an_outage_over_the_day_makes_one_report_and_none_of_before_the_product(county: County) -> None:
    await county.begin("2026-11-24 07:00")
    await county.others(6)
    await county.after_outage("2026-12-01 15:01")
    async with county.database.session() as session:
        found = {(one.kind, one.of, str(one.period_start)) for one in await session.scalars(select(Report))}
        prepared = [event.facts["period"] for event in await session.scalars(select(Event).where(Event.action == "reports_prepared"))]
    assert found == {("weekly", "school", "2026-11-23"), *(("monthly", of, "2026-11-01") for of in ("school", "township", "county"))}
    assert sorted(prepared) == ["2026-11-01", "2026-11-23"]
    officer = county.phones["attendance_officer"]
    week = await officer.expects("2026年第48周控辍周报")
    await officer.replies("确认")  # two are open
    await officer.expects("核对上报表", "前加代号")
    await officer.replies(f"{week[week.index('无误回 ') + 4 :][:2]} 疑似 0 辍学 0")
    await officer.expects("第48周控辍周报", "已上报")
    await officer.replies("确认")
    await officer.expects("月报", "已送负责人签字")
