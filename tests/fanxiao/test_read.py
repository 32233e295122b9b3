"""`fanxiao read`: a reply, a table of replies, and what is said of a bad table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fanxiao.cli import app
from tests.fanxiao.test_command_line import fanxiao


def read(*words: str) -> Any:
    return CliRunner().invoke(app, ["read", *words])


def readings(*words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(read(*words, "--json").stdout)
    return found


def table(folder: Path, text: str) -> str:
    path = folder / "replies.tsv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_reply_is_printed_for_programs_without_a_database(home: Path) -> None:
    result = fanxiao("read", "明天送来", "--question", "absence", "--child", "马小龙", "--today", "2026-11-24", "--json", home=home)
    assert json.loads(result.stdout) == [
        {"child": "马小龙", "intent": "will_return", "date": "2026-11-25", "confidence": 0.9, "evidence": "明天 送来", "action": "act"}
    ]
    assert not (home / "postgres").exists()


def test_the_words_are_named_for_which_a_person_reads_it_too() -> None:
    asked = ("--question", "absence", "--child", "马小龙", "--today", "2026-11-24")
    (one,) = readings("发烧了，他阿舅训得够呛", *asked)
    assert (one["intent"], one["action"], one["also_read"]) == ("sick", "ask", "训 够呛")
    assert "够呛" in read("发烧了，他阿舅训得够呛", *asked).stdout


def test_why_it_is_asked_and_what_is_put_in_one_line() -> None:
    asked = ("--question", "absence", "--child", "马小龙", "--today", "2026-11-24")
    (one,) = readings("小龙发烧，隔壁修房子吵得不行，我周五送他来", *asked)
    assert (one["action"], one["doubt"], one["put"]) == ("ask", "unexplained", "sick 2026-11-27")
    (one,) = readings("爷爷的头七过了，明早来", *asked)
    assert (one["action"], one["doubt"], one["put"]) == ("ask", "second_reader", "leave 2026-11-25")
    for text in ("看情况再说", "老师过两天我把娃送来", "老师叫他回家的，发烧隔壁修房子吵得不行"):  # only a day; may accuse the school
        (one,) = readings(text, *asked)
        assert one["action"] == "ask"
        assert "put" not in one


def test_each_child_has_its_own_reading() -> None:
    found = readings(
        "老大感冒了，麦燕请假到周五", "--question", "absence", "--child", "马小龙", "--child", "马麦燕", "--today", "2026-11-24"
    )
    assert [(one["child"], one["intent"], one["date"]) for one in found] == [("马小龙", "sick", None), ("马麦燕", "leave", "2026-11-27")]


@pytest.mark.parametrize(
    ("text", "question", "intent", "action"),
    [
        ("可能明天来", "absence", "unknown", "ask"),
        ("可能明天来", "none", "unknown", "person"),
        ("孩子不见了", "none", "safety", "person"),
        ("TD", "publicity", "opt_out", "act"),
        ("1", "confirm_return", "confirm_yes", "act"),
        ("", "absence", "unknown", "ask"),
    ],
)
def test_what_would_be_done(text: str, question: str, intent: str, action: str) -> None:
    (one,) = readings(text, "--question", question, "--child", "马小龙", "--today", "2026-11-24")
    assert (one["intent"], one["action"]) == (intent, action)


def test_people_get_a_table() -> None:
    shown = read("发烧了", "--question", "absence", "--child", "马小龙", "--today", "2026-11-24").stdout
    assert "sick" in shown
    assert "马小龙" in shown


def test_a_file_gives_a_line_for_each_row(tmp_path: Path) -> None:
    file = table(
        tmp_path,
        'id\tquestion\treply\tchildren\ttoday\n1\tabsence\t明天来\t马小龙、马小虎\t2026-11-24\n2\tnone\t"好\t\t\n\n3\t\t退订\t马小龙\t\n',
    )
    result = read("--file", file, "--child", "马麦燕", "--today", "2026-11-25", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["id"] for line in lines] == ["1", "2", "3"]
    assert [(one["child"], one["date"], one["action"]) for one in lines[0]["readings"]] == [(None, "2026-11-25", "ask")]
    assert lines[1]["readings"][0]["child"] == "马麦燕"
    assert lines[2]["readings"][0]["intent"] == "opt_out"


def test_a_quoted_reply_may_hold_a_line_end(tmp_path: Path) -> None:
    file = table(tmp_path, 'id\tquestion\treply\n1\tabsence\t"老师好\n明天来"\n')
    (line,) = read("--file", file, "--child", "马小龙", "--today", "2026-11-24", "--json").stdout.splitlines()
    assert json.loads(line)["readings"][0]["date"] == "2026-11-25"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id\treply\n1\t好\n", "row 1: without the columns question"),
        ("", "row 1: without the columns id, question, reply"),
        ("id\tquestion\treply\n1\tabsent\t好\n", "row 2, question: 'absent' is unknown"),
        ("id\tquestion\treply\n\tnone\t好\n", "row 2, id: must not be empty"),
        ("id\tquestion\treply\n1\tnone\n", "row 2, -: 3 columns are needed, it has 2"),
        ("id\tquestion\treply\ttoday\n1\tnone\t好\t24.11.\n", "row 2, today: is no day"),
    ],
)
def test_a_bad_table_names_row_field_and_reason(tmp_path: Path, text: str, said: str) -> None:
    result = read("--file", table(tmp_path, text), "--json")
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["好", "--question", "what"], "--question is unknown"),
        (["好", "--today", "gestern"], "--today is no day"),
        ([], "Give the text of a reply"),
        (["--file", "/none.tsv"], "cannot be read"),
    ],
)
def test_bad_words_are_refused(words: list[str], said: str) -> None:
    result = read(*words)
    assert result.exit_code == 1
    assert said in result.stderr


def test_own_words_of_the_installation_are_used_or_refused(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("words: {sick: [打摆子]}", encoding="utf-8")
    ask = ("read", "娃打摆子了", "--question", "absence", "--child", "马小龙", "--today", "2026-11-24", "--json")
    assert json.loads(fanxiao(*ask, home=home, FANXIAO_LEXICON=str(file)).stdout)[0]["intent"] == "sick"
    file.write_text("words: {ill: [打摆子]}", encoding="utf-8")
    result = fanxiao(*ask, home=home, FANXIAO_LEXICON=str(file))
    assert result.returncode == 2
    assert "own.yaml: words.ill" in result.stderr
