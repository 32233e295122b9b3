"""Families take back, correct and add, in texts without marks and menus apart: what is wrong never stands, what is right is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import GuardianAnswer, Leave
from tests.stories.county import County, Phone
from tests.stories.families import ask_father
from tests.stories.test_checking_back import answers


@pytest.fixture
async def father(county: County) -> Phone:
    """Monday 2026-11-02, Xiaolong is missing and his father has been asked."""
    return await ask_father(county, "马小龙", absent="1")


@pytest.mark.parametrize(
    ("first", "then", "heard", "stands"),
    [
        ("十月初一过了来", "不对 阳历11月6号", "11月6日送孩子到校", ("will_return", "2026-11-06")),
        ("2", "2不是 3", "11月3日送孩子到校", ("will_return", "2026-11-03")),
        ("周四送来", "不是周四是周五", "11月6日送孩子到校", ("will_return", "2026-11-06")),
        ("6", "不对 不是不想上 是没鞋穿", "校长王校长11月5日", ("hardship", None)),
        ("小龙请假到周三", "不对 到礼拜五", "11月6日到校", ("leave", "2026-11-06")),
    ],
)
async def test_what_is_said_instead_without_any_mark(
    county: County, father: Phone, first: str, then: str, heard: str, stands: tuple[str, str | None]
) -> None:
    await father.replies(first)
    await county.stage.advance(minutes=2)
    await father.new()
    await father.replies(then)
    await father.expects(heard)
    assert await answers(county) == [stands]


async def test_what_is_wrong_does_not_stand_although_nobody_understands_what_is_right(county: County, father: Phone) -> None:
    await father.replies("开斋节完了送来")
    await father.expects("送孩子到校")
    await father.replies("不对 那个啥来着")
    await father.expects("已取消", "请再说一次小龙的情况")
    assert await answers(county) == []
    await father.replies("不对 3")
    await father.expects("11月3日送孩子到校")


async def test_a_digit_behind_no_is_of_no_menu_where_two_were_offered(county: County, father: Phone) -> None:
    await father.replies("1")
    await father.expects("哪天能来", "3周四")
    await father.replies("不对 3")
    await father.expects("已取消", "3明天送来")
    assert await answers(county) == []


@pytest.mark.parametrize("words", ["好了就来", "过了头七就来", "看医院怎么说"])
async def test_a_family_that_cannot_say_the_day_keeps_its_leave(county: County, father: Phone, words: str) -> None:
    await father.replies("1")
    await father.expects("哪天能来")
    await father.replies(words)
    await father.expects("哪天能来请再告诉老师")
    assert await answers(county) == [("sick", None)]
    await father.replies("周四来")
    await father.expects("生病请假，11月5日到校")
    async with county.database.session() as session:
        assert [day.isoformat() for day in await session.scalars(select(Leave.ends_on).where(Leave.withdrawn_at.is_(None)))] == [
            "2026-11-04"
        ]


async def test_who_denies_the_illness_promises(county: County, father: Phone) -> None:
    await father.replies("1")
    await father.expects("哪天能来")
    await father.replies("5")
    await father.expects("再告诉老师")
    await father.replies("不是生病，明天一早送来")
    await father.expects("11月3日送孩子到校")
    assert await answers(county) == [("will_return", "2026-11-03")]


async def test_a_yes_that_says_it_again_is_a_yes(county: County, father: Phone) -> None:
    await father.replies("小龙发烧，隔壁修房子吵得不行，我周三送他来")
    await father.expects("“孩子生病请假，11月4日到校”，对吗")
    await father.replies("对对，就是发烧")
    await father.expects("生病请假，11月4日到校")
    assert await answers(county) == [("sick", "2026-11-04")]


async def test_a_yes_before_something_else_is_heard_as_that(county: County, father: Phone) -> None:
    await father.replies("小龙发烧，隔壁修房子吵得不行，我周三送他来")
    await father.expects("对吗")
    await father.replies("对，到周五才好")
    await county.stage.advance(minutes=3)
    assert ("sick", "2026-11-04") not in await answers(county)


async def test_whether_the_child_is_back_is_asked_again_when_that_is_taken_back(county: County, father: Phone) -> None:
    await county.to("2026-11-03 12:01")
    await county.to("2026-11-04 08:31")
    await county.phones["class_teacher"].replies("0")
    await father.expects("是这样吗")
    await father.replies("没有")
    await father.expects("还没有返校")
    await father.replies("不对")
    await father.expects("已取消", "小龙现在回来上课了吗", "1已返校 2还没有")
    await father.replies("1")
    await father.expects("已经返校")
    await county.phones["class_teacher"].replies("1")  # a denial sends the school to look, and it does
    assert (await county.case("马小龙")).state == "closed"


async def test_who_looks_for_a_child_reads_that_it_is_found(county: County, father: Phone) -> None:
    principal = county.phones["principal"]
    await father.replies("娃让人骗到县城去了")
    await principal.expects("紧急", "小龙")
    async with county.database.session() as session:
        code = next(task.code for task in await county.tasks() if task.kind == "safety" and task.role == "principal")
        assert (await session.scalars(select(GuardianAnswer.intent))).all() == ["safety"]
    await principal.replies(f"{code} 1")
    await principal.new()
    await father.expects("工作人员会联系您")
    await father.replies("找着了找着了 没事了 在他姑家")
    assert "请回数字" not in await father.expects("工作人员会联系您")
    await principal.expects(code, "又来信")
    await principal.replies(f"{code} 看")
    await principal.expects("骗到县城", "找着了")


async def test_a_day_of_one_child_while_another_is_asked_about_ends_its_leave(county: County) -> None:
    father = await ask_father(county, "马小龙", "马麦燕", absent="1 2")
    await father.replies("小龙病了，麦燕的事再说吧")
    await father.expects("麦燕", "请回数字")
    await father.replies("小龙星期三来")
    await father.expects("小龙", "生病请假，11月4日到校")
    assert await answers(county) == [("sick", "2026-11-04")]


async def test_one_of_several_who_told_at_home_that_she_went_is_looked_for(county: County) -> None:
    father = await ask_father(county, "马小龙", "马麦燕", absent="1 2")
    await father.replies("那我也不知道麦燕早上跟我说去学校了呀")
    await county.phones["principal"].expects("紧急", "麦燕")
    await father.expects("工作人员会联系您")
