"""A sheet that was answered already: who is absent by what the new text says, and how the receipt tells what has changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.dialogs.phrases import phrase
from bot.dialogs.picking import ask_whether_all
from bot.dialogs.sheet_talk import Talk
from bot.replies import Pupil, SheetReading
from cases.attendance import Away

_NAMED = 6
"""So many are named as newly come or gone; of more, the number. Whoever is absent is always named."""


def those_who_came(reading: SheetReading, before: Sequence[Away]) -> tuple[int, ...]:
    """Besides those named as arrived: where the text says who is absent and that nobody else is, all others. A longer leave goes on."""
    if not (reading.replaces or reading.all_present):
        return reading.arrived
    named = {entry.student_id for entry in reading.absent} | set(reading.arrived)
    return (*reading.arrived, *(one.student_id for one in before if one.student_id not in named and not one.on_longer_leave))


def ask_if_doubtful(talk: Talk, class_id: int, reading: SheetReading, before: Sequence[Away], pupils: Mapping[int, Pupil]) -> str | None:
    """ "That was wrong: 2": 2 alone, or 2 as well? Asked back only where it makes a difference."""
    named = [entry.student_id for entry in reading.absent]
    others = [one.student_id for one in before if one.student_id not in named and not one.on_longer_leave]
    only_reasons = set(named) <= {one.student_id for one in before} and all(entry.reason for entry in reading.absent)
    if reading.replaces is not None or not others or only_reasons:
        return None
    return ask_whether_all(talk, class_id, names_of(named, pupils), names_of([*others, *named], pupils))


def decided(talk: Talk, reading: SheetReading) -> SheetReading:
    """The reading with what the teacher has picked."""
    return replace(reading, replaces=talk.replaces) if reading.replaces is None and talk.replaces is not None else reading


def change(before: Sequence[Away], now: Sequence[Away], pupils: Mapping[int, Pupil]) -> dict[str, str]:
    """What the receipt says of it, as a fact of its template; nothing where nobody came or went."""
    old, new = ({one.student_id for one in away if one.student_id in pupils} for away in (before, now))
    told = [_told("arrived", old - new, pupils), _told("added", new - old if old else (), pupils)]
    said = "，".join(one for one in told if one)
    return {"change": said} if said else {}


def names_of(ids: Collection[int], pupils: Mapping[int, Pupil]) -> str:
    """In the order of the class."""
    wanted = set(ids)
    return "、".join(pupil.name for one, pupil in pupils.items() if one in wanted)


def _told(key: str, ids: Collection[int], pupils: Mapping[int, Pupil]) -> str:
    if not ids:
        return ""
    names = names_of(ids, pupils) if len(ids) <= _NAMED else phrase("sheet_change.many", count=str(len(ids)))
    return phrase(f"sheet_change.{key}", names=names)
