"""Short pieces of text that answers are put together from (templates/phrases.yaml)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import as_file, files

from bot.rendering import Catalogue, load_once
from bot.rendering.law import LawBook
from storage.tables import Task

_CHOICE = re.compile(r"(\d)(\S+)")
MOST_AT_ONCE = 4
Choices = list[list[str]]
"""What may be pressed or written, and what it stands for: [["1", "生病请假"], …]."""


@cache
def _catalogue() -> Catalogue:
    with as_file(files("templates")) as folder:
        return load_once(folder)


def phrase(key: str, **words: str) -> str:
    """The piece, filled in. Raises RenderingError where there is none."""
    return _catalogue().phrase(key, words)


def example_of(task: Task) -> str:
    """How such a task is ended, with its code."""
    return _catalogue().answering(task.kind, {"code": task.code, "later": False, "by_answer": False})["example"]


def law_book() -> LawBook:
    """What messages may quote and must never say."""
    return _catalogue().law


def choices(kind: str) -> Choices:
    """The digits of a kind of question."""
    return [[digit, label] for digit, label in _CHOICE.findall(phrase(f"options.{kind}"))]


def numbered(labels: Sequence[str]) -> Choices:
    """A digit for each, from 1."""
    return [[str(number), label] for number, label in enumerate(labels, start=1)]


def listed(offered: Choices) -> str:
    """As an SMS shows them: 1本县 2外省."""
    return " ".join(f"{digit}{label}" for digit, label in offered)


def parted_options(offered: Choices) -> dict[str, str]:
    """The same in two pieces, for a text that says what comes first and what else: a registered template takes no long list at once."""
    first, rest = offered[:MOST_AT_ONCE], offered[MOST_AT_ONCE:]
    return {"options": listed(first), **({"more_options": listed(rest)} if rest else {})}


def may_be_repeated(intent: str) -> bool:
    """Whether there are words for it: what could hurt a child on a shared phone has none."""
    return f"understood.{intent}" in _catalogue().phrases


def spoken_day(day: date) -> str:
    """A date as people say it."""
    return f"{day.month}月{day.day}日"


def spoken_weekday(day: date, today: date) -> str:
    """周三, or 下周三 when it is not this week any more."""
    this_week = day.isocalendar()[:2] == today.isocalendar()[:2]
    return phrase("weekday.this" if this_week else "weekday.next", day=phrase(f"weekday.{day.isoweekday()}"))
