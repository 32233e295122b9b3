"""Every action of the record has its sentence, in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, StrictUndefined

from cases.ledger import StoryLine
from console.telling import Knowledge, Teller, known_actions, tell
from plan.check import read_plan
from plan.yaml_text import read_yaml
from storage.database import Database
from tests.stories.county import PLAN, County, local

ROOT = Path(__file__).resolve().parent.parent.parent
ENDINGS = {  # actions whose end is a state
    "absence_": {"absent", "excused", "arrived", "withdrawn"},
    "task_": {"done", "missed", "cancelled"},
    "referral_": {"approved", "refused"},
    "post_": {"confirmed", "denied"},
}

RECORDERS = {"note", "_record"}
"""Functions that record what they are given."""


def _recorded() -> Iterator[str]:
    """The actions that the code records, from its text."""
    for room in ("cases", "bot", "scheduler", "console", "fanxiao"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record":
                    yield from _actions(node.args[0])
                elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RECORDERS:
                    yield from (action for one in node.args if _is_action(one) for action in _actions(one))


def _is_action(argument: ast.expr) -> bool:
    if isinstance(argument, ast.IfExp):
        return _is_action(argument.body)
    if isinstance(argument, ast.JoinedStr):
        return isinstance(argument.values[0], ast.Constant) and argument.values[0].value in ENDINGS
    return isinstance(argument, ast.Constant) and isinstance(argument.value, str) and "_" in argument.value


def _actions(argument: ast.expr) -> Iterator[str]:
    if isinstance(argument, ast.Constant):
        yield str(argument.value)
    elif isinstance(argument, ast.IfExp):
        yield from (*_actions(argument.body), *_actions(argument.orelse))
    elif isinstance(argument, ast.JoinedStr) and isinstance(argument.values[0], ast.Constant):
        stem = str(argument.values[0].value)
        yield from (stem + ending for ending in ENDINGS[stem])
    else:
        yield from ("level_passed", "level_entered")


def test_every_recorded_action_can_be_told() -> None:
    recorded = set(_recorded())
    assert len(recorded) > 40
    assert recorded - known_actions() == set()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_sentence_can_be_said_with_nothing_known(language: str) -> None:
    teller = Teller(read_plan(PLAN), language, Knowledge({}, {}))
    for action in known_actions():
        told = teller.sentence(StoryLine(local("2026-11-02 08:30"), "system", action, "case:1", {}))
        assert told
        assert "None" not in told


def test_the_file_uses_only_names_that_are_given() -> None:
    book = read_yaml((ROOT / "templates" / "story.yaml").read_text(encoding="utf-8"))
    environment = Environment(undefined=StrictUndefined, autoescape=True)
    for both in book["sentences"].values():
        assert set(both) == {"zh", "en"}
        for sentence in both.values():
            environment.parse(sentence)


def _teller(language: str = "zh") -> Teller:
    return Teller(read_plan(PLAN), language, Knowledge({}, {12: "乡镇长钱镇长"}))


@pytest.mark.parametrize(
    ("action", "facts", "expected"),
    [
        ("level_entered", {"level": 4, "reason": "absent_school_day_4"}, "进入第4级“乡镇政府和县教育局”：缺勤第4个上学日。"),
        ("level_passed", {"level": 2, "reason": "answer_accepted"}, "越过第2级“班主任联系家庭”：已有可以接受的答复。"),
        ("case_closed", {"exit": "returned"}, "销号：返校。"),
        ("case_paused", {"until": "2026-11-05T04:00:00+00:00", "reason": "sick"}, "原因已知（生病请假），暂缓升级至11月5日。"),
        ("task_cancelled", {"kind": "home_visit", "reason": "case_closed_transferred"}, "“入户家访并记录情况”结束（转学）。"),
        ("task_opened", {"kind": "issue_notice", "holders": [12]}, "交办“签发返校通知书”给乡镇长钱镇长。"),
        ("guardian_answered", {"intent": "will_return", "on": "2026-11-03"}, "系统答复：会送来（11月3日）。"),
        ("referral_proposed", {"department": "justice"}, "系统提出移送司法，等待审批。"),
        ("something_new", {}, "something_new"),
    ],
)
def test_facts_are_said_in_words(action: str, facts: dict[str, object], expected: str) -> None:
    assert _teller().sentence(StoryLine(local("2026-11-02 08:30"), "system", action, "case:1", facts)) == expected


async def test_a_played_case_is_told_without_a_bare_code(county: County, database: Database) -> None:
    """Nothing of a long story shows a name of the code to its reader."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.to("2026-11-18 12:01")
    case = await county.case("马小龙")
    async with database.session() as session:
        told = await tell(session, read_plan(PLAN), case.id, "zh")
    assert len(told) > 20
    assert [line.text for line in told if any(character.isascii() and character.isalpha() for character in line.text)] == []
