"""The plan's chain as a drawing: a box a level, when it begins, who owes what by when, who is told. Sentences from pages/plan.yaml."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import time

from console.frame import Speech
from plan.levels import Begins, Level
from plan.model import Plan
from plan.parts import Duration

WIDTH = 420
LEFT = 52
"""Where boxes begin; left of them runs the line with the levels' numbers."""
LINE, PAD, GAP = 19, 12, 26
"""Height of a line of text, of a box's rim, and between two boxes; in units of the drawing."""
FITS = 50
"""Widths of half a Chinese character that one line of a box holds."""


@dataclass(frozen=True)
class Said:
    """One line of a box. `kind`: name, begins, asks, owes, told, more (what did not fit into the line before)."""

    kind: str
    text: str
    y: int


@dataclass(frozen=True)
class Box:
    """One level. `is_beside`: it runs beside the others."""

    level: int
    y: int
    height: int
    is_beside: bool
    lines: Sequence[Said]


@dataclass(frozen=True)
class Row:
    """The same for the table."""

    level: int
    name: str
    begins: str
    asks: str
    owes: Sequence[tuple[str, str, str]] = field(default_factory=tuple)
    told: Sequence[str] = field(default_factory=tuple)


def rows(plan: Plan, t: Speech) -> list[Row]:
    """Each level in words: (role, task, by when) of what is owed."""
    return [_row(plan, rung, t) for rung in plan.levels]


def _row(plan: Plan, rung: Level, t: Speech) -> Row:
    owes = [
        (
            t.in_dict(plan.roles, one.role),
            t.said(plan.task_name(one.task)),
            _undelivered(one.undelivered_school_days, duration(one.due, t), t),
        )
        for one in rung.owed
    ]
    told = [_told(t.in_dict(plan.roles, one.role), one.undelivered_school_days, t) for one in rung.told]
    return Row(rung.level, t.said(rung.name), begins(rung.begins, plan, t), _asks(rung, t), owes, told)


def drawing(plan: Plan, t: Speech) -> tuple[list[Box], int]:
    """(boxes from the top, height of the whole)."""
    found, y = [], 8
    for rung, row in zip(plan.levels, rows(plan, t), strict=True):
        lines, at = [], y + PAD + 10
        for kind, text in _texts(row, t):
            for number, part in enumerate(wrapped(text, FITS)):
                lines.append(Said(kind if number == 0 else f"{kind} more", part, at))
                at += LINE
        height = at - y - LINE + PAD
        found.append(Box(rung.level, y, height, rung.beside, lines))
        y += height + GAP
    return found, y - GAP + 8


def _texts(row: Row, t: Speech) -> Iterator[tuple[str, str]]:
    yield "name", row.name
    yield "begins", row.begins
    if row.asks:
        yield "asks", row.asks
    for role, task, due in row.owes:
        yield "owes", t("owes", role=role, task=task, due=due)
    for told in row.told:
        yield "told", told


def begins(when: Begins, plan: Plan, t: Speech) -> str:
    """When a level begins."""
    if when.absence:
        return t("begins_absence")
    if when.unanswered_at is not None:
        return t("begins_unanswered", at=_at(when.unanswered_at), minutes=when.after_minutes)
    if when.absent_school_day is not None:
        return t("begins_day", day=when.absent_school_day, at=_at(when.at))
    if when.deadline_passed is not None:
        days = plan.notices[when.deadline_passed].deadline_days if when.deadline_passed in plan.notices else 0
        return t("begins_deadline", notice=t.of("notices", when.deadline_passed), days=days, at=_at(when.at))
    return t("begins_referral")


def _asks(rung: Level, t: Speech) -> str:
    times = [t("ask_after", minutes=one.after_minutes) if one.at is None else _at(one.at) for one in rung.asks]
    return t("asks", times="、".join(times)) if times else ""


def _undelivered(days: int | None, said: str, t: Speech) -> str:
    """For what only comes when the level's notice has stayed undelivered."""
    return t("undelivered", days=days, due=said) if days else said


def _told(role: str, undelivered: int | None, t: Speech) -> str:
    return t("told_undelivered", days=undelivered, role=role) if undelivered else t("told_one", role=role)


def duration(due: Duration, t: Speech) -> str:
    """How long something may take."""
    at = f" {_at(due.at)}" if due.at is not None else ""
    if due.minutes is not None:
        return t("in_minutes", number=due.minutes)
    if due.days is not None:
        return t("in_days", number=due.days) + at
    return t("in_school_days", number=due.school_days) + at if due.school_days is not None else t("same_day") + at


def _at(at: time) -> str:
    return f"{at:%H:%M}"


def wrapped(text: str, most: int) -> list[str]:
    """In lines that are at most so wide; English breaks at spaces."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and _width(line + piece.rstrip()) > most:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str) -> Iterator[str]:
    """What a line may not break within: words, and single Chinese characters."""
    word = ""
    for char in text:
        word += char
        if char == " " or _wide(char):
            yield word
            word = ""
    if word:
        yield word


def _wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _width(text: str) -> int:
    return sum(2 if _wide(char) else 1 for char in text)
