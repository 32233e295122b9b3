"""Words that an officer adds in a file of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bot.replies import Child, action, is_danger, read_guardian, unread_words
from bot.replies.extension import LexiconFault, use_words

CHILD = Child(1, "马小龙")


@pytest.fixture(autouse=True)
def _as_it_comes() -> Iterator[None]:
    yield
    use_words(None)


def own(folder: Path, text: str) -> Path:
    path = folder / "lexicon.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def read(text: str, today: date = date(2026, 11, 24)) -> tuple[str, date | None]:
    (reading,) = read_guardian(text, question="absence", children=(CHILD,), today=today)
    return reading.intent, reading.on


def test_an_everyday_word_of_ones_own_holds_for_what_was_read_before(tmp_path: Path) -> None:
    strange, today = "娃感冒了，花儿会上着凉的", date(2026, 11, 24)
    assert unread_words(strange, children=(CHILD,), today=today) == ("会上",)
    use_words(own(tmp_path, "everyday: [会上]\n"))
    assert unread_words(strange, children=(CHILD,), today=today) == ()


def test_own_words_are_read_and_the_rest_stays(tmp_path: Path) -> None:
    assert read("娃打摆子了")[0] == "unknown"
    assert not is_danger("娃让野猪拱了")
    use_words(
        own(
            tmp_path,
            "words: {sick: [打摆子], working: [捡羊毛]}\nsafety: [野猪拱]\ntypos: {发勺: 发烧}\nvocabulary: [打摆子]\n"
            "days: {外外后: 4}\nfeasts: {古尔邦节: [2027-05-17]}\n",
        )
    )
    assert read("娃打摆子了") == ("sick", None)
    assert read("da baizi le") == ("sick", None)
    assert read("他捡羊毛去了")[0] == "working"
    assert is_danger("娃让野猪拱了")
    assert read("外外后来") == ("will_return", date(2026, 11, 28))
    assert read("古尔邦节过了来", date(2027, 5, 10)) == ("will_return", date(2027, 5, 18))
    assert read("发烧了") == ("sick", None)
    use_words(None)
    assert read("娃打摆子了")[0] == "unknown"


def test_what_an_office_has_added_is_acted_on_though_the_second_reader_was_not_taught_it(tmp_path: Path) -> None:
    use_words(own(tmp_path, "words: {sick: [打摆子], working: [捡羊毛]}\ndays: {外外后: 4}\n"))
    for text in ("娃打摆子着呢", "跟她妈捡羊毛去了", "外外后来"):
        (reading,) = read_guardian(text, question="absence", children=(CHILD,), today=date(2026, 11, 24))
        assert action(reading, question="absence", children=1) == "act", text


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("word: {sick: [打摆子]}", "word", "unknown"),
        ("words: [打摆子]", "words", "list of words for each intent"),
        ("words: {ill: [打摆子]}", "words.ill", "no intent"),
        ("words: {sick: 打摆子}", "words.sick", "list of words"),
        ("words: {sick: [打摆子, 疼]}", "words.sick[2]", "2 to 20 characters"),
        ("safety: [3]", "safety[1]", "2 to 20 characters"),
        ("typos: [发勺]", "typos", "right word"),
        ("vocabulary: [fever]", "vocabulary[1]", "characters"),
        ("days: {外后日: 明天}", "days.外后日", "whole number"),
        ("feasts: {元宵: [2027-02-20]}", "feasts.元宵", "no feast"),
        ("feasts: {开斋节: 2027-03-10}", "feasts.开斋节", "list of days"),
        ("- 打摆子", "-", "keys"),
        ("words: {sick: [", "line 1", "YAML"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(tmp_path: Path, text: str, key: str, reason: str) -> None:
    with pytest.raises(LexiconFault) as caught:
        use_words(own(tmp_path, text))
    assert str(caught.value).startswith(f"lexicon.yaml: {key}")
    assert reason in str(caught.value)
    assert read("发烧了") == ("sick", None)


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(LexiconFault, match="cannot be read"):
        use_words(tmp_path / "none.yaml")
    (tmp_path / "lexicon.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LexiconFault, match="UTF-8"):
        use_words(tmp_path / "lexicon.yaml")
