"""Both children of one father were asked about, each has its answer: what comes then is never put to the wrong child."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import GuardianAnswer, Leave, Message
from tests.stories.county import County, Phone
from tests.stories.families import ask_father
from tests.stories.test_checking_back import answers


@pytest.fixture
async def both(county: County) -> Phone:
    """Xiaolong is ill, Maiyan comes today."""
    father = await ask_father(county, "马小龙", "马麦燕", absent="1 2")
    await father.replies("小龙病了")
    await father.expects("小龙", "生病请假")
    await father.replies("麦燕2")
    await father.expects("麦燕", "11月2日送孩子到校")
    return father


async def test_a_day_that_may_be_either_childs_is_asked_about(county: County, both: Phone) -> None:
    await both.replies("周四")
    await both.expects("哪个孩子", "1小龙 2麦燕")
    assert sorted(await answers(county)) == [("sick", None), ("will_return", "2026-11-02")]
    await both.replies("1")
    await both.expects("小龙", "生病请假", "11月5日到校")
    assert sorted(await answers(county)) == [("sick", "2026-11-05"), ("will_return", "2026-11-02")]
    async with county.database.session() as session:
        standing = select(Leave.ends_on).where(Leave.withdrawn_at.is_(None))
        assert [day.isoformat() for day in await session.scalars(standing)] == ["2026-11-04"]


async def test_the_answer_about_the_named_child_is_taken_back(county: County, both: Phone) -> None:
    await both.replies("小龙不对")
    await both.expects("取消", "小龙")
    assert await answers(county) == [("will_return", "2026-11-02")]


async def test_what_is_said_instead_is_of_the_child_that_was_spoken_of_last(county: County, both: Phone) -> None:
    await both.replies("不对，后天")
    await both.expects("麦燕", "11月4日送孩子到校")
    await both.replies("不对，小龙明天送来")
    await both.expects("小龙", "11月3日送孩子到校")
    async with county.database.session() as session:
        standing = select(GuardianAnswer.student_id, GuardianAnswer.promised_on).where(GuardianAnswer.undone_at.is_(None))
        said = {child: day.isoformat() for child, day in await session.execute(standing)}
    assert said == {county.students["马麦燕"]: "2026-11-04", county.students["马小龙"]: "2026-11-03"}


async def test_both_are_asked_about_again_at_midday_and_called_about_in_the_evening(county: County) -> None:
    """One message asked about both, so neither waits for the other's answer; and one call rings, not two."""
    father = await ask_father(county, "马小龙", "马麦燕", absent="1 2", channels=("simulator", "simulator_voice"))
    await county.to("2026-11-02 13:01")
    await father.expects("小龙", "麦燕", "到现在还没到校")
    await county.to("2026-11-02 18:31")
    await father.expects("小龙", "麦燕", "请按2")
    async with county.database.session() as session:
        calls = (await session.scalars(select(Message).where(Message.channel == "simulator_voice"))).all()
    assert [call.template for call in calls] == ["absence_call_several"]
    await father.replies("2")
    await father.expects("小龙", "麦燕")
    assert await answers(county) == [("will_return", "2026-11-02")] * 2


async def test_what_is_not_answered_keeps_no_other_child_from_being_asked_about(county: County) -> None:
    """Nobody has answered for Xiaolong; on the next morning Maiyan is missing, too. Each question would have waited until it was lost."""
    father = await ask_father(county, "马小龙", "马麦燕", absent="1")
    await county.to("2026-11-03 08:31")
    await county.phones["class_teacher"].replies("1 2")
    await county.to("2026-11-03 10:31")
    await father.expects("麦燕", "今天还没到校")
    await father.replies("3")
    await father.expects("麦燕", "11月4日")
    assert await answers(county) == [("will_return", "2026-11-04")]


async def test_what_is_said_of_all_is_not_taken_for_the_one_that_was_asked_about_further(county: County) -> None:
    """Xiaojun is ill and it was asked until when: "all three come tomorrow" corrects the other two as well."""
    father = await ask_father(county, "马小龙", "马麦燕", "马小军", absent="1 2 3")
    await father.replies("2")
    await father.expects("小龙：11月2日", "麦燕：11月2日", "小军：11月2日")
    await father.replies("不对，小军也发烧着呢")
    await father.expects("小军", "大概哪天")
    await father.replies("三个都明天来")
    await father.expects("小龙：11月3日送孩子到校", "麦燕：11月3日送孩子到校")
    await father.replies("打错了，麦燕后天来")
    await father.expects("麦燕", "11月4日送孩子到校")
    said = sorted(await answers(county))
    assert [day for _, day in said] == ["2026-11-03", "2026-11-03", "2026-11-04"]
