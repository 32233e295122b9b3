"""Words behind a task's code that are no command."""

from __future__ import annotations

import pytest

from bot.replies import Told, is_danger, is_danger_from_staff, told_of_task

SAID = {
    Told.QUESTION: ["哪个娃？", "这是哪个娃", "谁报的", "怎么联系", "办好了没", "收到了吗", "娃在哪", "家长说不知道怎么办"],
    Told.UNDER_WAY: ["电话没人接，正在去他家路上", "马上联系", "明天再去", "已联系家长，在去的路上"],
    Told.IN_VAIN: ["还没联系上", "没见到家长", "电话打不通，已停机", "联系过了，家长没接", "还没办", "问过了，没人接"],
    Told.ACCOUNT: [
        "联系上了，孩子发烧，周一来", "联系上了奶奶，没见到孩子", "见到奶奶", "他妈说正在去学校的路上", "联系上了，孩子正在住院",
        "父母在外务工，家里只有老人", "他爸电话13812345678", "家里没人，邻居说去兰州了", "問了一下，孩子在舅舅家", "补发了",
        "已打电话问过家长",
    ],
    Told.UNCLEAR: ["我办不了", "5", "不归我管", "今天天气好", "我没办法", "在开会，下午办", ""],
}  # fmt: skip


@pytest.mark.parametrize(("told", "text"), [(told, text) for told, texts in SAID.items() for text in texts])
def test_what_is_said_of_a_task_is_told_apart(told: Told, text: str) -> None:
    assert told_of_task(text) is told


@pytest.mark.parametrize(
    "text", ["移送 00001 公安 家长拒不送学", "今天去公安局开会", "请公安协助核实", "联系了派出所", "派出所民警来学校讲课", "材料已给公安"]
)
def test_the_police_are_an_office_to_staff(text: str) -> None:
    assert is_danger(text)
    assert not is_danger_from_staff(text)


IN_DANGER = [
    "娃被公安带走了", "孩子被派出所抓了", "警察来了", "孩子在派出所", "小龙现在在派出所", "请派出所找一下孩子", "已联系公安，孩子失踪了",
    "移送 00001 公安 孩子被拐", "今天去公安局开会，有个娃挨打了", "我已报警",
]  # fmt: skip


@pytest.mark.parametrize("text", IN_DANGER)
def test_a_child_in_danger_is_heard_from_staff_too(text: str) -> None:
    assert is_danger_from_staff(text)
