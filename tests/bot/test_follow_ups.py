"""What a family writes to a further question, read without a database: a digit, a day, its own words, or something else altogether."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.dialogs.follow_ups import More, _more, _read
from bot.dialogs.talk import Talk
from bot.replies import school_year_of
from plan.check import read_plan
from storage.tables import Inbound, Question, Student

TODAY = date(2026, 11, 2)
PLAN = read_plan(files("plan").joinpath("linxia.yaml").read_text(encoding="utf-8"))
OFFERED = {"help": 5, "where": 5, "until": 5, "school": 2}
ROWS = [
    (line.split("\t") + [""] * 5)[:5]
    for line in Path(__file__).with_name("replies").joinpath("follow_ups.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def read(kind: str, text: str) -> More | None:
    question = Question(kind=kind, student_id=1, facts={"choices": [[str(one + 1), ""] for one in range(OFFERED[kind])]})
    speaker = cast("Any", SimpleNamespace(plan=PLAN, today=TODAY, school_year=school_year_of(PLAN)))
    talk = Talk(cast("Any", None), Inbound(body=text), speaker, question, [question], [Student(id=1, name="马小龙")])
    return _more(talk, kind, _read(talk, kind))


@pytest.mark.parametrize(("kind", "text", "digit", "back", "said"), ROWS)
def test_a_further_answer_means_what_people_mean(kind: str, text: str, digit: str, back: str, said: str) -> None:
    wanted = More(int(digit) if digit else None, said, date.fromisoformat(back) if back else None) if digit != "-" else None
    assert read(kind, text) == wanted
