"""The labelled replies, and how a reader of them is marked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bot.replies import Child

DATA = Path(__file__).with_name("data")
BUILDING, MEASURING = "replies_building.tsv", "replies_measuring.tsv"
STRANGERS_BUILDING, STRANGERS_MEASURING, STRANGERS_DANGER = "strangers_building.tsv", "strangers_measuring.tsv", "strangers_danger.tsv"
"""Written by others than those who wrote the rules, who had not seen them; from the last two next to no rule was made (docs/replies.md)."""
UNREAD = "unknown"
FRIDAY = 5
HARM = frozenset({"safety", "bullying", "early_marriage"})


@dataclass(frozen=True)
class Meant:
    """One thing that a reply says: about whom (None: not said), what, and the day where the label names one."""

    child: str | None
    intent: str
    on: date | None = None


@dataclass(frozen=True)
class Labelled:
    """A reply with all the readings that would be right."""

    id: str
    question: str
    children: tuple[Child, ...]
    today: date
    reply: str
    right: tuple[frozenset[Meant], ...]

    @property
    def clear(self) -> bool:
        """Whether the label says what is meant; else asking is the only right thing."""
        return all(meant.intent != "unknown" for one in self.right for meant in one)

    @property
    def days(self) -> frozenset[date]:
        return frozenset(meant.on for one in self.right for meant in one if meant.on is not None)


@dataclass(frozen=True)
class Answer:
    """What a reader made of a reply, and what would be done: act, ask or person; `read`: a person reads it beside an act or a question.

    `aside`: of what was said the part that is given to a person, or asked, while the rest is acted on. `put`: what is asked as right
    or wrong in one line, where that is what is asked.
    """

    said: frozenset[Meant]
    action: str
    read: bool = False
    aside: frozenset[Meant] = frozenset()
    put: Meant | None = None

    @property
    def reaches_somebody(self) -> bool:
        return self.action == "person" or self.read


Read = Callable[[Labelled], Answer]


@dataclass(frozen=True)
class Marks:
    """Shares between 0 and 1.

    `safety`: of the danger that has one name, what was told as danger; `reached`: of all danger, betrothal and bullying, what
    somebody reads the same day; `looks`: of all that was acted on or asked back without danger, what a person reads as well; `put`: of
    what is asked, what is put in one line, and `put_rightly` those where a yes would be the right answer.
    """

    acted: int
    precision: float
    coverage: float
    understood: float
    days: float
    safety: float
    reached: float
    looks: float
    alarms: int
    put: float
    put_rightly: float
    wrong: tuple[tuple[Labelled, Answer], ...]


def load(name: str) -> list[Labelled]:
    lines = (DATA / name).read_text(encoding="utf-8").split("\n")[1:]
    return [_labelled(*line.split("\t")) for line in lines if line]


def mark(read: Read, rows: Sequence[Labelled]) -> Marks:
    """Each row once."""
    pairs = [(row, read(row)) for row in rows]
    acted = [(row, answer) for row, answer in pairs if answer.action == "act"]
    dated = [(row, answer) for row, answer in acted if row.days and _intents(answer) & _intents_right(row)]
    danger = [(row, answer) for row, answer in pairs if any("safety" in _names(one) for one in row.right) and len(row.right) == 1]
    harm = [answer for row, answer in pairs if all(HARM & _names(one) for one in row.right)]
    put = [(row, answer.put) for row, answer in pairs if answer.put is not None]
    plain = [answer for row, answer in pairs if not any(HARM & _names(one) for one in row.right) and answer.action != "person"]
    return Marks(
        acted=len(acted),
        precision=_share(acts_rightly(row, answer) for row, answer in acted),
        coverage=_share(answer.action != "person" or (is_right(row, answer) and _intents(answer) != {UNREAD}) for row, answer in pairs),
        understood=_share(is_right(row, answer) and _intents(answer) != {UNREAD} for row, answer in pairs if row.clear),
        days=_share(
            {meant.on for meant in answer.said if meant.on} <= row.days and any(m.on for m in answer.said) for row, answer in dated
        ),
        safety=_share("safety" in _intents(answer) for _, answer in danger),
        reached=_share(answer.reaches_somebody for answer in harm),
        looks=_share(answer.read for answer in plain),
        alarms=sum("safety" in _intents(answer) and not any("safety" in _names(one) for one in row.right) for row, answer in pairs),
        put=_share(answer.put is not None for _, answer in pairs if answer.action == "ask"),
        put_rightly=_share(_would_be_yes(row, one) for row, one in put),
        wrong=tuple((row, answer) for row, answer in pairs if not is_right(row, answer)),
    )


def times(read: Callable[[Labelled], object], rows: Sequence[Labelled]) -> list[int]:
    """For each row the nanoseconds that one core spends on reading it."""
    found: list[int] = []
    for row in rows:
        begun = time.process_time_ns()
        read(row)
        found.append(time.process_time_ns() - begun)
    return found


def is_right(row: Labelled, answer: Answer) -> bool:
    """Whether one of the labels is what was read; a label without a day leaves the day open."""
    return any(_fits(one, answer.said) for one in row.right)


def acts_rightly(row: Labelled, answer: Answer) -> bool:
    """Whether all that is acted on is right; what goes to a person or is asked is none of it."""
    if not answer.aside:
        return is_right(row, answer)
    acted = answer.said - answer.aside
    return any(_fits(frozenset(meant for meant in one if _of(meant) in set(map(_of, acted))), acted) for one in row.right)


def _would_be_yes(row: Labelled, put: Meant) -> bool:
    """A day that is not named in the line is left open."""
    said = [next(iter(one)) for one in row.right if len(one) == 1]
    return any(
        meant.intent == put.intent and (None in {meant.on, put.on} or _school_day(meant.on) == _school_day(put.on)) for meant in said
    )


def _fits(right: frozenset[Meant], said: frozenset[Meant]) -> bool:
    days = {(_of(meant), _school_day(meant.on)) for meant in said}
    return set(map(_of, right)) == set(map(_of, said)) and all(
        meant.on is None or (_of(meant), _school_day(meant.on)) in days for meant in right
    )


def _of(meant: Meant) -> tuple[str | None, str]:
    return meant.child, meant.intent


def _school_day(day: date | None) -> date | None:
    """Who is to come back on a Saturday comes on Monday."""
    return day + timedelta(days=8 - day.isoweekday()) if day is not None and day.isoweekday() > FRIDAY else day


def _labelled(id_: str, question: str, children: str, today: str, reply: str, expected: str) -> Labelled:
    kids = tuple(Child(place, name, rank=place) for place, name in enumerate(children.split("|"), start=1))
    right = tuple(frozenset(_meant(part) for part in one.split(" ")) for one in expected.split(" / "))
    return Labelled(id_, question, kids, date.fromisoformat(today), reply, right)


def _meant(part: str) -> Meant:
    child, intent, *on = part.split(":")
    return Meant(None if child == "-" else child, intent, date.fromisoformat(on[0]) if on else None)


def _names(meant: Iterable[Meant]) -> set[str]:
    return {one.intent for one in meant}


def _intents(answer: Answer) -> set[str]:
    return _names(answer.said)


def _intents_right(row: Labelled) -> set[str]:
    return {intent for one in row.right for intent in _names(one)}


def _share(facts: Iterable[bool]) -> float:
    found = list(facts)
    return sum(found) / len(found) if found else 1.0
