"""Random sequences of everything that happens to a class: nobody is forgotten, every text is handled once, every state is explained."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.crypto import Cipher
from storage.server import Server
from tests.emptying import Emptier
from tests.model.families import FAMILY, STAFF, Change, Deadly, Life, Step, Text, Until
from tests.model.living import live

FAMILY_WORDS = [
    *"0123456789", "1 2", "3 5", "1 明天送去", "他生病了，发烧", "明天来", "后天一定来", "打错了，不是我孩子", "我不认识这个孩子",
    "退订", "TD", "STOP", "START", "订阅", "别给我发了", "转学到兰州了", "不想上学了", "去广东打工了", "已经到校了", "谢谢", "好的", "不对",
    "？", "{name}生病了", "{name}明天来", "家里没钱", "老师打他了", "在家学习", "他不见了，到处找不到", "住院了", "请假三天", "收到", "是",
    "我们已经搬家了", "",
]  # fmt: skip
TEACHER_WORDS = [
    "0", "1", "2", "3", "1 2", "1 2 3", "全到", "{name}没来", "{name}来了", "1病假", "不对 0", "不对 1", "放假了", "{name}转走了",
]  # fmt: skip
STAFF_WORDS = [
    "{code} 1", "{code} 2", "{code} 3", "{code} 4", "{code} 9", "{code}", "3", "1", "2", "0", "{code} 3 已到校",
    "{code} 3 当面送达，父亲签收", "{code} 3 家长说明天来", "{code} 3 生病在家", "{code} 3 电话打不通", "{code} 3 13893010077",
    "{code} 3 已转学", "{code} 3 没有找到人", "{code} 3 同意", "{code} 3 不同意", "撤回", "清单", "帮助", "暂停", "{name}",
]  # fmt: skip
TEXTS = st.one_of(
    st.builds(Text, st.sampled_from(FAMILY), st.sampled_from(FAMILY_WORDS), st.sampled_from([False, False, False, True])),
    st.builds(Text, st.just("class_teacher"), st.sampled_from(TEACHER_WORDS + STAFF_WORDS)),
    st.builds(Text, st.sampled_from(STAFF), st.sampled_from(STAFF_WORDS), st.sampled_from([False, False, False, True])),
)
UNTILS = st.one_of(
    st.builds(Until, st.sampled_from([1, 5, 30, 120, 400])),
    st.just(Until(morning=True)),
    st.just(Until(morning=True)),
    st.builds(Until, st.sampled_from([600, 1440, 3 * 1440, 8 * 1440]), outage=st.just(value=True)),
)
CHANGES = st.builds(
    Change,
    st.sampled_from(["removed", "added", "barred", "allowed", "wrong_number", "dead_number", "new_number", "left_post", "took_post"]),
    st.integers(0, 11),
)
FIRST: list[Step] = [Until(91), Text("class_teacher", "1 2"), Until(5)]
THEN: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(TEXTS, TEXTS, UNTILS, CHANGES, st.builds(Deadly, st.integers(0, 150))), min_size=5, max_size=18
)
STEPS = THEN.map(lambda steps: FIRST + steps)


@pytest.mark.long
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_nobody_is_forgotten(server: Server, emptier: Emptier, cipher: Cipher, steps: list[Step]) -> None:
    emptier.empty()
    asyncio.run(live(Life, server, cipher, steps))
