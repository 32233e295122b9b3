"""The building half of the labelled replies: what is acted on is right, danger is never missed, the rest is asked."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from bench._labelled import BUILDING, MEASURING, STRANGERS_BUILDING, STRANGERS_DANGER, STRANGERS_MEASURING, acts_rightly, load, mark
from bench.replies import ours

ROWS = load(BUILDING)


def test_a_reply_is_read_rightly_or_not_acted_on() -> None:
    acted = [(row, answer) for row in ROWS if (answer := ours(row)).action == "act"]
    assert not [(row.id, row.reply, answer.said) for row, answer in acted if not acts_rightly(row, answer)]


def test_most_is_understood_and_no_danger_is_missed() -> None:
    marks = mark(ours, ROWS)
    assert marks.safety == 1.0
    assert marks.reached == 1.0
    assert marks.looks <= 0.2
    assert marks.coverage >= 0.95
    assert marks.understood >= 0.93
    assert marks.days >= 0.95


def test_danger_that_was_never_built_for_reaches_somebody() -> None:
    marks = mark(ours, load(MEASURING))
    assert marks.reached == 1.0
    assert marks.precision >= 0.98
    assert marks.coverage >= 0.85


def test_strangers_are_read_rightly_or_asked() -> None:
    marks = mark(ours, load(STRANGERS_BUILDING))
    assert marks.precision >= 0.99
    assert marks.coverage >= 0.89
    assert marks.understood >= 0.73
    assert marks.reached >= 0.97


def test_what_strangers_wrote_and_no_rule_was_made_from_is_seldom_read_wrongly() -> None:
    marks = mark(ours, load(STRANGERS_MEASURING))
    assert marks.precision >= 0.98
    assert marks.coverage >= 0.85
    assert marks.put >= 0.35
    assert marks.put_rightly >= 0.85
    assert marks.reached == 1.0
    assert mark(ours, load(STRANGERS_DANGER)).reached == 1.0


def test_the_halves_share_nothing_and_hold_all_intents_and_questions() -> None:
    measuring = load(MEASURING)
    assert len(ROWS) + len(measuring) >= 600
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert not {(row.question, row.reply) for row in ROWS} & {(row.question, row.reply) for row in measuring}
    for half in (ROWS, measuring):
        questions = Counter(row.question for row in half)
        assert set(questions) == {"absence", "notice", "confirm_return", "none", "publicity"}
        intents = {meant.intent for row in half for one in row.right for meant in one}
        assert len(intents) >= 25


def test_the_files_are_tables_that_the_command_line_reads() -> None:
    path = Path("bench/data") / BUILDING
    with path.open(encoding="utf-8", newline="") as file:
        head = next(csv.reader(file, delimiter="\t"))
    assert head[:5] == ["id", "question", "children", "today", "reply"]
