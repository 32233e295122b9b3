"""A pattern that is told with what it can begin finds what it would have found."""

from __future__ import annotations

import re

import pytest

from bench._labelled import MEASURING, load
from bot.replies.beginnings import Sieve, compiled, either
from bot.replies.lexicon import lexicon

TEXTS = [row.reply for row in load(MEASURING)[:300]]
PATTERNS = [
    "病|感冒",
    "(?<!没)病",
    "(?:还|都)?(?:没|不)来",
    "(?:^|说)娃",
    "[^,]{0,3}车",
    ".来",
    "(?i)td",
    "(?i:td)|退订",
    "(?:(?!))|来",
    "(?!)",
    "(好)(?=的)",
    "[0-9]{1,2}号|[一-三]号",
    "(?P<who>爷爷|奶奶)?病",
    "(?:不)*",
    r"\d+",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_same_is_found(pattern: str) -> None:
    plain = re.compile(pattern)
    for told in (compiled(pattern), *([] if pattern.startswith("(?i)") else [either([pattern, "zzz"])])):
        for text in [*TEXTS, "", "TD", "td", "退订", "没来"]:
            assert [(found.span(), found.groups()) for found in told.finditer(text)] == [
                (found.span(), found.groups()) for found in plain.finditer(text)
            ]


def test_nearly_all_of_the_lexicon_is_told_with_what_it_can_begin() -> None:
    told = [pattern.pattern.startswith("(?=[") for pattern in lexicon().intents.values()]
    assert sum(told) == len(told)


def test_what_is_no_pattern_is_refused_as_ever() -> None:
    with pytest.raises(re.error):
        compiled("(病")


def test_a_sieve_leaves_out_only_what_cannot_be_found() -> None:
    patterns = [(str(number), re.compile(pattern)) for number, pattern in enumerate(PATTERNS)]
    sieve = Sieve(patterns)
    for text in [*TEXTS, "", "病", "TD", "来", "吗"]:
        left = [name for name, _ in sieve.among(text)]
        assert {name for name, pattern in patterns if pattern.search(text)} <= set(left)
        assert left == sorted(left, key=int)
        assert {name for name, pattern in patterns if pattern.match(text)} <= {name for name, _ in sieve.at_start(text)}
    assert len(sieve.among("z")) < len(patterns)


@pytest.mark.parametrize(
    ("pattern", "text", "may_be_found"),
    [
        ("发烧|头疼", "烧头", False),
        ("发烧|头疼", "头疼了", True),
        ("发(?:高|低)?烧", "发低烧", True),
        ("发(?:高|低)?烧", "发不了", False),
        ("(?:孩子|娃)病", "娃病了", True),
        ("(?:孩子|娃)病", "娃来了", False),
        ("(?<=娃)病", "病", True),
        ("病(?=了)", "病", True),
        ("[一二]+号", "二二号", True),
        ("[一二]+号", "二月", False),
        ("病.{0,2}重", "病得很重", True),
        (r"\d号", "3号", True),
        ("吃(?!饭)药?", "吃", True),
    ],
)
def test_two_characters_that_stand_side_by_side_must_be_able_to_begin_it(pattern: str, text: str, *, may_be_found: bool) -> None:
    assert bool(Sieve([("one", re.compile(pattern))]).among(text)) is may_be_found


def test_few_intents_are_looked_for_in_a_plain_reply() -> None:
    looked_for = [name for name, _ in lexicon().intents.among("孩子发烧了")]
    assert "sick" in looked_for
    assert len(looked_for) <= len(lexicon().intents) / 3
