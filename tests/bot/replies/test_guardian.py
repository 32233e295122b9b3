from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.replies import Child, read_guardian

TODAY = date(2026, 11, 24)
ONE = (Child(1, "马小龙"),)
CHILDREN = {"one": ONE, "two": (*ONE, Child(2, "马小虎"))}
ROWS = [
    line.split("\t")
    for line in Path(__file__).with_name("guardian.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("text", "question", "children", "expected"), ROWS)
def test_replies_mean_what_people_mean(text: str, question: str, children: str, expected: str) -> None:
    readings = read_guardian(text, question=question or None, children=CHILDREN[children], today=TODAY)
    said = [":".join(str(part) for part in (one.student_id or "-", one.intent, one.on) if part is not None) for one in readings]
    assert " ".join(said) == expected


def test_what_is_not_understood_has_low_confidence_and_the_rest_shows_its_words() -> None:
    unclear, clear = (read_guardian(text, question="absence", children=ONE, today=TODAY)[0] for text in ("可能明天去", "发烧了"))
    assert unclear.confidence < 0.5
    assert clear.confidence > 0.8
    assert clear.evidence == "发烧"


def test_a_holiday_ends_on_the_next_working_day() -> None:
    (reading,) = read_guardian("国庆后送去学校", question="notice", children=ONE, today=date(2026, 10, 7))
    assert reading.on == date(2026, 10, 8)


@pytest.mark.parametrize("name", ["马明天", "马天天", "才让卓玛", "欧阳小龙", "马", "", "马·阿卜杜拉"])
def test_names_that_are_words_do_not_hide_what_is_said(name: str) -> None:
    (reading,) = read_guardian("明天送去学校", question="absence", children=(Child(5, name),), today=TODAY)
    assert (reading.student_id, reading.intent, reading.on) == (5, "will_return", date(2026, 11, 25))


def test_danger_is_found_in_a_text_too_long_to_read() -> None:
    readings = read_guardian("好" * 4000 + "她不想活了" + "好" * 1000, question=None, children=ONE, today=TODAY)
    assert [one.intent for one in readings] == ["safety"]


PIECES = st.sampled_from([row[0] for row in ROWS] + ["马小龙", "小虎", " ", "，", "2026", "号", "月", "天后", "\x00", "🔟", "③", "\n"])


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=12).map("".join)),
    st.sampled_from(["absence", "notice", "confirm_return", "choose", None]),
)
def test_no_text_breaks_the_reader(text: str, question: str | None) -> None:
    readings = read_guardian(text, question=question, children=CHILDREN["two"], today=TODAY)
    assert readings
    assert all(0 <= one.confidence <= 1 for one in readings)


@pytest.mark.parametrize(
    "text", ["", " ", "\x00\x01", "\ud800", "1" * 5000, "小龙" * 2500, "明天" * 2500, "。" * 5000, "不" * 5000, "🙂" * 5000]
)
def test_extreme_texts_are_read_without_harm(text: str) -> None:
    assert [one.intent for one in read_guardian(text, question="absence", children=ONE, today=TODAY)] == ["unknown"]
