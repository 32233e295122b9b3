"""A text of the greatest length costs twice what half of it costs: nobody can make the readers stand still by writing much."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from types import FrameType

import pytest

from bot.replies import Child, Pupil, correction_in, read_guardian, read_sheet, unread_words

TODAY = date(2026, 11, 24)
CHILDREN = [Child(1, "马小龙", rank=1), Child(2, "马麦燕", rank=2), Child(3, "马小军", rank=3)]
PUPILS = [Pupil(child.student_id, child.name, child.student_id) for child in CHILDREN]
HALF = 1000
MOST = 2.4  # times the steps of half the text; what grows with the square takes four times as many
REPEATED = (
    "马小龙马麦燕小军", "龙", "马小龙和", "马小龙，马麦燕病，", "马小龙说麦燕", "小龙 ", "马晓珑", "老大老二", "明天周五", "5 ", "病 5 ",
)  # fmt: skip


def steps(work: Callable[[], object]) -> int:
    """Calls made, those of the interpreter's own functions and each turn of a generator included."""
    made = 0

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal made
        made += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made


def family(text: str) -> None:
    read_guardian(text, question="absence", children=CHILDREN, today=TODAY)
    unread_words(text, children=CHILDREN, today=TODAY)
    correction_in(text, CHILDREN)


def teacher(text: str) -> None:
    read_sheet(text, pupils=PUPILS, today=TODAY)


@pytest.mark.parametrize("read", [family, teacher])
@pytest.mark.parametrize("said", REPEATED)
def test_twice_the_text_is_twice_the_work(said: str, read: Callable[[str], None]) -> None:
    half, whole = (said * (length // len(said)) for length in (HALF, 2 * HALF))
    read(said)  # what is worked out once, is
    less, more = steps(lambda: read(half)), steps(lambda: read(whole))
    assert more < MOST * less
