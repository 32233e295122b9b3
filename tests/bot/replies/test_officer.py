from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.replies import Child, Pupil, read_guardian, read_officer, read_sheet

TODAY = date(2026, 11, 24)
CODES = ("A7", "B2", "K9")
ROWS = [
    line.split("\t")
    for line in Path(__file__).with_name("officer.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("text", "command", "code", "rest", "until", "number", "name"), [row[:7] for row in ROWS])
def test_answers_mean_what_officers_mean(text: str, command: str, code: str, rest: str, until: str, number: str, name: str) -> None:
    reading = read_officer(text, codes=CODES, today=TODAY)
    said = (reading.command, reading.code or "", reading.text, str(reading.until or ""), reading.number or "", reading.name or "")
    assert said == (command, code, rest, until, number, name)


@pytest.mark.parametrize("text", ["4 延期到昨天", "请假到昨天，由马主任代", "A7 4 上周五 路不通"])
def test_a_day_that_is_over_is_said_to_be_over(text: str) -> None:
    reading = read_officer(text, codes=CODES, today=TODAY)
    assert (reading.past, reading.until) == (True, None)


def test_what_the_sender_is_to_the_child_is_kept() -> None:
    reading = read_officer("A7 是 马小龙的爸爸", codes=CODES, today=TODAY)
    assert (reading.command, reading.name, reading.relation) == ("belongs", "马小龙", "爸爸")


@pytest.mark.parametrize(
    ("text", "since", "until", "name"),
    [
        ("请假11月30日到12月2日，由牟文书代", "2026-11-30", "2026-12-02", "牟文书"),
        ("12月29日到3日请假，由牟文书代", "2026-12-29", "2027-01-03", "牟文书"),
        ("我下周一到周三外出培训，由王老师代班", "2026-11-30", "2026-12-02", "王老师"),
        ("从明天起请假三天，请钱镇长代我", "2026-11-25", "2026-11-27", "钱镇长"),
        ("12月9-11日请假，钱镇长代", "2026-12-09", "2026-12-11", "钱镇长"),
        ("请假到周五钱镇长代", "2026-11-24", "2026-11-27", "钱镇长"),
        ("下周一到周三去兰州培训 让马玉兰替我", "2026-11-30", "2026-12-02", "马玉兰"),
        ("请假周五", "2026-11-27", "2026-11-27", ""),
        ("请假到周五，没人代", "2026-11-24", "2026-11-27", ""),
        ("请假 7.8 到周五，由钱镇长代", "", "", "钱镇长"),
    ],
)
def test_a_leave_has_a_first_and_a_last_day(text: str, since: str, until: str, name: str) -> None:
    reading = read_officer(text, codes=CODES, today=TODAY)
    assert (reading.command, str(reading.since or ""), str(reading.until or ""), reading.name or "") == ("away", since, until, name)


@pytest.mark.parametrize(
    "text", ["马小龙明天请假", "21明天请假", "5号请假到周五", "5号去医院请假", "马小龙明天去医院请假", "明天开会研究", "孩子明天请假"]
)
def test_a_pupil_who_is_away_is_no_leave_of_the_officer(text: str) -> None:
    assert read_officer(text, codes=CODES, today=TODAY).command == "unknown"


PIECES = st.sampled_from([row[0] for row in ROWS] + ["A7", " ", "到", "\x00", "🔟", "③", "\n"])


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=12).map("".join)))
def test_no_text_breaks_the_reader(text: str) -> None:
    reading = read_officer(text, codes=CODES, today=TODAY)
    assert reading.code is None or reading.code in CODES or (reading.command != "unknown" and len(reading.code) == 2)
    assert reading.until is None or reading.until >= TODAY


@pytest.mark.parametrize("text", ["\x00", "\ud800", "1" * 5000, "到" * 5000, "🙂" * 5000, "A7" * 2500])
def test_extreme_texts_are_read_without_harm(text: str) -> None:
    assert read_officer(text, codes=CODES, today=TODAY).command == "unknown"


def test_the_morning_rush_is_read_in_time() -> None:
    """18,000 sheets and 5,000 replies come within half an hour; a tenth of one core must do for reading them."""
    pupils = [Pupil(seat, f"马{chr(0x5C0F + seat)}{chr(0x9F99 - seat)}", seat) for seat in range(1, 61)]
    read_sheet("5 12", pupils=pupils, today=TODAY)
    read_guardian("明天送去学校", question="absence", children=[Child(1, "马小龙")], today=TODAY)
    began = time.process_time()
    for seat in range(1, 51):
        read_sheet(f"{seat} 12 {pupils[seat].name}病，李雷请假到周五", pupils=pupils, today=TODAY)
        read_guardian("老师您好，孩子今天发烧了，明天送去学校", question="absence", children=[Child(1, "马小龙")], today=TODAY)
    assert (time.process_time() - began) / 50 < 0.02
