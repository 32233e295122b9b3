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
    for text in TEXTS:
        left = [name for name, _ in sieve.among(text)]
        assert {name for name, pattern in patterns if pattern.search(text)} <= set(left)
        assert left == sorted(left, key=int)
    assert len(sieve.among("z")) < len(patterns)
