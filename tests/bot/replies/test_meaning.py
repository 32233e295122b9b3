"""What is meant: ordinary life that only looks like danger, empty talk, denials, choices, and words with two sides."""

from __future__ import annotations

from datetime import date

import pytest

from bot.replies import Child, action, read_guardian, unread_words

TODAY = date(2026, 11, 25)
GIRL = Child(1, "马玉梅", sex="female", rank=1)


def read(text: str, question: str | None = "absence") -> list[str]:
    return [one.intent for one in read_guardian(text, question=question, children=(GIRL,), today=TODAY)]


def done(text: str, question: str | None = "absence") -> set[str]:
    return {action(one, question=question, children=1) for one in read_guardian(text, question=question, children=(GIRL,), today=TODAY)}


def reaches_somebody(text: str) -> bool:
    return done(text) == {"person"} or bool(unread_words(text, children=(GIRL,), today=TODAY))


@pytest.mark.parametrize(
    "text",
    [
        "她从梯子上摔下来腿断了，打石膏了",
        "侄子上礼拜结婚，请假两天",
        "她妈年前改嫁把她带到青海去了",
        "她妈跑了，我在青岛，家里她管着弟弟",
        "我这个老汉接不上活",
        "我是她的后妈，她爸说她发烧了",
        "雪大不敢走",
        "手冻烂了缓两天",
        "岳母病危，我们都守着",
        "绑都绑不去，没办法",
        "在车上，路上堵着",
        "有人肯捎我就送",
        "炉子坏了，冻得睡不着",
        "奶奶舍不得不让她走",
        "翻墙跑了，早上在网吧找着了",
        "祖母去世，请假三天",
        "她爸在工地上腿砸断了，我去伺候",
        "她妈怀着，走不动",
        "阿达走了没音信，我一个人养着",
        "书包叫河水冲走了，没有本子",
        "房子塌了，没钱修",
        "带她去派出所照相，下午来",
        "等我给班主任打个电话",
        "大夫不让出门，发烧着呢",
    ],
)
def test_everyday_misfortune_is_no_danger(text: str) -> None:
    assert done(text) != {"person"}


@pytest.mark.parametrize(
    "text",
    [
        "她从楼上叫人推下来腿断了",
        "她叫人带到酒店去了",
        "那个男的把她带到青海去了",
        "后妈把她胳膊打断了",
        "吓得不敢出门",
        "把她关在宿舍外面冻了半夜",
        "说下婆家了，腊月结婚",
        "偷偷翻墙跑了，还没找着",
        "几个人骑车把她堵住打",
        "他爸不让她走，在屋里锁着呢",
        "她昏迷抢救着呢",
        "她爸拿凳子把她腿砸断了",
        "奶奶说她怀了",
        "叫开车的叔叔领走了",
        "房子塌了，娃压在底下",
        "书包还在，她叫河水冲走了",
        "去派出所报案，她没找着",
        "老师打她",
        "她爸不让出门",
    ],
)
def test_the_same_words_as_danger_still_reach_somebody(text: str) -> None:
    assert reaches_somebody(text)


@pytest.mark.parametrize("text", ["哦", "嗯嗯", "👍", "谢谢老师", "好的", "收到", "嗯知道了"])
def test_empty_talk_answers_a_notice_and_nothing_else(text: str) -> None:
    assert [done(text, question) for question in ("notice", "absence", "publicity", None)] == [{"act"}, {"ask"}, {"nothing"}, {"nothing"}]
