"""What a teacher of Linxia writes of a pupil, and what only looks like it: a cause raises somebody, a look-alike nobody."""

from __future__ import annotations

from datetime import date

import pytest

from bot.replies import Pupil, read_sheet

TODAY = date(2026, 11, 24)
CLASS = [Pupil(number, name, number) for number, name in enumerate(("马小龙", "李梅花", "马一卜拉", "祁甲", "韩梅", "王芳"), 1)]

TOLD = {
    "early_marriage": (
        "家里给说下了",
        "家里给说下了，不让念了",
        "已经说下婆家了",
        "家里给占下了",
        "家里给看下对象了",
        "给了人家了",
        "要给人家了",
        "打发给人了",
        "要打发给广河人家",
        "已经提亲了",
        "媒人来过了，礼都收了",
        "家里把定茶收下了",
        "相亲去了",
        "跟对象跑了",
        "说了媳妇了",
        "念尼卡哈了",
    ),
    "working": (
        "在砖厂背砖",
        "他爸带到砖厂背砖去了",
        "下苦去了",
        "到兰州端盘子",
        "跑堂去了",
        "到青海挖金子",
        "跑拉面",
        "卖烤串去了",
        "在茶园里干活",
        "搞副业去了",
        "去新疆摘棉花",
        "上工地了",
        "没回来，打工去了",
        "今晚没返校，跟他爸去新疆摘棉花了",
    ),
    "religious_study": (
        "跟上阿爷去了寺里学去了",
        "背经去了，不来了",
        "上女校念经",
        "送到寺里念去了",
        "当满拉去了",
        "庙里当喇嘛去了",
        "当和尚去了",
    ),
    "bullying": ("高年级的要钱，不敢来", "被校外的人堵"),
    "safety": ("他爸天天打", "他大喝醉了打", "家里锁着不让出来", "他爸把娃锁在家里不让出来", "被他大打得不敢来"),
}
HARMLESS = (
    "说下了",
    "家里说下了",
    "家里给说了，明天来",
    "家里给说下了没来",
    "家里给说下假，病假",
    "家长给说了病了",
    "给家里说下了让明天来",
    "跟家长说下了",
    "给他爸说下了，明天来",
    "老师说下了",
    "说下午来",
    "说下雨路滑来不了",
    "家里给看病去了",
    "家里给占下床位",
    "家里给定下明天的票",
    "占下床位住院了",
    "给人家送东西去了，一会来",
    "书给人家了",
    "给人还书",
    "收礼忙",
    "家里有喜事",
    "他哥说下对象了",
    "他姐出嫁请假",
    "他哥娶媳妇请假",
    "可能感冒了",
    "定茶杯",
    "亲子活动",
    "送亲戚去了",
    "走亲戚去了",
    "去吃席了",
    "他爸开铲车没时间送",
    "吃烤串去了",
    "去茶园玩",
    "他爸经常打他电话",
    "他奶奶天天打针",
    "他妈老打麻将",
    "门关着进不来",
    "打球崴了脚",
    "打疫苗去了",
    "给爷爷过乜贴请假",
    "家里请阿訇念经，请假一天",
    "去上坟",
    "请假去寺里过节",
    "下楼摔了",
    "发烧烧得厉害",
    "去拉面馆吃饭迟到了",
)


@pytest.mark.parametrize(("intent", "said"), [(intent, said) for intent, every in TOLD.items() for said in every])
def test_what_a_teacher_tells_is_understood_as_a_cause(intent: str, said: str) -> None:
    stories = read_sheet(f"2号{said}，其他都到了", pupils=CLASS, today=TODAY).stories
    assert [(story.student_id, story.intent, story.sure) for story in stories] == [(2, intent, True)]


@pytest.mark.parametrize("said", HARMLESS)
def test_what_only_looks_like_a_cause_is_none(said: str) -> None:
    assert read_sheet(f"2号{said}", pupils=CLASS, today=TODAY).stories == ()


@pytest.mark.parametrize("said", ["可能说下婆家了", "家里没给说下", "听说他姐给了人家了"])
def test_what_is_hedged_or_denied_or_of_others_is_not_sure(said: str) -> None:
    assert not [story for story in read_sheet(f"2号{said}", pupils=CLASS, today=TODAY).stories if story.sure]
