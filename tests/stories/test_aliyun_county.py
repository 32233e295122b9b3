"""A county with Aliyun SMS alone: every message of the story arrives, every answer is heard, and what cannot be said is a person's step."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.rendering.frames import frames
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import Contact, Intent, Message, Sender
from tests.stories.aliyun import AliyunCounty, on_aliyun
from tests.stories.county import Phone

STRANGER = "+8613999999999"
FRAMES = frozenset(frame.id for frame in frames())


@pytest.fixture
async def county(database: Database, web: Database, cipher: Cipher) -> AsyncIterator[AliyunCounty]:
    async with on_aliyun(database, web, cipher) as opened:
        yield opened


async def absent(county: AliyunCounty, *children: str) -> Phone:
    """The teacher says that these children of one father are absent, and he is asked."""
    await county.begin("2026-11-02 07:00")
    for name in children:
        await county.student(name, guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].expects("三(2)班", "全到")
    await county.phones["class_teacher"].replies(" ".join(str(seat) for seat in range(1, len(children) + 1)))
    await county.stage.advance(minutes=6)
    return county.phones["father"]


async def unsaid(county: AliyunCounty) -> list[str]:
    """The templates of what no sender might say to its reader."""
    async with county.database.session() as session:
        return list(await session.scalars(select(Intent.template).where(Intent.state == "unaddressable", Intent.reason == "unsayable")))


def said_by_aliyun(county: AliyunCounty, number: str) -> list[str]:
    """What stands on that phone, as Aliyun has put it together."""
    return [message["Content"] for message in county.aliyun.sent if message["PhoneNum"] == number.removeprefix("+86")]


async def test_two_absences_from_the_sheet_to_the_officers_and_back(county: AliyunCounty) -> None:
    father = await absent(county, "马小龙", "马阿依莎")
    await county.phones["class_teacher"].expects("考勤已收到", "马小龙、马阿依莎")
    await father.expects("小龙", "阿依莎", "没到校", "0930-7120001")
    await county.reports()
    await county.after_outage("2026-11-03 12:01")
    await county.stage.advance(minutes=5)
    principal, village = county.phones["principal"], county.phones["village_committee"]
    await principal.expects("小龙", "阿依莎", "动员返校")
    await village.expects("小龙", "阿依莎", "家访", "（续）")
    await village.replies("我的")
    await village.expects("您的待办", "小龙", "阿依莎")
    number = (await county.case("马小龙")).number
    await principal.replies(f"查 {number}")
    story = await principal.expects(number, "起缺课", "（全文完）")
    assert story in said_by_aliyun(county, principal.number)
    await father.replies("两个都病了，下周一去学校")
    await father.expects("小龙", "阿依莎", "生病请假", "11月9日到校")
    await county.reports()
    assert await unsaid(county) == []
    async with county.database.session() as session:
        messages = list(await session.scalars(select(Message)))
    assert {message.state for message in messages} <= {"delivered", "answered"}
    assert sorted(message.body for message in messages) == sorted(county.aliyun.bodies())


async def test_the_morning_s_list_of_what_is_overdue(county: AliyunCounty) -> None:
    await county.begin("2026-11-02 09:00")
    await county.receive(STRANGER, "请问补助啥时候发")
    await county.receive("+8613999999998", "请问学校在哪")
    await county.stage.settle()
    await county.after_outage("2026-11-05 07:20")
    await county.to("2026-11-05 07:50")
    officer = county.phones["county_officer"]
    await officer.expects("早上好，您的待办2件", "过期2件", "看全部回：我的（全文完）")
    await officer.replies("我的")
    await officer.expects("您的待办", "处理陌生号码来信")
    assert await unsaid(county) == []


async def test_three_children_are_asked_about_in_one_message_that_is_answered_by_a_digit(county: AliyunCounty) -> None:
    father = await absent(county, "马·阿卜杜拉", "马阿依莎", "马尔里")
    await father.expects("三(2)班", "没到校", "1生病请假", "（续）", "（全文完）学校电话0930-7120001")
    await father.replies("都病了，周四送来")
    await father.expects("阿依莎", "尔里", "生病")
    assert await unsaid(county) == []


async def test_a_strangers_long_letter_is_read_and_answered_at_length(county: AliyunCounty) -> None:
    await county.begin("2026-11-02 09:00")
    await county.student("马小龙", guardians=["father"])
    words = "老师你好我是外地打工的，家里老人耳朵背，电话里说不清楚，想问问补助啥时候发到卡上，还有下学期的书本费要不要自己出"
    await county.receive(STRANGER, f"{words}，谢谢")
    await county.stage.settle()
    officer, stranger = county.phones["county_officer"], Phone(county, STRANGER)
    await stranger.expects("孙科长")
    task = await county.task("triage_unknown")
    await officer.expects("来信待办", f"{task.code} 看")
    await officer.replies(f"{task.code} 看")
    assert words in (await officer.expects("来信")).replace("（续）", "")
    await officer.replies(f"{task.code} 回复 您好，义务教育阶段不收学费、杂费，课本也是免费的，补助这个月底前发到卡上，有人要钱请告诉我们")
    await officer.expects("已以教育局名义发给对方")
    assert "课本也是免费的，补助这个月底前发到卡上" in (await stranger.expects("答复您的来信")).replace("（续）", "")


async def test_one_template_that_aliyun_refuses_stops_no_other_and_a_person_passes_it_on(county: AliyunCounty) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    del county.aliyun.templates[county.codes["absence_question"].code]
    await county.stage.advance(minutes=6)
    assert await unsaid(county) == ["absence_question"]
    await county.phones["class_teacher"].expects("转告没有发到的消息", "小龙")
    async with county.database.session() as session:
        assert await session.scalar(select(Sender.state)) == "open"
        assert set(await session.scalars(select(Contact.failures))) == {0}


async def test_without_frames_what_they_would_carry_is_passed_on_by_a_person(database: Database, web: Database, cipher: Cipher) -> None:
    async with on_aliyun(database, web, cipher, without=FRAMES) as county:
        await absent(county, "马小龙")
        await county.to("2026-11-03 12:01")
        await county.phones["principal"].replies(f"查 {(await county.case('马小龙')).number}")
        assert await unsaid(county) == ["officer_case"]
        await county.phones["attendance_officer"].expects("转告没有发到的消息")
