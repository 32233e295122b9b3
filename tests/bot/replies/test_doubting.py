"""What was understood and is asked all the same, or left to a person."""

from __future__ import annotations

from datetime import date

import pytest

from bot.replies import Child, action, read_guardian

TODAY = date(2026, 11, 25)  # a Wednesday
BOY, GIRL = Child(1, "马建国", "male", 1), Child(2, "马玉兰", "female", 2)


def done(text: str, question: str | None = "absence", children: tuple[Child, ...] = (BOY,)) -> list[tuple[str, str]]:
    readings = read_guardian(text, question=question, children=children, today=TODAY)
    return sorted((one.intent, action(one, question=question, children=len(children))) for one in readings)


def test_what_a_rule_explains_wholly_is_acted_on_and_a_strange_word_beside_it_is_asked() -> None:
    assert done("娃感冒了，明天来") == [("sick", "act")]
    assert done("娃感冒了，叫他阿舅训得够呛，明天来") == [("sick", "ask")]


def test_a_digit_that_says_the_same_is_enough() -> None:
    assert done("1 娃感冒了，他阿舅训得够呛") == [("sick", "act")]


def test_a_wound_says_what_it_says() -> None:
    assert done("跳绳把脚崴了，歇两天") == [("sick", "act")]


@pytest.mark.parametrize("question", [None, "publicity"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("有点事", [("leave", "person")]),
        ("明天请一天假", [("leave", "act")]),
        ("娃去打工了", [("working", "act")]),
        ("娃在家看弟弟", [("caring_family", "person")]),
    ],
)
def test_where_nothing_was_asked_more_must_be_said(text: str, expected: list[tuple[str, str]], question: str | None) -> None:
    assert done(text, question) == expected


def test_the_same_is_an_answer_where_it_was_asked() -> None:
    assert done("娃在家看弟弟") == [("caring_family", "act")]


def test_beside_a_question_no_lasting_cause_is_acted_on() -> None:
    assert done("想转学，要带啥材料", None) == [("question", "person")]
    assert done("娃感冒了。作业怎么办？") == [("question", "person"), ("sick", "act")]


def test_a_text_that_corrects_itself_midway_is_asked_and_one_that_corrects_us_is_not() -> None:
    assert {what for _, what in done("收到通知，十八号来……不对，二十八号")} == {"ask"}
    assert ("will_return", "act") in done("不对，后天送来")


def test_one_of_two_without_a_name_is_nobody() -> None:
    assert {what for _, what in done("两个一个发烧一个没有", children=(BOY, GIRL))} == {"ask"}


@pytest.mark.parametrize(
    ("text", "expected"), [("哪里回去了，人还在格尔木呢", "confirm_no"), ("回来是回来了，学校没去", "unknown"), ("回学校了", "confirm_yes")]
)
def test_a_yes_that_is_none(text: str, expected: str) -> None:
    assert [intent for intent, _ in done(text, "confirm_return")] == [expected]


@pytest.mark.parametrize("text", ["山洪下来了，娃困在沟里", "屋里没大人，已经五天了"])
def test_floods_and_homes_without_grown_ups_are_danger(text: str) -> None:
    assert done(text) == [("safety", "person")]


@pytest.mark.parametrize(
    ("text", "intent"),
    [("路断了，车堵在路上，明天来", "will_return"), ("家里没人管牛，请两天假", "caring_family"), ("奶奶没了，请三天假", "leave")],
)
def test_what_only_looks_like_it_is_none(text: str, intent: str) -> None:
    assert intent in [said for said, _ in done(text)]
