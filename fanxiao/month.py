"""The script of the played month: who is away when, and what everybody answers (fanxiao/month.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from plan.yaml_text import read_yaml

FILE = Path(__file__).with_name("month.yaml")
AGAIN = "again"

Answers = tuple[tuple[float, str], ...]
"""(minutes after the message, text), in order."""


@dataclass(frozen=True)
class Promise:
    """What the story holds of a child: the levels that the case stands at, in order, and how it ends."""

    levels: tuple[int, ...]
    exit: str
    episodes: int = 1
    notices: int = 0
    aid: str | None = None


@dataclass(frozen=True)
class Part:
    """One child's part. `away`: first and last day of each absence."""

    key: str
    zh: str
    en: str
    away: tuple[tuple[date, date], ...]
    promise: Promise
    answers: Mapping[str, Answers]
    answers_again: Mapping[str, Answers]

    def is_away(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.away)

    def says(self, template: str, episode: int) -> Answers:
        """What the child's guardian answers to a message."""
        return (self.answers_again if episode > 1 and self.answers_again else self.answers).get(template, ())


@dataclass(frozen=True)
class Month:
    """The whole script. Times are local."""

    begins: datetime
    ends: datetime
    teacher_after: float
    parts: tuple[Part, ...]
    staff: Mapping[str, Answers]


def load_month() -> Month:
    """The script that comes along."""
    data = read_yaml(FILE.read_text(encoding="utf-8"))
    parts = tuple(_part(key, entry, data) for key, entry in data["children"].items())
    staff = {kind: _answers(said) for kind, said in data["staff"].items()}
    return Month(datetime.fromisoformat(data["begins"]), datetime.fromisoformat(data["ends"]), data["teacher_after"], parts, staff)


def _part(key: str, entry: dict[str, Any], data: dict[str, Any]) -> Part:
    said = dict(data["guardians"].get(key, {}))
    again = said.pop(AGAIN, {})
    promised = data["promises"][key]
    promise = Promise(**{**promised, "levels": tuple(promised["levels"])})
    away = tuple((first, last) for first, last in entry["away"])
    return Part(key, entry["zh"], entry["en"], away, promise, _by_template(said), _by_template(again))


def _by_template(said: dict[str, Any]) -> dict[str, Answers]:
    return {template: _answers(entries) for template, entries in said.items()}


def _answers(entries: list[list[Any]]) -> Answers:
    return tuple((float(minutes), str(text)) for minutes, text in entries)
