"""What is known around a teacher's text: the classes they answer for, what is asked about each, and how the text reads for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, select

from bot.dialogs.answering import answer
from bot.dialogs.speaker import Speaker
from bot.replies import Pupil, SheetReading, read_sheet
from bot.replies.classes import Room
from bot.replies.kinds import without
from cases.boarding import boarders_of
from cases.calendars import calendar_for
from cases.rolls import ON_ROLLS, in_class, taught_at_home
from plan.calendar import Calendar
from storage.tables import AttendanceSheet, BoardingCheck, Inbound, Message, Question, SchoolClass, Student
from storage.work import Work


@dataclass(frozen=True)
class Talk:
    """One text of a teacher. `evening`: it is about the boarders who come back, not about the day's sheet.

    `rooms`: classes that the text may be about; `named`: further ones, if it names them. `asked`: class → open question.
    `source_id`: the inbound that the text is of, and `more`: what was written later and completes it; `meant`: whom a doubt turned
    out to mean; `replaces`: whether those named are all that are absent, where that was asked back.
    """

    work: Work
    inbound: Inbound
    speaker: Speaker
    text: str
    evening: bool
    rooms: Mapping[int, Room]
    named: Mapping[int, Room]
    asked: Mapping[int, Question]
    source_id: int
    meant: Mapping[str, int] = field(default_factory=dict)
    replaces: bool | None = None
    more: str = ""

    @property
    def all_rooms(self) -> list[Room]:
        return [*{**self.named, **self.rooms}.values()]

    def room(self, class_id: int) -> Room:
        return self.rooms.get(class_id) or self.named[class_id]

    def about(self, earlier: Inbound, meant: Mapping[str, int], replaces: bool | None, more: str) -> Talk:
        """The same talk about an earlier text, of which more is known now."""
        return replace(self, text=completed(earlier, more), source_id=earlier.id, meant=meant, replaces=replaces, more=more)

    async def pupils(self, class_id: int) -> dict[int, Pupil]:
        return await self._pupils(boarders_of(class_id) if self.evening else (Student.class_id == class_id, in_class()))

    async def _pupils(self, there: Sequence[ColumnElement[bool]]) -> dict[int, Pupil]:
        query = select(Student.id, Student.name, Student.seat_number).where(*there).order_by(Student.seat_number, Student.id)
        found = await self.work.session.execute(query)
        return {student_id: Pupil(student_id, name, seat) for student_id, name, seat in found}

    async def at_home(self, class_id: int) -> dict[int, Pupil]:
        """Those of the class's roll whom no sheet asks for, since they are taught at home."""
        return await self._pupils((Student.class_id == class_id, Student.status.in_(ON_ROLLS), taught_at_home()))

    async def calendar(self, class_id: int) -> Calendar:
        """With the days of this class, its school and its place."""
        room = await self.work.session.get_one(SchoolClass, class_id)
        return await calendar_for(self.work.session, self.speaker.plan, room.school_id, room.area_code, room.id)

    async def reading(self, class_id: int, text: str) -> SheetReading:
        """What is unclear is read once more with those who are taught at home: whoever is named among them is left out."""
        pupils = await self.pupils(class_id)
        reading = self._read(text, pupils)
        if not (reading.unread or reading.doubts) or not (home := await self.at_home(class_id)):
            return reading
        with_them = self._read(text, {**pupils, **home})
        clearer = len(with_them.unread) + len(with_them.doubts) < len(reading.unread) + len(reading.doubts)
        return without(with_them, set(home)) if clearer else reading

    def _read(self, text: str, pupils: Mapping[int, Pupil]) -> SheetReading:
        return read_sheet(text, pupils=list(pupils.values()), today=self.speaker.today, meant=self.meant)

    def say(self, template: str, class_id: int, *, question: str | None = None, sheet_id: int | None = None, **facts: Any) -> str:
        """Answers about one class."""
        answer(
            self.work, self.inbound, self.speaker, template, area_code=self.inbound.area_code or "", question=question,
            facts={"class_name": self.room(class_id).name, **facts}, about={"sheet_id": sheet_id, "class_id": class_id},
        )  # fmt: skip
        return template


def completed(earlier: Inbound, more: str) -> str:
    """An earlier text with what was written later and completes it."""
    return f"{earlier.body}，{more}" if more else earlier.body


async def talk_of(work: Work, inbound: Inbound, speaker: Speaker) -> Talk | None:
    """None for somebody who answers for no class."""
    evening = await _is_evening(work, speaker)
    asked = await _asked(work, speaker, "boarding" if evening else "sheet")
    role, above = speaker.plan.attendance.role, speaker.plan.attendance.takeover.role
    own = [row.class_id for row in speaker.staff if row.role == role and row.class_id is not None]
    schools = [row.school_id for row in speaker.staff if row.role == above and row.school_id is not None]
    rooms = await _rooms(work, SchoolClass.id.in_([*own, *asked]))
    named = await _rooms(work, SchoolClass.school_id.in_(schools)) if schools else {}
    if not rooms and not named:
        return None
    return Talk(work, inbound, speaker, inbound.body, evening, rooms, named, asked, inbound.id)


async def quoted(work: Work, inbound: Inbound, asked: Iterable[Question]) -> list[Question]:
    """Those of the questions that the text quotes."""
    if inbound.reply_to is None:
        return []
    query = select(Message.id).where(Message.provider_id == inbound.reply_to, Message.contact_id == inbound.contact_id)
    message_id = await work.session.scalar(query.limit(1))
    return [question for question in asked if message_id is not None and question.message_id == message_id]


async def _is_evening(work: Work, speaker: Speaker) -> bool:
    """Boarders are asked about after the day's sheets have closed: from then on a text is about them."""
    own = [row.class_id for row in speaker.staff if row.class_id is not None]
    query = select(BoardingCheck.id).where(
        BoardingCheck.class_id.in_(own), BoardingCheck.on == speaker.today, BoardingCheck.asked_at <= work.now
    )
    return speaker.question("boarding") is not None or await work.session.scalar(query.limit(1)) is not None


async def _asked(work: Work, speaker: Speaker, kind: str) -> dict[int, Question]:
    """Class → the newest open question about it."""
    found: dict[int, Question] = {}
    for question in speaker.questions:
        if question.kind == kind:
            found.setdefault(await _class_of(work, question), question)
    return found


async def _class_of(work: Work, question: Question) -> int:
    if question.kind == "sheet":
        return (await work.session.get_one(AttendanceSheet, question.sheet_id)).class_id
    return (await work.session.get_one(BoardingCheck, question.facts["check_id"])).class_id


async def _rooms(work: Work, where: Any) -> dict[int, Room]:
    found = await work.session.scalars(select(SchoolClass).where(where).order_by(SchoolClass.grade, SchoolClass.number, SchoolClass.id))
    return {room.id: Room(room.id, room.grade, room.number, room.name) for room in found}
