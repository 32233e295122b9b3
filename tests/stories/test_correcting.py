""" "不对，后天": what was understood is taken back and what is said instead is carried out, in one answer."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import Leave
from tests.stories.county import County, Phone
from tests.stories.families import ask_father
from tests.stories.test_checking_back import answers

HEARD = {"3": "11月3日送孩子到校", "1": "生病请假", "5": "联系您", "7": "更正号码", "4": "转学"}


@pytest.fixture
async def father(county: County) -> Phone:
    return await ask_father(county, "马小龙", absent="1")


@pytest.mark.parametrize(
    ("first", "then", "confirmed", "kept"),
    [
        ("3", "不对，后天", "11月4日送孩子到校", [("will_return", "2026-11-04")]),
        ("3", "错了，我说的是周四", "11月5日送孩子到校", [("will_return", "2026-11-05")]),
        ("1", "不对，是没钱", "联系您", [("hardship", None)]),
        ("5", "不对，明天送来", "11月3日送孩子到校", [("will_return", "2026-11-03")]),
        ("7", "按错了，明天送来", "11月3日送孩子到校", [("will_return", "2026-11-03")]),
    ],
)
async def test_the_new_answer_takes_the_place_of_the_old_one(
    county: County, father: Phone, first: str, then: str, confirmed: str, kept: list[tuple[str, str | None]]
) -> None:
    await father.replies(first)
    await father.expects(HEARD[first])
    await father.replies(then)
    text = await father.expects(confirmed)
    assert "取消" not in text
    await father.expects_nothing()
    assert await answers(county) == kept


async def test_what_is_not_sure_is_taken_back_and_asked(county: County, father: Phone) -> None:
    await father.replies("3")
    await father.expects("11月3日送孩子到校")
    await father.replies("不对，看情况吧")
    await father.expects("取消", "今天送来")
    await father.expects_nothing()
    assert await answers(county) == []


async def test_the_leave_of_the_answer_that_was_wrong_goes_with_it(county: County, father: Phone) -> None:
    await father.replies("1")
    await father.expects("生病请假")
    await father.replies("不对，是没钱")
    await father.expects("联系您")
    async with county.database.session() as session:
        assert [leave.withdrawn_at is not None for leave in await session.scalars(select(Leave))] == [True]


async def test_a_correction_in_the_afternoon_does_not_bring_the_teacher_to_the_door(county: County, father: Phone) -> None:
    """The answer held the teacher's step; the better answer holds it, too."""
    await father.replies("3")
    await father.expects("11月3日送孩子到校")
    await county.to("2026-11-02 15:00")
    await father.replies("不对，后天")
    await father.expects("11月4日送孩子到校")
    assert [task.kind for task in await county.tasks() if task.kind == "family_contact"] == []


async def test_nothing_was_answered_yet(county: County, father: Phone) -> None:
    await father.replies("不是，明天送来")
    await father.expects("11月3日送孩子到校")
    assert await answers(county) == [("will_return", "2026-11-03")]
