"""What somebody at a school says of a child's enrolment or register: 转出 马小龙 到 临夏市实验小学."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.replies.normalise import tidy
from plan.yaml_text import read_yaml

_LONGEST = 160
CARD = ("studies", "living")
_INSIDE = ("no_longer", "by_person", *CARD)


@dataclass(frozen=True)
class RollReading:
    """`what`: the kind of thing said (a key of roll_words.yaml). `child`: as written; empty where a class is meant."""

    what: str
    child: str
    rest: str


@cache
def _words() -> Mapping[str, re.Pattern[str]]:
    data: dict[str, str] = read_yaml(Path(__file__).with_name("roll_words.yaml").read_text(encoding="utf-8"))
    return {name: re.compile(text) for name, text in data.items()}


def read_roll(text: str) -> RollReading | None:
    """None where the text does not begin with one of the words."""
    plain = tidy(text).strip(" 。.!！")
    if len(plain) > _LONGEST:
        return None
    for what, pattern in _words().items():
        if what not in _INSIDE and (match := pattern.match(plain)):
            parts = match.groupdict()
            return RollReading(what, parts.get("child") or "", (parts.get("rest") or "").strip())
    return None


def read_leaving(rest: str) -> tuple[bool, str]:
    """(whether the child no longer belongs to the group, the group's name)."""
    left = _words()["no_longer"].sub("", rest)
    return left != rest, left.strip()


def read_teacher(rest: str) -> tuple[str, str]:
    """(who goes, the rest with the days); who is empty where nobody is named."""
    match = _words()["by_person"].search(rest)
    return (match["person"], rest[: match.start()].strip()) if match else ("", rest)


def read_card(rest: str) -> dict[str, str]:
    """What is said of a child's studies and of how it lives, each up to the next heading; empty where no heading stands."""
    found = sorted((match.start(), match.end(), name) for name in CARD if (match := _words()[name].search(rest)))
    ends = [*(start for start, _, _ in found[1:]), len(rest)]
    parts = {name: rest[begin:end].strip(" ,;。") for (_, begin, name), end in zip(found, ends, strict=False)}
    return {name: said for name, said in parts.items() if said}
