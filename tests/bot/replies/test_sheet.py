from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.replies import Pupil, SheetReading, read_sheet

TODAY = date(2026, 11, 24)
NAMES = {1: "丁一", 5: "马小龙", 6: "马龙", 7: "张伟", 8: "张伟", 12: "马小虎", 15: "韩梅", 20: "才让卓玛"}
CLASS = [Pupil(100 + seat, name, seat) for seat, name in NAMES.items()]
ROWS = [
    line.split("\t")
    for line in Path(__file__).with_name("sheet.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def told(reading: SheetReading) -> Iterator[str]:
    yield from ["yesterday"] if reading.yesterday else []
    yield from ["same"] if reading.same else []
    yield from {True: ["only"], None: ["only?"], False: []}[reading.replaces]
    yield from ["all"] if reading.all_present else []
    for entry in sorted(reading.absent, key=lambda one: one.student_id):
        yield ":".join(
            str(part)
            for part in (f"-{entry.student_id - 100}", entry.reason, entry.until, "unexcused" if entry.unexcused else None)
            if part is not None
        )
    for entry in sorted(reading.later, key=lambda one: one.student_id):
        yield f">{entry.student_id - 100}:{entry.reason}:{entry.since}:{entry.until}"
    yield from (f"+{one - 100}" for one in reading.arrived)
    yield from (f"?{doubt.said}={','.join(str(one - 100) for one in doubt.candidates)}" for doubt in reading.doubts)
    yield from (f"!{said}" for said in reading.unread)
    yield from [f"#{reading.missing}"] if reading.missing is not None else []
    yield from ["wrong"] if reading.takes_back else []


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_sheets_mean_what_teachers_mean(text: str, expected: str) -> None:
    reading = read_sheet(text.replace("\\n", "\n"), pupils=CLASS, today=TODAY)
    assert " ".join(told(reading)) == expected


def test_an_empty_sheet_says_nothing() -> None:
    assert list(told(read_sheet(" \n ", pupils=CLASS, today=TODAY))) == []


def test_a_class_without_seat_numbers_is_read_by_name_only() -> None:
    pupils = [Pupil(1, "马小龙", None), Pupil(2, "马·阿卜杜", None)]
    reading = read_sheet("马阿卜杜病 5", pupils=pupils, today=TODAY)
    assert [(entry.student_id, entry.reason) for entry in reading.absent] == [(2, "sick")]
    assert reading.unread == ("5",)


def test_a_number_in_a_name_is_no_name() -> None:
    """Pupils of a try-out are called 学生1 to 学生40: "31 32" are seats, not half of 学生13."""
    pupils = [Pupil(seat, f"学生{seat}", seat) for seat in range(1, 21)]
    assert read_sheet("31 32 33 34", pupils=pupils, today=TODAY).unseated == ("31", "32", "33", "34")
    assert [entry.student_id for entry in read_sheet("1 2", pupils=pupils, today=TODAY).absent] == [1, 2]
    assert [entry.student_id for entry in read_sheet("学生12", pupils=pupils, today=TODAY).absent] == [12]


SCRAPS = ["马小龙", "小", " ", "，", "到", "号", "请假到", "月", "\x00", "🔟", "③", "\n", "99999999"]
PIECES = st.sampled_from([row[0] for row in ROWS] + SCRAPS)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=12).map("".join)))
def test_no_text_breaks_the_reader_and_nobody_outside_the_class_is_named(text: str) -> None:
    reading = read_sheet(text, pupils=CLASS, today=TODAY)
    named = {entry.student_id for entry in reading.absent} | set(reading.arrived)
    assert named <= {pupil.student_id for pupil in CLASS}
    assert not (reading.all_present and (reading.absent or reading.unread or reading.doubts))


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x01",
        "\ud800",
        "1" * 5000,
        "马小龙" * 2500,
        "5 " * 2500,
        "。" * 5000,
        "🙂" * 5000,
        "娃" * 1900,
        "应到20人" * 300,
        "全到没缺勤的" * 300,
    ],
)
def test_extreme_texts_are_read_without_harm(text: str) -> None:
    assert not read_sheet(text, pupils=CLASS, today=TODAY).all_present


@pytest.mark.parametrize("said", ["1号", "日00", "1号年1号日"])
def test_as_many_days_as_letters_are_read_in_a_moment(said: str) -> None:
    """A text of 2,000 such letters once kept the worker busy for most of a minute, and every other family waiting."""
    began = time.process_time()
    read_sheet((said * 2000)[:2000], pupils=CLASS, today=TODAY)
    assert time.process_time() - began < 4


def test_a_doubt_that_was_settled_is_read_with_its_reason() -> None:
    first = read_sheet("马晓龙病，张伟", pupils=CLASS, today=TODAY)
    meant = {doubt.said: doubt.candidates[-1] for doubt in first.doubts}
    reading = read_sheet("马晓龙病，张伟", pupils=CLASS, today=TODAY, meant=meant)
    assert sorted(told(reading)) == ["-5:sick", "-8"]


def test_a_doubt_settled_as_somebody_who_was_not_asked_about_stays_a_doubt() -> None:
    assert read_sheet("马晓龙", pupils=CLASS, today=TODAY, meant={"马晓龙": 101}).doubts
