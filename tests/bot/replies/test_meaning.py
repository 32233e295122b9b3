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
        "我们那口子无常了，今天送埋，娃后天来",
        "她爸在工地上腿砸断了，我去伺候",
        "她妈怀着，走不动",
        "阿达走了没音信，我一个人养着",
        "书包叫河水冲走了，没有本子",
        "房子塌了，没钱修",
        "带她去派出所照相，下午来",
        "等我给班主任打个电话",
        "大夫不让出门，发烧着呢",
        "她阿达在青海出了车祸 我得去",
        "整天打游戏打得不念书",
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
        "她爸打游戏输了打得她不敢去",
        "她 阿达 出车祸 她 没 了",
        "胳膊断了",
        "爸爸摔了她，腿断了",
        "把头打破了",
        "玩手机他爸打得叫不醒",
        "宿舍里高年级的冻她在外面",
        "娃今天送埋",
        "给人送去养了",
        "奶奶死了，她站在桥上哭",
        "她阿达出车祸了 她 不 想 活 了",
    ],
)
def test_the_same_words_as_danger_still_reach_somebody(text: str) -> None:
    assert reaches_somebody(text)


@pytest.mark.parametrize("text", ["哦", "嗯嗯", "👍", "谢谢老师", "好的", "收到", "嗯知道了"])
def test_empty_talk_answers_a_notice_and_nothing_else(text: str) -> None:
    assert [done(text, question) for question in ("notice", "absence", "publicity", None)] == [{"act"}, {"ask"}, {"person"}, {"person"}]


@pytest.mark.parametrize(
    ("text", "question", "intents"),
    [
        # Of several causes the one that counts; what is said not to be so is none.
        ("感冒是借口，主要是娃自己厌学", "absence", ["refuses_school"]),
        ("肚子也疼，关键是交不起伙食费", "absence", ["hardship"]),
        ("天冷，还是因为没有棉鞋", "absence", ["hardship"]),
        ("主要是他不想念书", "absence", ["refuses_school"]),
        # What a text takes back itself.
        ("她病了。不对，是去吃席了", "absence", ["leave"]),
        ("转学了，说错了，明天来", "absence", ["will_return"]),
        # Whose number it is.
        ("打错了，我姓何", "absence", ["wrong_number"]),
        ("弄错了，我们家没有这个人", "absence", ["wrong_number"]),
        ("发错了，要发给她姑的", "absence", ["unknown"]),
        ("发错了", "absence", ["undo"]),
        ("打错了，我是他家邻居，他手机落我这儿了", "absence", ["unknown"]),
        ("我不是她妈，我是她妈的工友", "absence", ["unknown"]),
        ("可能打错了吧", "absence", ["unknown"]),
        # Is the child back?
        ("不对，她还在医院", "confirm_return", ["confirm_no"]),
        ("是的，今天早上我送的", "confirm_return", ["confirm_yes"]),
        ("没有的事", "confirm_return", ["confirm_no"]),
        ("可不是，情况属实", "confirm_return", ["confirm_yes"]),
        ("我没听说，等我问问", "confirm_return", ["unknown"]),
        # Wanting messages, again or no longer.
        ("以前说过不要发，现在恢复发送", None, ["opt_in"]),
        ("请继续给我发通知", None, ["opt_in"]),
        ("这类宣传不要发给我了", None, ["opt_out"]),
        ("把短信退了吧", None, ["opt_out"]),
        ("还在发烧，继续请假", "absence", ["sick"]),
        # Who goes to school only to speak there, and whose leave it is.
        ("我明天到学校当面说", "absence", ["unknown"]),
        ("明天到学校说一声就上课", "absence", ["unknown"]),
        ("周一我请假送她", "notice", ["will_return"]),
        ("我给她请假一天", "absence", ["leave"]),
        # An operation from which one is back soon.
        ("扁桃体手术做了", "absence", ["sick"]),
        ("手术做了，下周一上课", "absence", ["sick"]),
        ("脑瘫做过手术", "absence", ["disability_or_illness_long"]),
        # What keeps a child for now gives way to a promised day.
        ("班车停了，明天送来", "absence", ["will_return"]),
        ("鞋泡烂了没鞋穿", "absence", ["hardship"]),
        ("鞋泡烂了没鞋穿，明天来", "absence", ["will_return"]),
        ("他不想念，我们劝好了，明天送来", "absence", ["will_return"]),
        ("家里没人放羊，他放着，周五来", "absence", ["will_return"]),
        ("帮家里挖洋芋，下周一来", "absence", ["caring_family"]),
        ("没路费，下周一送来", "absence", ["hardship"]),
        # An answering word in front stands by itself; a plain no is no sign.
        ("对 早上她姑送去的", "confirm_return", ["confirm_yes"]),
        ("两个都没回来", "confirm_return", ["confirm_no"]),
        ("没有啊，老师看错人了吧？", "confirm_return", ["confirm_no"]),
        ("你是谁？打错了", "absence", ["wrong_number"]),
        ("知道了我们下周一送来", "notice", ["will_return"]),
        ("切菜把手划了，明天来", "absence", ["will_return"]),
        # Going somewhere for something; a notice of return is no return; how far it is.
        ("带她去兰州看眼科", None, ["sick"]),
        ("返校通知收悉，一定送返", "notice", ["acknowledged"]),
        ("从村里到学校十八里，没车坐", "absence", ["hardship"]),
        # A family's own child, and the child itself.
        ("我家那个就是不愿意念", "publicity", ["refuses_school"]),
        ("我不上了", "absence", ["refuses_school"]),
        ("我上班呢，不去了", "absence", ["unknown"]),
        ("家里没钱，拿啥交？", "notice", ["hardship"]),
        ("她感冒了打吊瓶，大概下周一能来", "absence", ["sick"]),
        ("说下周一来，算了不送了", "absence", ["unknown"]),
        # What asks nothing, and what is no complaint.
        ("他人在新疆，哪里回来了", "confirm_return", ["confirm_no"]),
        ("学费能不能缓几天", None, ["hardship"]),
        ("食堂饭凉，娃拉肚子", None, ["complaint"]),
        ("您说的那个娃不是我的", "confirm_return", ["wrong_number"]),
        ("我要收通知，怎么登记", None, ["opt_in"]),
        ("明天绑也绑来", "notice", ["will_return"]),
        # Questions.
        ("饭钱交了没", None, ["question"]),
        ("考了几分", None, ["question"]),
        ("补课费怎么又收", None, ["complaint"]),
        ("不是，他在新疆", "confirm_return", ["confirm_no"]),
        # For whom somebody works is not who works.
        ("帮他舅舅看铺子", "absence", ["working"]),
        ("他舅舅看铺子", "absence", ["unknown"]),
    ],
)
def test_what_is_meant(text: str, question: str | None, intents: list[str]) -> None:
    assert read(text, question) == intents


def test_no_way_to_school_is_asked_rather_than_acted_on() -> None:
    assert (read("没车送"), done("没车送")) == (["hardship"], {"ask"})
    assert done("没钱交伙食费") == {"act"}
