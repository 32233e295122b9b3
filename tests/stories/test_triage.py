"""Texts that the bot cannot read or place: a person answers the sender, or says whose it is; complaints stay away from the school."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from storage.tables import Guardianship, Inbound, Responsibility, Task
from tests.stories.county import County, Phone

STRANGER = "+8613999999999"


@pytest.fixture
async def quiet(county: County) -> County:
    """A Monday morning; the county's officer is there."""
    await county.begin("2026-11-02 09:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("马尔沙", guardians=["uncle"])
    return county


async def strange(county: County, text: str) -> str:
    """A text of a number that nobody knows; gives the code of its task."""
    await county.receive(STRANGER, text)
    await county.stage.settle()
    return (await county.task("triage_unknown")).code


async def test_the_owner_reads_a_text_and_answers_in_the_countys_name(quiet: County) -> None:
    officer, stranger = quiet.phones["county_officer"], Phone(quiet, STRANGER)
    code = await strange(quiet, "请问补助啥时候发，打13812345678找我")
    await stranger.expects("孙科长明天18点前看信答复您")
    await officer.expects("来信待办", f"{code} 回复")
    await officer.replies(f"{code} 看")
    text = await officer.expects("补助啥时候发")
    assert "13812345678" not in text
    for words, refused in (
        (f"{code} 回复", "写明答复"),
        (f"{code} 回复 不送就罚款", "罚款"),
        (f"{code} 回复 请看 www.test.cn", "网址"),
        (f"{code} 回复 {'好' * 121}", "最多120"),
        (f"{code} 回复 依据第五十八条", "法律条文"),
    ):
        await officer.replies(words)
        await officer.expects(refused)
        await quiet.stage.advance(minutes=6)
    await stranger.expects_nothing()
    await officer.replies(f"{code} 回复 您好，补助本周到账，有事请打学校电话")
    await officer.expects("已以教育局名义发给对方")
    await stranger.expects("【东乡县教育局】", "补助本周到账")
    assert (await quiet.task("triage_unknown")).state == "done"
    await officer.replies(f"{code} 回复 您好")
    await officer.expects("已经办结")
    assert len(await stranger.new()) == 0


async def test_an_unknown_sender_becomes_a_guardian_after_a_second_word_and_is_read_again(quiet: County) -> None:
    officer, stranger = quiet.phones["county_officer"], Phone(quiet, STRANGER)
    code = await strange(quiet, "娃感冒了请假到周三")
    await officer.replies(f"{code} 是 马小蛇家长")
    await officer.expects("没有找到这个学生")
    await officer.replies(f"{code} 是 马小龙妈妈")
    await officer.expects("马小龙", "妈妈", f"{code} 确认")
    async with quiet.database.session() as session:
        assert len((await session.scalars(select(Guardianship))).all()) == 2
    await officer.replies(f"{code} 确认")
    await officer.expects("已记入名册")
    async with quiet.database.session() as session:
        mother = (await session.scalars(select(Guardianship).where(Guardianship.relation == "mother"))).one()
        text = (await session.scalars(select(Inbound).where(Inbound.body.startswith("娃感冒")))).one()
    assert (mother.student_id, text.outcome) == (quiet.students["马小龙"], "sick")
    await stranger.expects("生病请假")
    assert not [task for task in await quiet.tasks() if task.kind == "triage_unknown"]


async def test_an_answer_at_night_waits_for_the_morning(quiet: County) -> None:
    officer, stranger = quiet.phones["county_officer"], Phone(quiet, STRANGER)
    code = await strange(quiet, "请问补助啥时候发")
    await stranger.expects("看信答复您")
    await quiet.to("2026-11-02 21:30")
    await officer.replies(f"{code} 回复 您好，补助本周到账")
    await stranger.expects_nothing()
    await quiet.to("2026-11-03 07:05")
    await stranger.expects("补助本周到账")


async def test_an_anonymous_complaint_goes_to_no_school(quiet: County) -> None:
    officer = quiet.phones["county_officer"]
    await Phone(quiet, STRANGER).replies("我要投诉学校乱收费")
    code = (await quiet.task("complaint")).code
    await officer.replies(f"{code} 1")
    assert f"{code} 3" not in await officer.expects("由您办", f"{code} 回复 加是否属实和结果")
    await officer.replies(f"{code} 2 王校长")
    await officer.expects("涉及学校")
    await quiet.to("2026-11-06 08:00")
    texts = [message.body for role in ("principal", "class_teacher") for message in await quiet.phones[role].inbox()]
    assert not [text for text in texts if "来信" in text or "投诉" in text]


async def test_putting_off_never_shortens_what_a_sender_was_promised(quiet: County) -> None:
    await Phone(quiet, STRANGER).replies("我要投诉学校乱收费")
    officer, due = quiet.phones["county_officer"], (await quiet.task("complaint")).due_at
    code, day = (await quiet.task("complaint")).code, f"{due:%-m}月{due:%-d}日"
    await officer.new()
    for text in (f"{code} 4 延到明天，在查", f"{code} 4 延到{day}，在查"):
        await officer.replies(text)
        await officer.expects("没办成", f"期限是{day}", "期限不变")
    task = await quiet.task("complaint")
    assert (task.due_at, task.postponed) == (due, 0)


async def test_a_complaint_does_not_reach_the_school_by_a_substitute_or_a_second_post(quiet: County) -> None:
    """The county's officer also teaches at that school: somebody above takes it."""
    async with quiet.database.session() as session, session.begin():
        session.add(
            Responsibility(
                person_id=quiet.people["county_officer"], role="attendance_officer", area_code="622926100201", school_id=quiet.school_id,
                valid_from=date(2026, 1, 1), substitute_person_id=quiet.people["principal"],
            )
        )  # fmt: skip
    await quiet.phones["father"].replies("我要投诉学校乱收费")
    await quiet.phones["education_head"].expects("受理投诉")
    await quiet.to("2026-11-09 08:00")
    for role in ("county_officer", "principal"):
        assert not [message.body for message in await quiet.phones[role].inbox() if "投诉" in message.body]
    async with quiet.database.session() as session:
        assert (await session.scalars(select(Task.state).where(Task.kind == "complaint"))).all() == ["open"]
