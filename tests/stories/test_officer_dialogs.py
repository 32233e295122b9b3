"""What officers write while driving to a village: names, leaves, visits, postponing, and what is wrong with it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cases.casework import lock_case
from cases.referrals import propose_referral
from storage.tables import StandIn, Task, TaskHolder, Visit
from storage.work import working
from tests.stories.county import County, local
from tests.stories.staff import at_the_third_level


@pytest.fixture
async def asked(county: County) -> County:
    return await at_the_third_level(county)


async def holders_of(county: County, kind: str) -> set[int]:
    async with county.database.session() as session:
        return set(await session.scalars(select(TaskHolder.person_id).join(Task).where(Task.kind == kind, TaskHolder.until.is_(None))))


async def holders_of_task(county: County, task_id: int) -> set[int]:
    async with county.database.session() as session:
        return set(await session.scalars(select(TaskHolder.person_id).where(TaskHolder.task_id == task_id, TaskHolder.until.is_(None))))


async def states_of(county: County, code: str) -> list[str]:
    async with county.database.session() as session:
        return list(await session.scalars(select(Task.state).where(Task.code == code)))


async def test_a_visit_says_whom_they_found_and_is_asked_once_for_the_outcome(asked: County) -> None:
    village = asked.phones["village_committee"]
    await village.replies("3 见到奶奶")
    await village.expects("见到谁", "孩子在哪")
    assert (await asked.task("home_visit")).state == "open"
    await village.replies("说娃在兰州打工，周五回来")
    await village.expects("办好了")
    async with asked.database.session() as session:
        visit = (await session.scalars(select(Visit))).one()
    assert (visit.found, visit.said, str(visit.expected_on)) == (["grandparents"], "娃在兰州打工，周五回来", "2026-11-06")
    await village.replies("3 见到奶奶")
    await village.expects("没有待办")


async def test_bad_answers_change_nothing_and_get_one_sentence(asked: County) -> None:
    village, visit = asked.phones["village_committee"], await asked.task("home_visit")
    theirs = (await asked.task("principal_contact")).code
    for text, words in (
        ("3", "写明情况"),
        (f"{theirs} 1", "没有编号"),
        ("Z9 3 见到家长，明天来", "没有编号"),
        ("4 延到周五", "写理由"),
        ("4 延到上周五 路不通", "已经过了"),
        ("4 延到12月30号 路不通", "最多延5个"),
        ("2", "转给谁"),
        ("2 钱镇长", "不在您的责任范围"),
        ("2 李逍遥", "没有找到"),
        ("请假到昨天，由马主任代", "已经过了"),
        ("请假到周五", "由谁代"),
        ("回来了", "没有请假"),
        ("查 99999", "没有查到"),
        (f"{visit.code} 回复 您好", "没有来信"),
    ):
        await village.replies(text)
        await village.expects("没办成", words)
        await asked.stage.advance(minutes=6)
    after = await asked.task("home_visit")
    assert (after.state, after.postponed, after.due_at) == (visit.state, 0, visit.due_at)
    await village.replies(f"{visit.code} 3 家里没人，邻居说去兰州了")
    await village.expects("办好了")
    await village.replies(f"{visit.code} 3 家里没人")
    await village.expects("已经办结")


async def test_a_task_is_put_off_so_often_and_no_more(asked: County) -> None:
    village = asked.phones["village_committee"]
    for day in ("周五", "下周一"):
        await village.replies(f"4 延到{day}，道路不通")
        await village.expects("延到")
    await village.replies("4 延到下周二，道路不通")
    await village.expects("已延过2次")
    task = await asked.task("home_visit")
    assert (task.due_at, task.postponed_reason) == (local("2026-11-09 18:00"), "道路不通")


async def test_a_name_that_only_sounds_alike_is_asked_back_with_numbers(asked: County) -> None:
    await asked.staff("village_committee", key="deputy", name="马海龙")
    await asked.staff("village_committee", key="clerk", name="马海林")
    village = asked.phones["village_committee"]
    await village.replies("2 马海隆")
    text = await village.expects("哪位", "1", "马海龙", "村委会")
    await village.replies(text[text.index("马海龙") - 1])
    await village.expects("已转给马海龙")
    assert await holders_of(asked, "home_visit") == {asked.people["deputy"]}
    await asked.phones["deputy"].expects("家访")


async def test_a_leave_ends_early_and_what_was_handed_over_comes_back(asked: County) -> None:
    await asked.staff("principal", key="vice", name="牟副校长")
    principal = asked.phones["principal"]
    await principal.replies("请假到周五，由牟副校长代")
    await principal.replies("请假到周五，由牟副校长代")  # twice
    await principal.expects("请假到11月6日")
    assert await holders_of(asked, "principal_contact") == {asked.people["vice"]}
    await principal.replies("回来了")
    await principal.expects("欢迎回来")
    assert asked.people["principal"] in await holders_of(asked, "principal_contact")
    async with asked.database.session() as session:
        ends = list(await session.scalars(select(StandIn.ends_on)))
    assert all(str(end) < "2026-11-03" for end in ends)


async def test_a_leave_to_come_begins_on_its_first_day(asked: County) -> None:
    """Until then the officer holds what they hold; an outage on that morning changes nothing of it."""
    await asked.staff("principal", key="vice", name="牟副校长")
    principal, vice, task = asked.phones["principal"], asked.phones["vice"], (await asked.task("principal_contact")).id
    await principal.replies("请假11月5日到11月9日，由牟副校长代")
    await principal.expects("11月5日至11月9日", "牟副校长", "11月5日再转")
    assert (await holders_of(asked, "principal_contact")) == {asked.people["principal"]}
    await vice.expects_nothing()
    await asked.to("2026-11-04 18:00")
    assert asked.people["principal"] in await holders_of_task(asked, task)
    await asked.after_outage("2026-11-06 08:00")
    assert {asked.people["principal"], asked.people["vice"]} & await holders_of_task(asked, task) == {asked.people["vice"]}
    await vice.expects("小龙")


@pytest.mark.parametrize(
    ("text", "first", "last", "said"),
    [
        ("明天请假，由牟副校长代", "2026-11-04", "2026-11-04", "11月4日请假"),
        ("12月1日到3日请假，由牟副校长代", "2026-12-01", "2026-12-03", "12月1日至12月3日"),
        ("请假到周五，牟副校长代", "2026-11-03", "2026-11-06", "请假到11月6日"),
        ("11.9-11.11外出培训，请牟副校长代", "2026-11-09", "2026-11-11", "11月9日至11月11日"),
    ],
)
async def test_a_leave_is_understood_as_it_is_written(asked: County, text: str, first: str, last: str, said: str) -> None:
    await asked.staff("principal", key="vice", name="牟副校长")
    await asked.phones["principal"].replies(text)
    await asked.phones["principal"].expects(said, "牟副校长")
    async with asked.database.session() as session:
        leave = (await session.scalars(select(StandIn))).one()
    assert (str(leave.starts_on), str(leave.ends_on)) == (first, last)


async def test_a_later_leave_stands_beside_one_that_is_running(asked: County) -> None:
    await asked.staff("principal", key="vice", name="牟副校长")
    principal = asked.phones["principal"]
    for text in ("12月1日到3日请假，由牟副校长代", "请假到周五，由牟副校长代"):
        await principal.replies(text)
        await principal.expects("已记下", "牟副校长")
    async with asked.database.session() as session:
        days = {(str(one.starts_on), str(one.ends_on)) for one in await session.scalars(select(StandIn))}
    assert days == {("2026-11-03", "2026-11-06"), ("2026-12-01", "2026-12-03")}


async def test_nobody_of_a_school_stands_in_for_the_county(asked: County) -> None:
    county_officer = asked.phones["county_officer"]
    await county_officer.replies("请假到周五，由王校长代")
    await county_officer.expects("学校的同志不能代理")


async def test_a_case_is_shown_to_its_own_school_only(asked: County) -> None:
    number = (await asked.case("马小龙")).number
    await asked.phones["township_officer"].replies(f"查 {number[-5:]}")
    await asked.phones["township_officer"].expects(number)
    await asked.phones["department_liaison"].replies(f"查 {number}")
    await asked.phones["department_liaison"].expects("没有查到")


async def test_the_week_is_summed_up_once(asked: County) -> None:
    await asked.after_outage("2026-11-06 16:29")
    head = asked.phones["township_head"]
    await head.new()
    await asked.to("2026-11-06 16:35")
    await head.expects("本周锁南镇", "新立1件", "在办1件", "过期")
    await asked.to("2026-11-06 17:30")
    assert not [text for text in await head.new() if "本周" in text]


async def test_a_refused_referral_needs_its_reason_and_a_late_yes_is_asked_again(asked: County) -> None:
    async with working(asked.database, await asked.stage.now()) as work:
        case = await lock_case(work, (await asked.case("马小龙")).id)
        await propose_referral(work, case, department="human_resources", by=asked.people["county_officer"], reason="两次通知未返校")
    await asked.stage.settle()
    group, task = asked.phones["leading_group"], await asked.task("approve_referral")
    await group.replies(f"{task.code} 确认")
    await group.expects("没有等您确认")
    await group.replies(f"{task.code} 同意")
    await group.expects("再确认一次")
    await asked.stage.advance(minutes=61)
    await group.replies(f"{task.code} 确认")
    await group.expects("没有等您确认")
    await group.replies(f"{task.code} 不同意")
    await group.expects("写明理由")
    await group.replies(f"{task.code} 不同意 材料不全")
    await group.expects("办好了")
    assert (await asked.task("approve_referral")).state == "done"
    assert (await asked.case("马小龙")).level < 7


async def test_a_second_word_counts_after_a_restart_and_when_it_is_handled_late(asked: County) -> None:
    async with working(asked.database, await asked.stage.now()) as work:
        case = await lock_case(work, (await asked.case("马小龙")).id)
        await propose_referral(work, case, department="human_resources", by=asked.people["county_officer"], reason="两次通知未返校")
    await asked.stage.settle()
    group, task = asked.phones["leading_group"], await asked.task("approve_referral")
    await group.replies(f"{task.code} 3 同意")
    await group.expects("再确认一次")
    asked.restarts()
    await asked.receive(group.number, f"{task.code} 确认")  # written within the hour, and read much later
    await asked.after_outage("2026-11-03 15:30")
    assert (await asked.case("马小龙")).level == 7
    await asked.phones["department_liaison"].expects("依法处理")


async def test_a_question_back_is_interrupted_by_an_alarm_and_put_again_before_a_number_counts(asked: County) -> None:
    await asked.staff("principal", key="deputy", name="王海龙")
    await asked.staff("principal", key="vice", name="王海林")
    principal = asked.phones["principal"]
    await principal.replies("2 王海隆")
    await principal.expects("哪位")
    await asked.phones["father"].replies("孩子失踪了")
    alarm = await principal.expects("安全")
    await principal.replies("1")
    again = await principal.expects("哪位", "要答刚才的")
    code = again.partition("要答刚才的")[2][:2]
    assert code in alarm
    assert f"如：{code} 1" in again
    assert asked.people["principal"] in await holders_of(asked, "principal_contact")
    await principal.replies("1")
    assert asked.people["principal"] not in await holders_of(asked, "principal_contact")
    assert await states_of(asked, code) == ["open"]
    await principal.replies(f"{code} 1")
    assert await states_of(asked, code) == ["acknowledged"]


async def test_an_account_that_is_completed_after_a_restart_counts_once(asked: County) -> None:
    village = asked.phones["village_committee"]
    await village.replies("3 去了")
    await village.expects("见到谁")
    asked.restarts()
    await village.replies("见到爷爷，娃在广东他爸那里")
    await village.replies("见到爷爷，娃在广东他爸那里")
    async with asked.database.session() as session:
        visits = list(await session.scalars(select(Visit)))
    assert [(visit.found, visit.said) for visit in visits] == [(["grandparents"], "娃在广东他爸那里")]


async def visits_of(county: County) -> list[tuple[list[str], str, str | None]]:
    async with county.database.session() as session:
        found = (await session.scalars(select(Visit).order_by(Visit.id))).all()
    return [(one.found, one.said, str(one.expected_on) if one.expected_on else None) for one in found]


async def test_nobody_at_home_and_again_tomorrow_is_no_end(asked: County) -> None:
    village = asked.phones["village_committee"]
    for text in ("3 家里没人，明天再去", "没见到人，后天再去"):
        await village.replies(text)
        await village.expects("家里没人", "再去后请再报")
    assert (await asked.task("home_visit")).state == "open"
    assert await visits_of(asked) == [(["nobody"], "家里没人，明天再去", None), (["nobody"], "没见到人，后天再去", None)]
    await village.replies("3 见到妈妈，说没钱交饭费，周五送娃上学")
    await village.expects("办好了")
    assert (await visits_of(asked))[2:] == [(["parents"], "没钱交饭费，周五送娃上学", "2026-11-06")]


async def test_nobody_at_home_is_asked_once_what_comes_next(asked: County) -> None:
    village = asked.phones["village_committee"]
    await village.replies("3 家里没人")
    await village.expects("问过邻居吗")
    await village.replies("明天再去")
    await village.expects("再去后请再报")
    assert (await asked.task("home_visit")).state == "open"
    await village.replies("3 锁着门")
    await village.expects("问过邻居吗")
    await village.replies("问不到")
    await village.expects("办好了")


async def test_what_is_told_after_a_visit_was_done_is_added_to_it(asked: County) -> None:
    village, code = asked.phones["village_committee"], (await asked.task("home_visit")).code
    await village.replies("3 家里没人，邻居说去兰州了")
    await village.expects("办好了")
    await village.replies(f"{code} 3 见到妈妈，说没钱交饭费，娃想上学")
    await village.expects("补记下了")
    await village.replies("见到爷爷，说下周一送娃到校")
    await village.expects("补记下了")
    await village.replies("3 见到爷爷，说下周一送娃到校")  # said before
    await village.expects("没有待办")
    assert [said for _, said, _ in await visits_of(asked)] == ["家里没人，去兰州了", "没钱交饭费，娃想上学", "下周一送娃到校"]
    assert not [task for task in await asked.tasks() if task.kind.startswith("triage")]
    await asked.after_outage("2026-11-11 09:00")
    await village.replies(f"{code} 3 见到奶奶，说娃在广东")
    await village.expects("已经办结")
