"""Those who play a script: the class teacher names the child, the family answers, whoever owes a step does it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.tasks import LIVING
from console.demo.picker import ON_ROLLS
from console.demo.scripts import Script
from console.words import page_data
from plan.calendar import Calendar
from storage.tables import (
    AttendanceSheet,
    BoardingCheck,
    CaseFile,
    Contact,
    Guardianship,
    PersonContact,
    Question,
    Student,
    Task,
    TaskHolder,
)  # fmt: skip

Owed = tuple[str, bytes, str]
LOOKING = ("check_return", "confirm_return")
"""Tasks whose answer is whether the child is there."""


class Players:
    """Answers for the children of whom a script is played. `scripts`: by child; whoever starts one puts it there."""

    def __init__(self, scripts: Mapping[int, Script], calendar: Calendar) -> None:
        self._scripts = scripts
        self._calendar = calendar

    async def owed(self, session: AsyncSession, now: datetime) -> list[Owed]:
        """(key, encrypted number, text) of everything that is to be answered now."""
        if not self._scripts:
            return []
        today = self._calendar.day_of(now)
        found = await self._sheets(session)
        for child_id, script in self._scripts.items():
            found += await self._family(session, child_id, script)
            if script.staff:
                found += await self._tasks(session, child_id, script, today)
        return found

    async def _sheets(self, session: AsyncSession) -> list[Owed]:
        rooms = await session.scalars(select(Student.class_id).where(Student.id.in_(self._scripts)))
        asked = select(Question.id, Contact.address_encrypted, AttendanceSheet.class_id, AttendanceSheet.on)
        asked = asked.join(AttendanceSheet, AttendanceSheet.id == Question.sheet_id).join(Contact, Contact.id == Question.contact_id)
        asked = asked.where(Question.state == "open", Question.kind == "sheet", AttendanceSheet.class_id.in_(set(rooms)))
        rows = (await session.execute(asked.order_by(Question.id))).all()
        owed = [(f"played-{row.id}", row.address_encrypted, await self._roll(session, row.class_id, row.on)) for row in rows]
        return owed + await self._evening(session)

    async def _roll(self, session: AsyncSession, class_id: int, on: date) -> str:
        """Who is missing: those whose script says so, and those with a case of their own who have not come back; nobody who has left."""
        away = select(CaseFile.student_id).where(CaseFile.class_id == class_id, CaseFile.state == "open", CaseFile.back_on.is_(None))
        missing = {child for child in await session.scalars(away) if child not in self._scripts}
        missing |= {child for child, script in self._scripts.items() if script.is_away(self._calendar, on)}
        children = select(Student.seat_number, Student.name).where(Student.id.in_(missing), Student.class_id == class_id)
        children = children.where(Student.status.in_(ON_ROLLS))
        return " ".join(str(seat or name) for seat, name in await session.execute(children)) or page_data("demo")["colleagues"]["sheet"]

    async def _evening(self, session: AsyncSession) -> list[Owed]:
        """All boarders are back: what is played is played by day."""
        rooms = await session.scalars(select(Student.class_id).where(Student.id.in_(self._scripts)))
        asked = select(Question.id, Contact.address_encrypted).join(Contact, Contact.id == Question.contact_id)
        asked = asked.join(BoardingCheck, BoardingCheck.id == Question.facts["check_id"].as_integer())
        asked = asked.where(Question.state == "open", Question.kind == "boarding", BoardingCheck.class_id.in_(set(rooms)))
        said = str(page_data("demo")["colleagues"]["sheet"])
        return [(f"played-{question_id}", address, said) for question_id, address in await session.execute(asked)]

    async def _family(self, session: AsyncSession, child_id: int, script: Script) -> list[Owed]:
        relatives = select(Guardianship.person_id).where(Guardianship.student_id == child_id)
        asked = select(Question.id, Question.kind, Contact.address_encrypted).join(Contact, Contact.id == Question.contact_id)
        asked = asked.where(
            Question.state == "open", Question.student_id == child_id, Question.person_id.in_(relatives), Question.kind.in_(script.family),
            Contact.kind == "phone",
        )  # fmt: skip
        return [
            (f"played-{question_id}", address, script.family[kind])
            for question_id, kind, address in await session.execute(asked.order_by(Question.id))
        ]

    async def _tasks(self, session: AsyncSession, child_id: int, script: Script, today: date) -> list[Owed]:
        held = (
            select(Task.id, Task.kind, Task.code, Contact.address_encrypted)
            .join(TaskHolder, TaskHolder.task_id == Task.id)
            .join(PersonContact, PersonContact.person_id == TaskHolder.person_id)
            .join(Contact, Contact.id == PersonContact.contact_id)
            .where(Task.student_id == child_id, Task.state.in_(LIVING), TaskHolder.until.is_(None), Contact.kind == "phone")
            .where(Task.facts["quiet"].is_(None))
            .order_by(Task.id, TaskHolder.person_id)
        )
        return [
            (f"played-task-{task_id}", address, f"{code} {_done(kind, away=script.is_away(self._calendar, today))}")
            for task_id, kind, code, address in await session.execute(held)
        ]


def _done(kind: str, *, away: bool) -> str:
    book = page_data("demo")["task_chips"]
    if away and kind in LOOKING:
        return str(book["not_there"]["send"])
    return str(book["done"].get(kind, book["done"]["default"])["send"])
