"""Who waits for which open question at a contact, and which ends when something else is asked: a policy without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.outbox.claim import Due
from bot.outbox.questions import Asked, OpenQuestions, gives_way
from tests.bot.world import AREA, NOW, UNLIMITED

HOUR = timedelta(hours=1)


def _intent(question: str, *, urgency: str = "duty", **about: int) -> Due:
    names = ("case_id", "student_id", "sheet_id", "task_id", "notice_id", "contact_id")
    return Due(
        id=9, dedupe_key="", person_id=1, template="", urgency=urgency, facts={}, still=None, question=question, area_code=AREA,
        created_at=NOW, due_at=NOW, expires_at=NOW + 20 * HOUR, state="pending", reason=None, message_id=None, waits_for=None, tried=None,
        resting=None, calls=0, **{name: about.get(name) for name in names},
    )  # fmt: skip


def _asked(kind: str, **about: Any) -> Asked:
    empty = dict.fromkeys(("case_id", "student_id", "sheet_id", "task_id", "notice_id", "intent_id", "message_id", "ended_at"))
    row: dict[str, Any] = {
        "id": 5, "contact_id": 1, "person_id": 1, "area_code": AREA, "kind": kind, "facts": {}, "state": "open", "asked_at": NOW - HOUR,
        "expires_at": NOW + 20 * HOUR,
    }  # fmt: skip
    return Asked(**(empty | row | about))


def _open(*asked: Asked) -> OpenQuestions:
    questions = OpenQuestions(UNLIMITED, NOW)
    questions._open[1].extend(asked)
    return questions


@pytest.mark.parametrize(
    ("asked", "intent", "waits"),
    [
        (_asked("absence", student_id=1), _intent("absence", student_id=2), True),
        (_asked("absence", student_id=1), _intent("absence", student_id=1), False),
        (_asked("absence", student_id=1), _intent("absence", student_id=2, urgency="safety"), False),
        (_asked("absence", student_id=1), _intent("help", student_id=2, contact_id=1), False),
        (_asked("absence", student_id=1), _intent("task", task_id=3), False),
        (_asked("absence", student_id=1), _intent("still_you"), False),
        (_asked("task", task_id=3), _intent("absence", student_id=2), False),
        (_asked("still_you"), _intent("absence", student_id=2), False),
        (_asked("lesson", student_id=1), _intent("absence", student_id=2), False),
        (_asked("help", student_id=1), _intent("absence", student_id=2), False),
        (_asked("sheet", sheet_id=1), _intent("sheet", sheet_id=2), False),
        (_asked("sheet", sheet_id=1), _intent("absence", student_id=2), True),
        (_asked("absence", student_id=1), _intent("sheet", sheet_id=2), True),
        (_asked("absence", student_id=1), _intent("lesson", student_id=1), True),
        (_asked("help", student_id=1), _intent("lesson", student_id=2), True),
        (_asked("lesson", student_id=1), _intent("lesson", student_id=1), False),
        (_asked("task", task_id=3), _intent("lesson", student_id=1), False),
    ],
)
def test_what_waits_for_what(asked: Asked, intent: Due, waits: bool) -> None:
    assert (_open(asked).blocking(1, intent) is asked) is waits


def test_nothing_waits_when_half_of_its_time_has_gone_but_a_visit_s_question() -> None:
    asked = _asked("absence", student_id=1)
    for question, waits in (("absence", False), ("lesson", True)):
        late = replace(_intent(question, student_id=2), due_at=NOW - 10 * HOUR, expires_at=NOW + 10 * HOUR)
        assert (_open(asked).blocking(1, late) is asked) is waits
        early = replace(late, expires_at=NOW + 11 * HOUR)
        assert _open(asked).blocking(1, early) is asked


def test_children_of_one_message_do_not_wait_for_each_other_but_for_a_third() -> None:
    together = _asked("absence", student_id=1, message_id=7), _asked("absence", student_id=2, message_id=7)
    third = _asked("absence", student_id=3, message_id=8)
    reminder = _intent("absence", student_id=1)
    assert _open(*together).blocking(1, reminder) is None
    assert _open(*together, third).blocking(1, reminder) is third


@pytest.mark.parametrize(
    ("kind", "asked_now", "ends"),
    [
        ("help", "absence", True), ("help", "where", False), ("help", "task", False), ("help", "still_you", False),
        ("lesson", "absence", True), ("lesson", "help", True), ("lesson", "task", False), ("lesson", "still_you", False),
        ("lesson", "lesson", False), ("absence", "notice", False),
    ],
)  # fmt: skip
def test_what_ends_when_something_else_is_asked(kind: str, asked_now: str, ends: bool) -> None:
    older, questions = _asked(kind, student_id=1), OpenQuestions(UNLIMITED, NOW)
    questions._open[1].append(older)
    assert gives_way(older, _intent(asked_now)) is ends
    questions.ask(1, _intent(asked_now))
    assert (older.state, older.ended_at) == (("withdrawn", NOW) if ends else ("open", None))


@pytest.mark.parametrize(
    ("older", "newer", "replaces"),
    [
        (_asked("task", task_id=3, student_id=1), _intent("task", task_id=3), True),
        (_asked("task", task_id=3, student_id=1), _intent("task", task_id=4, student_id=1), False),
        (_asked("task", task_id=3, student_id=1), _intent("absence", student_id=1), False),
        (_asked("absence", student_id=1), _intent("task", task_id=3, student_id=1), False),
        (_asked("absence", case_id=2), _intent("notice", case_id=2), True),
        (_asked("absence", student_id=1), _intent("absence", student_id=2), False),
    ],
)
def test_a_newer_question_takes_the_place_of_one_about_the_same(older: Asked, newer: Due, replaces: bool) -> None:
    older = replace(older)
    _open(older).ask(1, newer)
    assert (older.state == "withdrawn") is replaces
