"""A class teacher's attendance sheet in a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from bot.replies.kinds import Pupil, SheetReading
from bot.replies.lexicon import lexicon
from bot.replies.names import Named, find_exact
from bot.replies.normalise import normalise
from bot.replies.sheet_roll import Roll
from bot.replies.sheet_tokens import tokens

_LONGEST = 2000
_EDGES = " ,;。!、\n"


def read_sheet(text: str, *, pupils: Sequence[Pupil], today: date) -> SheetReading:
    """Who is absent, who came after all, and what must be asked back.

    A seat or a full or given name is taken only when it fits exactly one pupil; whatever sounds alike or nearly so is
    a doubt, anything else is unread. `all_present` only when the message says so and says nothing else. `today` is the
    day on which the message came; with `yesterday` set, the sheet of the day before is meant. Never raises.
    """
    plain = normalise(text).strip(_EDGES)
    if not plain or len(plain) > _LONGEST:
        return _unread(plain[:_LONGEST])
    corrected = lexicon().sheet.yesterday.match(plain)
    rest = plain[corrected.end() :].strip(_EDGES) if corrected else plain
    return _read(rest, pupils, today, yesterday=corrected is not None)


def _read(text: str, pupils: Sequence[Pupil], today: date, *, yesterday: bool) -> SheetReading:
    words = lexicon().sheet
    counted = words.counts.sub(" ", text).strip(_EDGES)
    if _counts_agree(text) and (words.all_present.fullmatch(text.replace(" ", "")) or not counted):
        return SheetReading(all_present=True, absent=(), arrived=(), doubts=(), unread=(), yesterday=yesterday)
    exception = words.except_for.match(counted)
    listed = _without_list_numbers(exception[1] if exception else counted)
    roll = Roll(pupils, today)
    people = [Named(pupil.student_id, pupil.name) for pupil in pupils]
    roll.call(tokens(listed, find_exact(listed, people, pet_names=False), today))
    return roll.reading(yesterday=yesterday) if roll.makes_sense else _unread(text)


def _counts_agree(text: str) -> bool:
    """Enrolled and present; a sheet that gives no numbers agrees with itself."""
    return all(match[1] == match[2] for match in lexicon().sheet.counts.finditer(text))


def _without_list_numbers(text: str) -> str:
    """1. 2. 3. before names number the list; a single 1. may be a seat and stays to be asked about."""
    found = list(lexicon().sheet.list_number.finditer(text))
    numbered = [int(match[1]) for match in found]
    if len(found) < 2 or numbered != list(range(1, len(found) + 1)):
        return text
    return re.sub(lexicon().sheet.list_number, "\n", text)


def _unread(text: str) -> SheetReading:
    said = (text,) if text else ()
    return SheetReading(all_present=False, absent=(), arrived=(), doubts=(), unread=said, yesterday=False)
