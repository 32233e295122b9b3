"""The people of the played month: they read their phones and answer as the script says.

Everything is worked out from the messages in the database, and each answer has an id made from the message it answers:
a story that was killed in the middle goes on where it was, and nobody answers twice.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import NamedTuple

from sqlalchemy import func, select

from bot.channels import simulator
from bot.channels.base import Incoming
from bot.inbox.receive import receive
from fanxiao.month import Answers, Month, Part
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from storage.tables import (
    AttendanceSheet,
    CaseFile,
    Contact,
    Guardianship,
    Intent,
    Message,
    PersonContact,
    School,
    SchoolClass,
    Student,
    Task,
)  # fmt: skip

SHEET_TEMPLATES = ("daily_sheet",)
BOARDING_TEMPLATE = "boarding_check"
ALL_PRESENT = "0"


@dataclass(frozen=True, order=True)
class Reply:
    """A text that will be sent. `id` is the same whenever it is worked out."""

    at: datetime
    id: str
    number: str
    text: str


class Child(NamedTuple):
    """A child who can have a part; `guardian_id` is whom the school writes to first."""

    student_id: int
    class_id: int
    seat: int
    name: str
    guardian_id: int


@dataclass(frozen=True)
class Actor:
    """A child with a part."""

    part: Part
    student_id: int
    class_id: int
    seat: int
    name: str
    guardian_id: int


async def choose_actors(storage: Storage, month: Month) -> list[Actor]:
    """A child for each part: with a seat, a guardian with a phone of their own, one to a class as far as there are classes."""
    own = (
        select(PersonContact.contact_id)
        .join(Guardianship, Guardianship.person_id == PersonContact.person_id)
        .group_by(PersonContact.contact_id)
        .having(func.count(Guardianship.student_id.distinct()) == 1)
    )
    query = (
        select(Student.id, SchoolClass.id, Student.seat_number, Student.name, Guardianship.person_id)
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .join(School, School.id == SchoolClass.school_id)
        .join(Guardianship, Guardianship.student_id == Student.id)
        .join(PersonContact, PersonContact.person_id == Guardianship.person_id)
        .where(Guardianship.rank == 1, Guardianship.is_guardian, PersonContact.contact_id.in_(own), Student.seat_number.is_not(None))
        .order_by(SchoolClass.id, Student.seat_number)
    )
    async with storage.worker.session() as session:
        rows = (await session.execute(query)).all()
    return _spread(month, [Child(student, klass, seat or 0, name, guardian) for student, klass, seat, name, guardian in rows])


def _spread(month: Month, children: Sequence[Child]) -> list[Actor]:
    by_class: dict[int, list[Child]] = {}
    for child in children:
        by_class.setdefault(child.class_id, []).append(child)
    chosen = [child for row in zip_longest(*by_class.values()) for child in row if child is not None]
    if len(chosen) < len(month.parts):
        raise LookupError("too few children with a phone of their own")
    return [Actor(part, *child) for part, child in zip(month.parts, chosen, strict=False)]


class Cast:
    """Everybody's phones at once."""

    def __init__(self, storage: Storage, month: Month, actors: Sequence[Actor], calendar: Calendar) -> None:
        self._storage = storage
        self._month = month
        self._actors = {actor.student_id: actor for actor in actors}
        self._by_class: dict[int, list[Actor]] = {}
        for actor in actors:
            self._by_class.setdefault(actor.class_id, []).append(actor)
        self._calendar = calendar
        self._seen = 0
        self._waiting: list[Reply] = []

    @property
    def next_at(self) -> datetime | None:
        """When somebody answers next."""
        return self._waiting[0].at if self._waiting else None

    async def read(self) -> None:
        """Everybody looks at what has arrived since the last time, and makes up their mind when to answer what."""
        query = (
            select(Message.id, Message.sent_at, Contact.address_encrypted, Intent, Task, AttendanceSheet, CaseFile.episode)
            .join(Intent, Intent.message_id == Message.id)
            .join(Contact, Contact.id == Message.contact_id)
            .outerjoin(Task, Task.id == Intent.task_id)
            .outerjoin(AttendanceSheet, AttendanceSheet.id == Intent.sheet_id)
            .outerjoin(CaseFile, CaseFile.id == Intent.case_id)
            .where(Message.id > self._seen, Message.sent_at.is_not(None))
            .order_by(Message.id)
        )
        async with self._storage.worker.session() as session:
            rows = (await session.execute(query)).all()
        for message_id, sent_at, address, intent, task, sheet, episode in rows:
            self._seen = message_id
            answers = self._answers(intent, task, sheet, episode or 1)
            if answers and sent_at is not None:
                self._intend(message_id, sent_at, self._storage.cipher.decrypt(address), answers)

    def _intend(self, message_id: int, sent_at: datetime, number: str, answers: Answers) -> None:
        for count, (minutes, text) in enumerate(answers):
            heapq.heappush(self._waiting, Reply(sent_at + timedelta(minutes=minutes), f"story-{message_id}-{count}", number, text))

    def _answers(self, intent: Intent, task: Task | None, sheet: AttendanceSheet | None, episode: int) -> Answers:
        if intent.contact_id is not None:
            return ()  # an answer to what was said: nobody replies to that
        if intent.question == "sheet" and sheet is not None and intent.template in SHEET_TEMPLATES:
            return ((self._month.teacher_after, self._sheet(sheet)),)
        if intent.template == BOARDING_TEMPLATE:
            return ((self._month.teacher_after, ALL_PRESENT),)
        if intent.question == "task" and task is not None and intent.dedupe_key.split(":")[2] == "alert":
            return tuple((minutes, text.format(code=task.code)) for minutes, text in self._month.staff.get(task.kind, ()))
        actor = self._actors.get(intent.student_id or 0)
        if actor is None or intent.person_id != actor.guardian_id:
            return ()
        return actor.part.says(intent.template, episode)

    def _sheet(self, sheet: AttendanceSheet) -> str:
        away = [actor.seat for actor in self._by_class.get(sheet.class_id, ()) if actor.part.is_away(sheet.on)]
        return " ".join(map(str, away)) or ALL_PRESENT

    async def reply(self, now: datetime) -> int:
        """Sends what is to be sent by now; gives how many."""
        count = 0
        while self._waiting and self._waiting[0].at <= now:
            due = self._waiting[0]
            incoming = Incoming(due.id, due.number, "1069000000", due.text)
            await receive(self._storage.web, self._storage.cipher, simulator.SMS, incoming, due.at)
            heapq.heappop(self._waiting)  # only now: what was broken off is sent again, and stored once
            count += 1
        return count
