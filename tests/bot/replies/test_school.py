from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.replies.classes import Room, split_by_class
from bot.replies.picks import read_picks
from bot.replies.school import read_closure, read_stand_in, read_undo

TODAY = date(2026, 11, 24)
ROOMS = [Room(1, 3, "2", "三(2)班"), Room(2, 3, "3", "三(3)班"), Room(3, 7, "1", "七(1)班"), Room(4, 1, "启智", "启智班")]


def rows(name: str) -> list[list[str]]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(("text", "expected"), rows("classes.tsv"))
def test_a_message_is_cut_into_its_classes(text: str, expected: str) -> None:
    sections, foreign = split_by_class(text, ROOMS)
    said = [f"{','.join(map(str, section.class_ids))}={' '.join(section.text.split(' ')).strip(' ;:')}" for section in sections]
    assert ";".join(" ".join(one.split()) for one in said) + "".join(f"!{one}" for one in foreign) == expected


@pytest.mark.parametrize(("text", "expected"), rows("closures.tsv"))
def test_what_closes_a_school(text: str, expected: str) -> None:
    reading = read_closure(text, rooms=ROOMS, today=TODAY, names=["锁南镇中心小学"])
    if reading is None:
        said = "-"
    elif reading.half:
        said = "half"
    else:
        classes = "nowhere" if reading.nowhere else ",".join(map(str, reading.class_ids)) or "all"
        said = f"{'trip' if reading.trip else 'closed'} {reading.since} {reading.until} {classes} {reading.reason or '-'}"
    assert said == expected


@pytest.mark.parametrize(
    ("text", "name", "since", "until"),
    [
        ("明天马老师代我点名", "马老师", 25, 25),
        ("周三到周五由马秀兰代我点名", "马秀兰", 25, 27),
        ("马老师代我点名到周五", "马老师", 24, 27),
        ("我明天外出，马建国老师替我点名", "马建国老师", 25, 25),
    ],
)
def test_who_stands_in_and_when(text: str, name: str, since: int, until: int) -> None:
    reading = read_stand_in(text, today=TODAY)
    assert reading is not None
    assert (reading.name, reading.since.day, reading.until.day) == (name, since, until)


@pytest.mark.parametrize("text", ["马小龙替我请假", "全到", "马老师代", "明天停课"])
def test_other_texts_name_no_stand_in(text: str) -> None:
    assert read_stand_in(text, today=TODAY) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("撤销", "named"), ("取消停课", "named"), ("不对", "any"), ("不对，是5号", None), ("全到", None)]
)
def test_what_takes_it_back(text: str, expected: str | None) -> None:
    assert read_undo(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", (1,)), ("１", (1,)), ("①", (1,)), ("一", (1,)), ("1 3", (1, 3)), ("2、3", (2, 3)), ("第二个", (2,)),
        ("5号", (1,)), ("8", (2,)), ("都不是", (0,)), ("0", (0,)),
        ("4", None), ("1 1", None), ("马小龙", None), ("", None), ("1和马小龙", None),
    ],
)  # fmt: skip
def test_a_numbered_answer(text: str, expected: tuple[int, ...] | None) -> None:
    assert read_picks(text, options=3, seats=[5, 8, None]) == expected


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_readers(text: str) -> None:
    split_by_class(text, ROOMS)
    read_closure(text, rooms=ROOMS, today=TODAY)
    read_stand_in(text, today=TODAY)
    read_picks(text, options=4)
