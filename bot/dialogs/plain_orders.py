"""Orders that a text is wholly and exactly, so that they are carried out although a class's sheet waits for its answer."""

from __future__ import annotations

import re

from sqlalchemy import or_, select

from bot.dialogs.speaker import Speaker
from bot.replies import OfficerReading
from bot.replies.normalise import tidy
from cases.absence_of_staff import stands_in_now
from cases.rolls import in_class
from storage.tables import Inbound, Student
from storage.work import Work

BARE = {"mine", "help", "ledger"}
"""The reader takes them only where nothing else is written."""
_NUMBERED = re.compile(r"[0-9A-Za-z][0-9A-Za-z〔〕()-]*号?|.*〔[0-9]{4}〕[0-9]+号")
_SELF = re.compile(r"我(?!们)")


async def is_plain_order(work: Work, inbound: Inbound, speaker: Speaker, reading: OfficerReading) -> bool:
    """Never what names a pupil of the writer's schools: a leave of theirs, or a name that is an order's word, is for the sheet."""
    if reading.command == "back":
        return await stands_in_now(work, speaker.staff_id, speaker.today) is not None
    plain = tidy(inbound.body)
    if reading.command == "case":
        return await _is_search(work, speaker, plain, reading.number or "")
    if reading.command == "away" and (reading.name or _SELF.match(plain)):
        return not await _names_a_pupil(work, speaker, plain.replace(reading.name or "", ""))
    return reading.command in BARE and not await _names_a_pupil(work, speaker, plain)


async def _is_search(work: Work, speaker: Speaker, plain: str, wanted: str) -> bool:
    """A number, or a pupil's whole name; 查 may be a family name, too."""
    names = await _names(work, speaker)
    if any(plain.startswith(name) for name in names):
        return False
    return _NUMBERED.fullmatch(wanted) is not None or wanted in names


async def _names_a_pupil(work: Work, speaker: Speaker, said: str) -> bool:
    return any(name in said or (len(name) > 2 and name[1:] in said) for name in await _names(work, speaker))


async def _names(work: Work, speaker: Speaker) -> set[str]:
    """Those of the classes and schools that the writer answers for."""
    classes = {row.class_id for row in speaker.staff} - {None}
    schools = {row.school_id for row in speaker.staff} - {None}
    there = or_(Student.class_id.in_(classes), Student.school_id.in_(schools))
    return set(await work.session.scalars(select(Student.name).where(there, in_class())))
