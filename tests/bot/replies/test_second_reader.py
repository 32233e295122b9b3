"""The second reader doubts, guesses for a question back, and comes from the labelled replies that are shipped."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bench import teach
from bench._labelled import BUILDING, STRANGERS_BUILDING, load
from bot.replies import Child, action, likeliest, read_guardian
from bot.replies.school_year import NO_SCHOOL_YEAR
from bot.replies.second_reader import _chances, chances, pieces_of, second_reader

TODAY = date(2026, 11, 24)
BOY, GIRL = Child(1, "马建国", rank=1), Child(2, "马玉兰", rank=2)


def acts(text: str, question: str | None = "absence", children: tuple[Child, ...] = (BOY,)) -> list[tuple[str, str]]:
    readings = read_guardian(text, question=question, children=children, today=TODAY)
    return [(one.intent, action(one, question=question, children=len(children))) for one in readings]


def test_it_was_taught_with_the_replies_that_are_there() -> None:
    assert second_reader().data == teach.digest(), "run python -m bench.teach"


@pytest.mark.slow
def test_teaching_it_again_gives_the_same_chances(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    texts = ["娃发烧了，在诊所打针", "搬到新疆去了，不回来了", "钱不够，车费没有", "后天送来"]
    before = [chances(text, "absence", []) for text in texts]
    monkeypatch.setattr(teach, "FILE", tmp_path / "again.json")
    monkeypatch.setattr("bot.replies.second_reader.FILE", tmp_path / "again.json")
    teach.main()
    second_reader.cache_clear()
    _chances.cache_clear()
    after = [chances(text, "absence", []) for text in texts]
    second_reader.cache_clear()
    _chances.cache_clear()
    for one, other in zip(before, after, strict=True):
        assert one == pytest.approx(other, abs=0.02)


def test_whose_name_and_which_day_it_is_teaches_nothing() -> None:
    assert pieces_of("马建国15号来", ["马建国"]) == pieces_of("马玉兰3号来", ["马玉兰"])


@pytest.mark.parametrize(
    ("text", "question", "meant"),
    [
        ("娃发烧了，在诊所打针", "absence", "sick"),
        ("搬到新疆去了，以后在那边念", "absence", "migrated"),
        ("通知收到了", "notice", "acknowledged"),
        ("已经到学校了", "confirm_return", "returned"),
        ("转学要开啥手续", None, "question"),
    ],
)
def test_plain_texts_are_plain_to_it(text: str, question: str | None, meant: str) -> None:
    likely = chances(text, question, [])
    assert max(likely, key=lambda one: likely[one]) == meant
    assert all(0 <= chance <= 1 for chance in likely.values())


def test_what_only_one_reader_understands_is_asked() -> None:
    """The rules take the promise for a leave; what follows the funeral is the promise."""
    assert acts("爷爷的头七过了，明早来") == [("leave", "ask")]
    assert acts("转学要开啥手续", None) == [("transferred", "person")]


def test_what_both_understand_is_acted_on_and_a_digit_needs_no_second_reader() -> None:
    assert acts("发烧了，请假两天") == [("sick", "act")]
    assert acts("5") == [("hardship", "act")]
    assert acts("退订", None) == [("opt_out", "act")]


@pytest.mark.parametrize("text", ["申请帮助", "申请帮助。", "打错了", "退订"])
@pytest.mark.parametrize("question", ["absence", "publicity", None])
def test_what_our_own_messages_tell_a_family_to_say_is_acted_on(text: str, question: str | None) -> None:
    assert [done for _, done in acts(text, question)] == ["act"]


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("爷爷的头七过了，明早来", "absence", ("leave", "2026-11-25")),  # what the rules half understood
        ("本来打算转学的，后来没转，明天还来咱们学校", "absence", ("will_return", "2026-11-25")),  # what only the second reader did
        ("羊下羔子着呢，忙不过来，28号送娃来", "absence", ("will_return", "2026-11-28")),
        ("看情况再说", "absence", None),
        ("这事我再问问她爸", "absence", None),
    ],
)
def test_the_likeliest_meaning_of_what_is_asked(text: str, question: str, expected: tuple[str, str] | None) -> None:
    found = read_guardian(text, question=question, children=(BOY,), today=TODAY)
    meant = likeliest(found, text, question=question, children=(BOY,), today=TODAY, school=NO_SCHOOL_YEAR)
    assert (None if meant is None else (meant.intent, str(meant.on))) == expected


def test_beside_brothers_and_sisters_nothing_is_guessed() -> None:
    text = "本来打算转学的，后来没转，明天还来咱们学校"
    found = read_guardian(text, question="absence", children=(BOY, GIRL), today=TODAY)
    assert likeliest(found, text, question="absence", children=(BOY, GIRL), today=TODAY, school=NO_SCHOOL_YEAR) is None


def test_of_two_things_there_is_no_likeliest() -> None:
    children, text = (BOY, GIRL), "建国再说吧，玉兰再看"
    found = read_guardian(text, question="absence", children=children, today=TODAY)
    assert likeliest(found, text, question="absence", children=children, today=TODAY, school=NO_SCHOOL_YEAR) is None


def test_no_reply_that_it_learns_from_is_one_that_is_measured() -> None:
    learnt = {(row.question, row.reply) for name in (BUILDING, STRANGERS_BUILDING) for row in load(name)}
    for name in ("replies_measuring.tsv", "strangers_measuring.tsv", "strangers_danger.tsv"):
        assert not [row.id for row in load(name) if (row.question, row.reply) in learnt]
