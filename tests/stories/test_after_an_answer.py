"""After a family's answer, or in place of one: who still waits, who is told what, and what a late digit means."""

from __future__ import annotations

import pytest

from tests.stories.county import County, Phone
from tests.stories.families import ask_father
from tests.stories.test_checking_back import answers


@pytest.fixture
async def father(county: County) -> Phone:
    return await ask_father(county, "马小龙", absent="1")


async def test_texts_that_nobody_understands_are_read_together_by_one_person(county: County, father: Phone) -> None:
    for text in ("吭", "哈", "嘿", "呀", "喔", "呃"):
        await father.replies(text)
        await county.stage.advance(minutes=2)
    heard = await father.new()
    assert len([text for text in heard if "没看明白" in text]) == 1
    assert len([text for text in heard if "打电话联系您" in text]) == 2  # handed over, and the first that joins
    assert [task.kind for task in await county.tasks() if task.kind == "triage"] == ["triage"]
    teacher = county.phones["class_teacher"]
    assert len([text for text in await teacher.new() if "人工回复" in text]) == 1
    await teacher.replies(f"{(await county.task('triage')).code} 看")
    await teacher.expects("哈 / 嘿 / 呀 / 喔 / 呃")


@pytest.mark.parametrize("answer", ["5", "3"])
async def test_nobody_waits_for_an_answer_that_is_there(county: County, father: Phone, answer: str) -> None:
    await father.replies(answer)
    await county.to("2026-11-02 18:00")
    assert (await county.task("await_answer")).state == "cancelled"
    for person in ("class_teacher", "attendance_officer"):
        assert not [text for text in await county.phones[person].new() if "等待家长答复" in text or "没有回音" in text]


async def test_the_teacher_waits_again_when_the_answer_is_taken_back(county: County, father: Phone) -> None:
    await father.replies("2")
    assert (await county.task("await_answer")).state == "cancelled"
    await father.replies("不对")
    task = await county.task("await_answer")
    assert (task.state, task.ended_at, task.next_at is not None) == ("open", None, True)
    await father.replies("3")
    assert (await county.task("await_answer")).state == "cancelled"


async def test_the_teacher_reads_what_the_family_said(county: County, father: Phone) -> None:
    """It was promised for today, and the child did not come."""
    await father.replies("2")
    await father.expects("11月2日送孩子到校")
    await county.to("2026-11-02 13:10")
    text = await county.phones["class_teacher"].expects("与家长联系并记录结果", "11月3日")
    assert "会送孩子来" in text
    assert "没有回音" not in text


async def test_a_leave_on_a_later_day_leaves_today_open(county: County, father: Phone) -> None:
    await father.replies("礼拜五请假")
    await father.expects("11月6日起请假，11月9日到校", "今天小龙还没到校", "1生病请假")
    assert (await county.task("await_answer")).state != "cancelled"
    await father.replies("2")
    await father.expects("11月2日送孩子到校")
    assert sorted(await answers(county)) == [("leave", "2026-11-07"), ("will_return", "2026-11-02")]


async def test_a_digit_a_day_later_is_asked_again(county: County, father: Phone) -> None:
    await father.replies("5")
    await father.expects("衣服和书本文具")
    await county.to("2026-11-03 18:00")
    await father.new()
    await father.replies("3")
    await father.expects("衣服和书本文具")
    await father.replies("3")
    await father.expects("校长")
    assert not [task for task in await county.tasks() if task.kind == "triage"]


async def test_a_digit_below_the_reminder_of_a_promise_is_asked_again(county: County, father: Phone) -> None:
    await father.replies("3")
    await father.expects("11月3日送孩子到校")
    await county.to("2026-11-03 07:01")
    await father.expects("早上好")
    await father.replies("1")
    await father.expects("请回数字", "生病请假")
    assert not [task for task in await county.tasks() if task.kind == "triage"]
