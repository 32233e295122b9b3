"""Whoever holds several tasks is told about whom each of them is: when asked, when a digit fits several, and in the morning."""

from __future__ import annotations

import re

import pytest

from bot.rendering import parts
from tests.stories.county import County, local

ABSENT = ("马小龙", "韩阿依莎", "马晓虎", "牟小龙")


@pytest.fixture
async def four_visits(county: County) -> County:
    """Tuesday noon: the village committee has just been asked to visit four families; two of the children are called 小龙."""
    await county.begin("2026-11-02 07:00")
    for number, name in enumerate(ABSENT, start=1):
        await county.student(name, guardians=[f"father{number}"])
    await county.others(16)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("、".join(ABSENT))
    await county.to("2026-11-03 12:10")
    await county.phones["village_committee"].new()
    return county


async def codes(county: County) -> dict[str, str]:
    """Child → code of the visit."""
    names = {found: name for name, found in county.students.items()}
    return {names[task.student_id or 0]: task.code for task in await county.tasks() if task.kind == "home_visit"}


async def test_each_code_names_its_child(four_visits: County) -> None:
    """Two children who are called alike have their full names."""
    village, code = four_visits.phones["village_committee"], await codes(four_visits)
    expected = [
        f"{code['韩阿依莎']} 阿依莎 入户家访",
        f"{code['马晓虎']} 晓虎 入户家访",
        f"{code['马小龙']} 马小龙 入户家访",
        f"{code['牟小龙']} 牟小龙 入户家访",
    ]
    await village.replies("我的")
    mine = await village.expects("您的待办", *expected)
    assert parts(mine) <= 3
    await village.replies("1")
    assert parts(await village.expects("请在数字前加代号", *expected)) <= 3


async def test_the_morning_tells_whose_visit_is_overdue_and_what_is_due_today(four_visits: County) -> None:
    code = await codes(four_visits)
    async with four_visits.database.session() as session, session.begin():
        for task in await four_visits.tasks():
            if task.kind == "home_visit" and task.code == code["马小龙"]:
                (await session.merge(task)).due_at = local("2026-11-04 18:00")
            elif task.kind == "home_visit":
                (await session.merge(task)).due_at = local("2026-11-05 18:00")
    await four_visits.to("2026-11-05 07:45")
    text = await four_visits.phones["village_committee"].expects("早上好", "过期1件", f"{code['马小龙']} 小龙 入户家访并记录情况 11月4日")
    due = text.partition("今天到期3件：")[2]
    others = "|".join(one for name, one in code.items() if name != "马小龙")
    assert re.search(rf"({others}) \w+ 入户家访并记录情况；", due), text
    assert "11月5日" not in due
    assert parts(text) <= 3


async def test_a_complaint_names_nobody_in_a_list(four_visits: County) -> None:
    """As in the message by which it came: its holder looks at it in a message of its own."""
    officer = four_visits.phones["county_officer"]
    await four_visits.phones["father1"].replies("我要投诉学校乱收费")
    await officer.expects("受理投诉")
    await officer.replies("我的")
    text = await officer.expects("受理投诉")
    assert "小龙" not in text


async def test_a_case_that_is_asked_for_tells_the_child_what_was_found_and_what_is_next(four_visits: County) -> None:
    """The visit of this minute is there; what must not stand on a phone is left out; a level that was left out never happened."""
    village, code = four_visits.phones["village_committee"], await codes(four_visits)
    await village.replies(f"{code['韩阿依莎']} 3 家里没人，下午再去")
    await village.expects("记下了：家里没人")
    await village.replies(f"{code['韩阿依莎']} 3 见到奶奶，说娃跟他爸在兰州，下周三回来")
    await village.expects("办好了")
    await village.replies(f"{code['马晓虎']} 3 见到爷爷，说娃被送去经堂念经了")
    await village.expects("办好了")
    principal = four_visits.phones["principal"]
    number = (await four_visits.case("韩阿依莎")).number
    await principal.replies(f"查 {number}")
    text = await principal.expects(
        f"{number} 阿依莎 三(2)班：11月2日起缺课，现在3级学校和村委会（11月3日起）", "11月3日入户家访", "见到奶奶", "兰州"
    )
    assert "接下来校长与家长联系动员返校，11月5日前" in text
    assert "询问监护人" not in text
    assert text.count("入户家访") == 1  # one step, though the first way was in vain
    assert parts(text) <= 3
    await principal.replies(f"查 {(await four_visits.case('马晓虎')).number}")
    text = await principal.expects("晓虎", "11月3日入户家访并记录情况：情况请登录系统查看")
    assert "经堂" not in text


async def test_a_long_case_keeps_to_three_parts_and_ends_with_its_exit(four_visits: County) -> None:
    village, code = four_visits.phones["village_committee"], await codes(four_visits)
    await village.replies(
        f"{code['韩阿依莎']} 3 "
        + "见到奶奶，说娃跟他爸在兰州一个亲戚开的牛肉面馆里帮忙端盘子，也说不准什么时候能回来，家里实在没有人能去接" * 2
    )
    await four_visits.to("2026-11-12 12:05")
    head = four_visits.phones["township_head"]
    number = (await four_visits.case("韩阿依莎")).number
    await head.replies(f"查 {number}")
    text = await head.expects(f"{number} 阿依莎", "接下来")
    assert parts(text) <= 3, text
