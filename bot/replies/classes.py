"""Which class is meant: 三(2)班, 三2, 三年级二班, 初一(3)班, 启智班; and a message about several classes cut into theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.replies.ground import Ground
from bot.replies.normalise import normalise
from bot.replies.numerals import number
from bot.replies.sheet_words import sheet_words

JUNIOR = 6
"""Grades before the first of junior school."""


@dataclass(frozen=True)
class Room:
    """A class that may be named. `grade` 1–9; `number` as the roster writes it."""

    class_id: int
    grade: int
    number: str
    name: str


@dataclass(frozen=True)
class ClassMention:
    """Words that name a class; `class_id` is empty for one that is not among those given."""

    start: int
    end: int
    class_id: int | None
    said: str


@dataclass(frozen=True)
class Section:
    """What a message says of some classes; without any, no class was named."""

    class_ids: tuple[int, ...]
    text: str


def find_classes(text: str, rooms: Sequence[Room]) -> list[ClassMention]:
    """The classes named in normalised text, in order. A short form without 班 counts only for a class among `rooms`.

    2班 and 三年级 name the one of `rooms` with this number or grade; where there are several, none.
    """
    words = sheet_words().classes
    found = [_mention(match, rooms) for match in words["full"].finditer(text)]
    found += [_mention(match, rooms) for match in words["short"].finditer(text) if _mention(match, rooms).class_id is not None]
    loose = [match for name in ("number_only", "grade_only") for match in words[name].finditer(text)]
    found += [mention for match in loose if (mention := _loose_mention(match, rooms)) is not None]
    found += [ClassMention(at, at + len(word), room.class_id, word) for room in rooms for word, at in _named(text, room)]
    ground = Ground()
    found.sort(key=lambda one: (one.class_id is None, one.start - one.end, one.start))
    return sorted((one for one in found if ground.take(one.start, one.end)), key=lambda one: one.start)


def split_by_class(text: str, rooms: Sequence[Room]) -> tuple[list[Section], list[str]]:
    """What the message says of each class, and the classes named that are not among `rooms`.

    What stands before the first class (今天, 昨天) holds for all; classes side by side share what follows. Where the
    classes stand behind what is said of them, it is read that way round.
    """
    plain = normalise(text)
    mentions = find_classes(plain, rooms)
    if not mentions:
        return [Section((), plain)], []
    before = plain[: mentions[0].start]
    bodies = [plain[one.end : after] for one, after in zip(mentions, [*(m.start for m in mentions[1:]), len(plain)], strict=True)]
    if _is_blank(bodies[-1]) and not _is_courtesy(before):
        before, bodies = "", [before, *bodies[:-1]]
    sections, waiting = [], []
    for mention, body in zip(mentions, bodies, strict=True):
        waiting += [mention.class_id] if mention.class_id is not None else []
        if waiting and (not _is_blank(body) or mention is mentions[-1]):
            sections.append(Section(tuple(dict.fromkeys(waiting)), f"{before}{body}"))
        if not _is_blank(body):
            waiting = []
    return sections, [mention.said for mention in mentions if mention.class_id is None]


def is_about_a_class(text: str, rooms: Sequence[Room]) -> bool:
    """Whether a text that nobody asked for reports on a class, rather than on a task that it answers by a digit in front."""
    plain = normalise(text)
    mentions = find_classes(plain, rooms)
    return bool(mentions) and (_is_courtesy(plain[: mentions[0].start]) or not sheet_words().classes["order"].match(plain))


def _mention(match: re.Match[str], rooms: Sequence[Room]) -> ClassMention:
    said = match.groupdict()
    grade = JUNIOR + (number(said["junior"]) or 0) if said.get("junior") else number(said["grade"] or "")
    wanted = number(said["number"])
    fitting = [room.class_id for room in rooms if room.grade == grade and number(room.number) == wanted is not None]
    return ClassMention(match.start(), match.end(), fitting[0] if len(fitting) == 1 else None, match.group())


def _loose_mention(match: re.Match[str], rooms: Sequence[Room]) -> ClassMention | None:
    said = match.groupdict()
    wanted = number(said.get("number") or said["grade"])
    fitting = [room.class_id for room in rooms if (number(room.number) if "number" in said else room.grade) == wanted is not None]
    return ClassMention(match.start(), match.end(), fitting[0] if fitting else None, match.group()) if len(fitting) < 2 else None


def _named(text: str, room: Room) -> list[tuple[str, int]]:
    """By its own name, where that is more than a grade and a number."""
    if number(room.number) is not None:
        return []
    names = dict.fromkeys((normalise(room.name), f"{normalise(room.number)}班"))
    return [(name, match.start()) for name in names for match in re.finditer(re.escape(name), text)]


def _is_blank(text: str) -> bool:
    return sheet_words().classes["joints"].fullmatch(text) is not None


def _is_courtesy(text: str) -> bool:
    """今天, 昨天, 老师好: said of nobody in particular."""
    rest = sheet_words().sheet["yesterday"].sub("", text.strip())
    return sheet_words().classes["courtesy"].fullmatch(rest) is not None
