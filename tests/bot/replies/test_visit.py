from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.replies.visit import read_visit

TODAY = date(2026, 11, 24)
ROWS = [
    line.split("\t")
    for line in Path(__file__).with_name("visit.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("text", "found", "said", "visited", "expected", "complete", "again"), ROWS)
def test_a_visit_says_whom_they_found_and_what_was_said(
    text: str, found: str, said: str, visited: str, expected: str, complete: str, again: str
) -> None:
    reading = read_visit(text, TODAY)
    assert (" ".join(reading.found), reading.said) == (found, said)
    assert (str(reading.visited_on), str(reading.expected_on or "")) == (visited, expected)
    assert (reading.is_complete, reading.is_attempt) == (bool(complete), bool(again))


@pytest.mark.parametrize("text", ["\x00", "见到" * 800, "🙂", "，，，", "说" * 900])
def test_no_text_breaks_the_reader(text: str) -> None:
    read_visit(text, TODAY)
