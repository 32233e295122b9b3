"""A class teacher's attendance sheet in a message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from bot.replies.kinds import Pupil, SheetEntry, SheetReading, Story
from bot.replies.names import Named, find_exact
from bot.replies.normalise import normalise
from bot.replies.numerals import number
from bot.replies.sheet_corrections import read_change, without_correction
from bot.replies.sheet_roll import Roll
from bot.replies.sheet_stories import stories_in
from bot.replies.sheet_tokens import tokens
from bot.replies.sheet_words import sheet_words

_LONGEST = 2000
_EDGES = " ,;。!、:\n"
_LONGEST_ALL = 40
_FACES = re.compile("[\U0001f300-\U0001f51e\U0001f520-\U0001faff\u2764\u2728]+")  # without 🔟, a seat
_NOBODY: Mapping[str, int] = {}


def read_sheet(text: str, *, pupils: Sequence[Pupil], today: date, meant: Mapping[str, int] = _NOBODY) -> SheetReading:
    """Who is absent, who came after all, and what must be asked back.

    A seat or a full or given name is taken only when it fits exactly one pupil; whatever sounds alike or nearly so is
    a doubt, anything else is unread. `meant` says whom a doubt of an earlier reading turned out to mean, by its words.
    `all_present` only when the message says so and says nothing else. `today` is the day on which the message came;
    with `yesterday` set, the sheet of the day before is meant; with `same`, what is read comes on top of that sheet.
    Never raises.
    """
    plain = _without_faces(normalise(text).strip(_EDGES))
    if not plain or len(plain) > _LONGEST:
        return _unread(plain[:_LONGEST])
    plain = _without_forwarding(plain, pupils)
    reading = _read_all(plain, pupils, today, meant)
    told = stories_in(plain, pupils, today, meant)
    for less in (told.short, told.others):  # the second says that all are present, and tells of one of them besides
        if less != plain and _unclear(reading):
            reading = min(reading, _read_all(less, pupils, today, meant), key=_unclear)
    return replace(reading, stories=told.stories, absent=_with_causes(reading.absent, told.stories)) if told.stories else reading


def _unclear(reading: SheetReading) -> int:
    return len(reading.unread) + len(reading.doubts)


def _with_causes(absent: Sequence[SheetEntry], stories: Sequence[Story]) -> tuple[SheetEntry, ...]:
    """The cause that is told is why a pupil is absent, where no other is known; being at home is none."""
    told = {story.student_id: story.intent for story in stories if story.sure}
    return tuple(
        replace(entry, reason=told.get(entry.student_id) or entry.reason) if entry.reason in {None, "home"} else entry for entry in absent
    )


def _read_all(plain: str, pupils: Sequence[Pupil], today: date, meant: Mapping[str, int]) -> SheetReading:
    rest, mended, instead = without_correction(plain)
    return _read_day(rest, pupils, today, meant, mended=mended, instead=instead) if rest else _taken_back()


def _read_day(
    plain: str, pupils: Sequence[Pupil], today: date, meant: Mapping[str, int], *, mended: bool, instead: bool
) -> SheetReading:  # fmt: skip
    """Of which day it is said, and what."""
    words = sheet_words().sheet
    if same := words["same"].match(plain):
        return _read_same(plain[same.end() :].strip(_EDGES), pupils, today, meant)
    corrected = words["yesterday"].match(plain)
    if corrected and words["today"].search(plain):
        return _unread(plain)  # two days in one sheet
    rest = plain
    if corrected:
        rest, also, so = without_correction(plain[corrected.end() :].strip(_EDGES))
        mended, instead = mended or also, instead or so
        if not rest:
            return replace(_taken_back(), yesterday=True) if mended else _unread(plain)
    reading = read_change(rest, lambda said: _read_beside_all(said, pupils, today, meant), mended=mended, instead=instead)
    if corrected and reading.later:
        return _unread(plain)
    return replace(reading, yesterday=corrected is not None)


def says_every_class(text: str) -> bool:
    """Whether "all present" is said of all classes at once: 都全到, 两个班都到齐, or a bare 0."""
    return sheet_words().sheet["every_class"].search(normalise(text)) is not None


def _read_same(rest: str, pupils: Sequence[Pupil], today: date, meant: Mapping[str, int]) -> SheetReading:
    """As yesterday; what stands behind it adds to that or takes away from it."""
    more = _read(rest, pupils, today, meant) if rest else _unread("")
    return replace(more, same=True) if not more.all_present else _unread(rest)


def _read_beside_all(text: str, pupils: Sequence[Pupil], today: date, meant: Mapping[str, int]) -> SheetReading:
    """ "All present, 5 was late", "all present, 5 is on leave tomorrow": beside it stands who came, or what is said of days to come."""
    for rest in _beside_all(text):
        said = _read(rest, pupils, today, meant)
        if (said.later or said.arrived) and not (said.absent or said.doubts or said.unread or said.missing is not None):
            return replace(said, all_present=True, arrived=())
    return _read(text, pupils, today, meant)


def _beside_all(text: str) -> Iterator[str]:
    """What stands behind "all present", or in front of it."""
    for joint in sheet_words().sheet["aside"].finditer(text):
        before, after = text[: joint.start()], text[joint.end() :]
        if _says_all(before):
            yield after
        elif _says_all(after):
            yield before


def _says_all(text: str) -> bool:
    words = sheet_words().sheet
    return 0 < len(text) <= _LONGEST_ALL and words["all_present"].fullmatch(words["the_rest"].sub("", text.replace(" ", ""))) is not None


def _read(text: str, pupils: Sequence[Pupil], today: date, meant: Mapping[str, int]) -> SheetReading:
    words = sheet_words().sheet
    counted, away = _counted(text, len(pupils))
    if min(away, default=0) < 0:
        return _unread(text)
    if words["all_present"].fullmatch(text.replace(" ", "")) or (away and not counted):
        return replace(_unread(""), all_present=not any(away), missing=max(away) if any(away) else None)
    listed = words["back_later"].sub("没来", _without_list_numbers(_excepted(counted)))
    roll = Roll(pupils, today, meant=meant, away=away)
    people = [Named(pupil.student_id, pupil.name) for pupil in pupils]
    roll.call(tokens(listed, find_exact(listed, people, pet_names=False), today))
    return roll.reading() if roll.makes_sense else replace(_unread(text), speaks=roll.speaks)


def _excepted(text: str) -> str:
    """Those who alone are absent: "except for 5 all came", "all came, only 5 is missing"."""
    words = sheet_words().sheet
    if exception := words["except_for"].match(text):
        return exception["out"] or exception["but"] or text
    left = words["all_but"].match(text)
    return left["out"] if left else text


def _counted(text: str, enrolled: int) -> tuple[str, list[int]]:
    """The text without the numbers of those enrolled and present, and how many are absent by them.

    A class may have a pupil more than the roll: a number present that is higher stays.
    """
    away: list[int] = []

    def take(match: re.Match[str]) -> str:
        present, of = number(match["present"] or match["came"]) or 0, number(match["of"] or "")
        if of is None and present > enrolled:
            return match.group()
        away.append((enrolled if of is None else of) - present)
        return " "

    return sheet_words().sheet["counts"].sub(take, text).strip(_EDGES), away


def _without_list_numbers(text: str) -> str:
    """1. 2. 3. before names number the list; a single 1. may be a seat and stays to be asked about."""
    pattern = sheet_words().sheet["list_number"]
    found = list(pattern.finditer(text))
    numbered = [int(match[1]) for match in found]
    if len(found) < 2 or numbered != list(range(1, len(found) + 1)):
        return text
    return re.sub(pattern, "\n", text)


def _without_faces(text: str) -> str:
    """👍 behind "all present" says nothing more; alone it says nothing that can be taken down, and stays."""
    return _FACES.sub("", text).strip(_EDGES) or text


def _without_forwarding(text: str, pupils: Sequence[Pupil]) -> str:
    """A forwarded list carries lines that say who sent it, and when: no pupil is meant by them."""
    lines = text.split("\n")
    if len(lines) < 2:
        return text
    people = [Named(pupil.student_id, pupil.name) for pupil in pupils]
    forwarded = sheet_words().sheet["forwarded"]
    kept = [line for line in lines if not forwarded.match(line) or find_exact(line, people, pet_names=False)]
    return "\n".join(kept).strip(_EDGES)


def _taken_back() -> SheetReading:
    return replace(_unread(""), takes_back=True)


def _unread(text: str) -> SheetReading:
    said = (text,) if text else ()
    return SheetReading(all_present=False, absent=(), arrived=(), doubts=(), unread=said, yesterday=False)
