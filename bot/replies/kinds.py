"""What the readers are given and what they answer."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple


class Child(NamedTuple):
    """A child of the guardian who writes.

    `sex` (male, female) and `rank` (1 the eldest) say who is meant by 丫头 or 老大; where they are not known, nobody is.
    """

    student_id: int
    name: str
    sex: str | None = None
    rank: int | None = None


class Reading(NamedTuple):
    """What a guardian meant for one child.

    `student_id` is None when the message does not say which of several children is meant. `on` is the day on which the
    child is expected at school (will_return, and every reason given together with a day) or came back (returned).
    `confidence`: 1.0 a digit alone, 0.9 plain words, 0.6 where it is said of one of several children, but not of which, at most 0.3
    for `unknown`. `evidence`: the words that decided.
    `since`: the first day of a leave that begins later than today. `until`: the last day of a leave, where it was named
    ("到周五"); `on` is then the day after it. `doubt`: why it is not acted on though it was understood: `little` was said, the text
    is `corrected` midway, words are `unexplained`, or the `second_reader` does not agree.
    """

    student_id: int | None
    intent: str
    on: date | None
    confidence: float
    evidence: str
    since: date | None = None
    until: date | None = None
    doubt: str | None = None


@dataclass(frozen=True)
class Pupil:
    """A pupil of the class whose sheet is read; `seat` is the number in class."""

    student_id: int
    name: str
    seat: int | None


@dataclass(frozen=True)
class SheetEntry:
    """An absent pupil. `reason`: sick, leave, home, the intent of a story, or None. `until` is the last day of leave.

    `since`: its first day, if still to come. `unexcused`: it is said that there is no leave (没请假, 旷课), whatever was said before.
    """

    student_id: int
    reason: str | None
    until: date | None
    since: date | None = None
    unexcused: bool = False


class Story(NamedTuple):
    """Why a pupil is away, as a teacher tells it: an intent of the families' reader; None where only words of one were heard.

    `sure`: nothing of it is hedged or unexplained. `away`, `came`: it says besides that the child is, or is not, at school today.
    """

    student_id: int
    intent: str | None
    sure: bool
    away: bool
    came: bool


@dataclass(frozen=True)
class Doubt:
    """A name that must be asked back; `candidates` are the students it may mean."""

    said: str
    candidates: tuple[int, ...]


@dataclass(frozen=True)
class SheetReading:
    """A teacher's sheet. Only when `unread` and `doubts` are empty has everything been understood.

    `yesterday`: the sheet of the last school day is corrected. `same`: it is as on the last school day, and the rest adds to that.
    `later`: pupils who will be on leave from a later day on; they say nothing of today. `left_out`: named, though not asked for.
    `replaces`: of a sheet that was answered, whether those who are named are all that are absent; None where it may be either.
    `unseated`: those of `unread` that are numbers no pupil has. `missing`: how many are absent by a number in the text that does not
    fit those who are named. `takes_back`: it only says that what was said is wrong. `speaks`: a word tells of somebody's absence or
    coming, be it of nobody here. `coming`: those of `unread` that say somebody is on the way. `stories`: what else is told of pupils.
    """

    all_present: bool
    absent: tuple[SheetEntry, ...]
    arrived: tuple[int, ...]
    doubts: tuple[Doubt, ...]
    unread: tuple[str, ...]
    yesterday: bool
    same: bool = False
    later: tuple[SheetEntry, ...] = ()
    left_out: tuple[int, ...] = ()
    replaces: bool | None = False
    unseated: tuple[str, ...] = ()
    coming: tuple[str, ...] = ()
    missing: int | None = None
    takes_back: bool = False
    speaks: bool = False
    stories: tuple[Story, ...] = ()

    @property
    def says_today(self) -> bool:
        """Whether anything is said of the day itself."""
        return bool(self.all_present or self.same or self.absent or self.arrived)

    @property
    def named_absent(self) -> int:
        """How many are named as absent, those that must be asked back among them."""
        return len(self.absent) + len(self.doubts)

    @property
    def named(self) -> set[int]:
        """Who is named as absent beyond doubt."""
        return {entry.student_id for entry in self.absent}


def without(reading: SheetReading, others: Set[int]) -> SheetReading:
    """The same sheet without pupils whom it does not ask for. Where nobody else was absent, everybody whom it asks for is there."""
    absent = tuple(entry for entry in reading.absent if entry.student_id not in others)
    later = tuple(entry for entry in reading.later if entry.student_id not in others)
    arrived = tuple(one for one in reading.arrived if one not in others)
    named = {*(entry.student_id for entry in (*reading.absent, *reading.later)), *reading.arrived} & others
    nobody_else = bool(reading.absent) and not (absent or arrived or later or reading.unread or reading.doubts or reading.same)
    return replace(
        reading, all_present=reading.all_present or nobody_else, absent=absent, later=later, arrived=arrived,
        left_out=tuple(sorted(named)),
    )  # fmt: skip


@dataclass(frozen=True)
class OfficerReading:
    """An officer's answer. `code`: the task named in front; `number`: of a case; `name`: of the person who takes over, or of a child.

    `relation`: what the sender of a text is to that child, in the officer's word. `past`: the day that was named is over.
    `since`: the first day of a leave, of which `until` is the last.
    """

    command: str
    code: str | None
    text: str
    until: date | None
    number: str | None
    name: str | None
    relation: str | None = None
    past: bool = False
    since: date | None = None
