"""Words behind a task's code that are no command: they change nothing, or are progress; an account is the result."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import Event, Visit
from tests.stories.county import County
from tests.stories.staff import at_the_third_level


@pytest.fixture
async def asked(county: County) -> County:
    return await at_the_third_level(county)


async def test_no_alarm_about_a_child_is_ended_by_a_question_or_by_setting_out(asked: County) -> None:
    principal = asked.phones["principal"]
    await asked.phones["father"].replies("娃不见了，一晚上没回来")
    code = next(task.code for task in await asked.tasks() if task.kind == "safety" and task.role == "principal")
    for words in ("哪个娃？", "谁报的", "3 还没办", "3 联系不上", "确认"):
        await principal.replies(f"{code} {words}")
        await principal.expects("未作改动", "小龙", f"{code} 看")
        await asked.stage.advance(minutes=6)
    for words in ("电话没人接，正在去他家路上", "已联系家长，正在去他家路上"):
        await principal.replies(f"{code} {words}")
        await principal.expects("由您办", f"{code} 3 加办理情况")
    assert not [one.body for one in await principal.inbox() if code in one.body and "4延" in one.body]  # no alarm is put off
    states = {task.role: task.state for task in await asked.tasks("open", "acknowledged", "done") if task.kind == "safety"}
    assert states["principal"] == "acknowledged"
    await principal.replies(f"{code} 3 找到了，在奶奶家")
    await principal.expects("办好了")


async def test_what_nobody_can_read_ends_no_task_and_an_account_does(asked: County) -> None:
    principal, village = asked.phones["principal"], asked.phones["village_committee"]
    contact, visit = await asked.task("principal_contact"), await asked.task("home_visit")
    for words in ("这是哪个娃", "我办不了", "5", "3 还没联系上", "1 延期到周五", "2 13812345678"):
        await principal.replies(f"{contact.code} {words}")
        await principal.expects("未作改动", "1收到 2转给谁 3已办加结果 4延到某日加理由")
        await asked.stage.advance(minutes=6)
    for words in ("这是哪个娃", "我办不了"):
        await village.replies(f"{visit.code} {words}")
        await village.expects("未作改动")
    async with asked.database.session() as session:
        assert list(await session.scalars(select(Visit))) == []
        told = set(await session.scalars(select(Event.action).where(Event.subject == f"task:{contact.id}")))
    assert ((await asked.task("principal_contact")).state, (await asked.task("home_visit")).state) == ("open", "open")
    assert not told & {"task_acknowledged", "task_progressed", "task_done"}
    await village.replies(f"{visit.code} 延到周五，路不通")
    await village.expects("延到")
    await village.replies(f"{visit.code} 家里没人，邻居说去兰州了")
    await village.expects("办好了")
    await principal.replies(f"{contact.code} 联系上了，孩子发烧，周一来")
    await principal.expects("办好了")


async def test_what_an_answer_lacked_comes_with_the_next_text(asked: County) -> None:
    """ "4" lacks its day and "3" its result: whoever is asked for it need not write the code again."""
    village, principal = asked.phones["village_committee"], asked.phones["principal"]
    await village.replies("4")
    await village.expects("请写明延到哪天")
    await village.replies("到后天")
    await village.expects("没办成", "理由")  # the plan wants one
    await village.replies("4 后天，雪大路封了")
    await village.expects("延到11月5日")
    code = (await asked.task("home_visit")).code
    await village.replies(f"{code} 3")
    await village.expects("请在后面写明情况")
    await village.replies("见到他奶奶，说下周一送来")
    await village.expects("办好了")
    await principal.replies("3")
    await principal.expects("请在后面写明情况")
    await principal.replies("我正开车呢")
    assert (await asked.task("principal_contact")).state == "open"


async def test_that_a_family_was_spoken_to_is_a_result(asked: County) -> None:
    await asked.phones["principal"].replies("已经给家长打通电话了，说下周一送来")
    await asked.phones["principal"].expects("办好了")


async def test_the_last_step_is_taken_back_and_another_done_instead(asked: County) -> None:
    principal, other = asked.phones["principal"], asked.phones["attendance_officer"]
    code = (await asked.task("principal_contact")).code
    await principal.replies("转给张专干")
    await principal.expects("已转给张专干")
    await other.expects(f"回{code}")
    await principal.replies("不对，4 延到后天，路断了")
    await principal.expects("延到11月5日")
    await other.expects(code, "已收回")
    await principal.replies("更正 5没来")  # of a sheet
    await principal.expects("没看懂")
    await principal.replies("刚才那个不算")
    await principal.expects("已撤回", "还由您办")
    assert (await asked.task("principal_contact")).postponed == 0


async def test_what_is_done_cannot_be_taken_back(asked: County) -> None:
    principal = asked.phones["principal"]
    await principal.replies("3 电话打通，家长答应明天送")
    await principal.expects("办好了")
    await principal.replies("不对，还没办好")
    await principal.expects("不能撤回")
