""" "不对" before what is meant instead: whose answer was wrong, and what is so."""

from __future__ import annotations

import pytest

from bot.replies import Child, correction_in

CHILDREN = [Child(1, "马小龙"), Child(2, "马麦燕")]


@pytest.mark.parametrize(
    ("text", "named", "instead"),
    [
        ("不对，后天", (), "后天"),
        ("不对不对，后天", (), "后天"),
        ("错了。不对！后天", (), "后天"),
        ("错了，我说的是周四", (), "周四"),
        ("说错了，应该是后天", (), "后天"),
        ("不对，1", (), "1"),
        ("不对", (), ""),
        ("麦燕不对", (2,), ""),
        ("麦燕的不对，后天", (2,), "后天"),
        ("不对，麦燕后天", (), "麦燕后天"),
        ("不对 后天", (), "后天"),
        ("不對 是禮拜五才好", (), "礼拜五才好"),
        ("老师 错了 是周四", (), "周四"),
        ("不对是周五", (), "周五"),
        ("不对不对是后天明天有席", (), "后天明天有席"),
        ("不对3", (), "3"),
        ("2不是 3", (), "3"),
        ("1不对 4", (), "4"),
        ("不是周四是周五", (), "周五"),
        ("不是3是4", (), "4"),
        ("不对 反了 小龙周五麦燕周三", (), "小龙周五麦燕周三"),
        ("麦燕的不对 是肚子疼", (2,), "是肚子疼"),
        ("打错了，麦燕后天来", (), "麦燕后天来"),
        ("刚才打错了 是周四", (), "周四"),
        ("刚才那个不算，明天来", (), "明天来"),
        ("上一条不算", (), ""),
        ("刚发错了，明天来", (), "明天来"),
    ],
)
def test_what_opens_by_taking_back(text: str, named: tuple[int, ...], instead: str) -> None:
    assert correction_in(text, CHILDREN) == (named, instead)


@pytest.mark.parametrize(
    "text",
    [
        "后天",
        "不是我家孩子",
        "错过了车，明天来",
        "麦燕后天",
        "",
        "，，",
        "打错电话了",
        "打错了",
        "打错了，我不是家长",
        "打错了，不认识你们",
        "不对劲，娃头晕",
        "3",
        "娃说 不对",
        "2 不去了",
    ],
)
def test_what_takes_nothing_back(text: str) -> None:
    assert correction_in(text, CHILDREN) is None
