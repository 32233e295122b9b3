"""The school says that the child is not there; the family, that it left this morning: nobody knows where it is."""

from __future__ import annotations

from datetime import date

import pytest

from bot.replies import Child, likeliest, read_guardian
from bot.replies.school_year import NO_SCHOOL_YEAR

TODAY = date(2026, 11, 24)
BOY, GIRL = Child(1, "马建国", "male", 1), Child(2, "马玉兰", "female", 2)


def said(text: str, question: str = "absence", children: tuple[Child, ...] = (BOY,)) -> str:
    return " ".join(
        f"{one.student_id or '-'}:{one.intent}" for one in read_guardian(text, question=question, children=children, today=TODAY)
    )


@pytest.mark.parametrize(
    "text",
    [
        "早上七点就出门了，不在学校吗",
        "没到学校吗？早上走的啊",
        "老师你看到没，早上就去学校了",
        "他早上走学校了呀",
        "咋可能没到，我看着他走的",
        "不在吗，早上坐班车走的",
        "早上送上班车了，没到吗",
        "我早上看着他进的校门，咋不在",
        "早上送到学校的呀，没在教室吗",
        "娃早上自己走的，人呢",
        "一大早就走了，咋还没到",
        "早上自己骑车走的",
        "今早走了呀",
        "阿么了 还没到吗 我打发出门了么",
        "走学校了 没到吗",
    ],
)
def test_a_child_that_left_for_school_and_is_not_there_is_told_in_the_same_minute(text: str) -> None:
    assert said(text) == "1:safety"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("早上送到学校了", "1:returned"),
        ("已经到学校了", "1:returned"),
        ("刚送进校门", "1:returned"),
        ("早上我送到校门口的", "1:returned"),
        ("刚出门，马上到", "1:will_return"),
        ("明天早上七点出门去学校", "1:will_return"),
        ("早上肚子疼没去", "1:sick"),
        ("早上走了，去医院看病了", "1:sick"),
        ("早上走亲戚去了", "1:leave"),
        ("早上出门打工去了", "1:working"),
        ("他爷爷早上走了，家里办丧事", "1:leave"),
        ("我早上七点就走工地了，娃我不知道", "1:unknown"),
        ("他爸早上走了，没来得及送", "1:unknown"),
        ("早上没走成，车坏了", "1:hardship"),
        ("今天不上学吗", "1:question"),
        ("我也不知道 早上我出门了", "1:unknown"),
        ("我打发他去放羊了", "1:working"),
    ],
)
def test_who_arrived_is_on_the_way_or_away_for_a_cause_is_not_missing(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize("text", ["早上七点就出门了，不在学校吗", "没到学校吗？早上走的啊", "早上就去学校了"])
@pytest.mark.parametrize("question", ["confirm_return", "notice"])
def test_only_who_was_told_of_an_absence_tells_of_a_missing_child(text: str, question: str) -> None:
    assert "safety" not in said(text, question)


def test_of_several_children_the_one_that_left_is_missing_only_where_the_family_wonders() -> None:
    assert said("玉兰发烧，建国早上走的，没到吗", children=(BOY, GIRL)) == "1:safety"
    assert said("建国早上就走了，没到吗", children=(BOY, GIRL)) == "1:safety"
    assert said("那我也不知道玉兰早上跟我说去学校了呀", children=(BOY, GIRL)) == "2:safety"
    assert "safety" not in said("玉兰咳嗽，建国早上走了", children=(BOY, GIRL))


@pytest.mark.parametrize(
    ("text", "question"),
    [("早上就去学校了", "absence"), ("早上去了啊", "absence"), ("走学校了呀", "confirm_return"), ("早上走学校了", "confirm_return")],
)
def test_that_it_left_is_never_put_to_the_family_as_that_it_arrived(text: str, question: str) -> None:
    readings = read_guardian(text, question=question, children=(BOY,), today=TODAY)
    assert likeliest(readings, text, question=question, children=(BOY,), today=TODAY, school=NO_SCHOOL_YEAR) is None
