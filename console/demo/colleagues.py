"""The teachers whose classes no visitor looks at, those who play a script, and everybody's paperwork: they answer by themselves, so that
nobody has to, and the phones on the page show what happens to the child and not what lies unanswered beside it."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from bot.channels import simulator
from bot.channels.base import Incoming
from bot.inbox.receive import receive
from cases.reports.asking import CONFIRM, KINDS
from cases.tasks import LIVING
from console.demo.players import LOOKING, Players
from console.words import page_data
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import AttendanceSheet, BoardingCheck, CaseFile, Contact, PersonContact, Question, Report, Task, TaskHolder


class Draining(Protocol):
    """A worker that does everything that is due."""

    async def drain(self, now: datetime) -> int: ...


class Colleagues:
    """A worker among colleagues. They look at the tables as the web role does, and write as phones do.

    `watched`: the classes that visitors look at; a class with an open case is left to the visitors too.
    """

    def __init__(
        self, worker: Draining, web: Database, cipher: Cipher, area_code: str, watched: Set[int], players: Players | None = None
    ) -> None:
        self._worker = worker
        self._players = players
        self._web = web
        self._cipher = cipher
        self._area_code = area_code
        self._watched = watched

    async def drain(self, now: datetime) -> int:
        """Does everything that is due, and what follows from the colleagues' answers."""
        done = await self._worker.drain(now)
        while await self._answer(now):
            done += await self._worker.drain(now)
        return done

    async def _answer(self, now: datetime) -> int:
        """Each question is answered once; gives how many were."""
        answered = 0
        for key, address, text in await self._owed(now):
            incoming = Incoming(f"colleague-{key}", self._cipher.decrypt(address), "", text)
            answered += await receive(self._web, self._cipher, simulator.SMS, incoming, now) is not None
        return answered

    async def _owed(self, now: datetime) -> list[tuple[str, bytes, str]]:
        """(key, encrypted number, text) of everything that waits for a colleague."""
        said = page_data("demo")["colleagues"]
        async with self._web.reading(self._area_code) as session:
            sheets = (await session.execute(_sheets(self._elsewhere(AttendanceSheet.class_id)))).all()
            evening = (await session.execute(_boarding(self._elsewhere(BoardingCheck.class_id)))).all()
            errands = (await session.execute(_errands(self._elsewhere(Task.class_id)))).all()
            reports = (await session.execute(_reports())).all()
            posts = (await session.execute(_posts())).all()
            played = await self._players.owed(session, now) if self._players is not None else []
        owed = [(f"sheet-{question_id}", address, str(said["sheet"])) for question_id, address in [*sheets, *evening]]
        owed += [(f"post-{question_id}", address, str(said["still_you"])) for question_id, address in posts]
        owed += [_paper(said["reports"], *report) for report in reports]
        return owed + played + [(f"task-{task_id}", address, f"{code} {said['find_contact']}") for task_id, address, code in errands]

    def _elsewhere(self, class_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
        in_case = exists().where(CaseFile.class_id == class_id, CaseFile.state == "open")
        return class_id.not_in(tuple(self._watched)) & ~in_case


def _sheets(elsewhere: ColumnElement[bool]) -> Select[int, bytes]:
    return (
        select(Question.id, Contact.address_encrypted)
        .join(AttendanceSheet, AttendanceSheet.id == Question.sheet_id)
        .join(Contact, Contact.id == Question.contact_id)
        .where(Question.state == "open", Question.kind == "sheet", elsewhere)
        .order_by(Question.id)
    )


def _boarding(elsewhere: ColumnElement[bool]) -> Select[int, bytes]:
    return (
        select(Question.id, Contact.address_encrypted)
        .join(BoardingCheck, BoardingCheck.id == Question.facts["check_id"].as_integer())
        .join(Contact, Contact.id == Question.contact_id)
        .where(Question.state == "open", Question.kind == "boarding", elsewhere)
        .order_by(Question.id)
    )


def _paper(
    said: dict[str, str], task_id: int, version: int, kind: str, is_half: bool | None, address: bytes, code: str
) -> tuple[str, bytes, str]:  # fmt: skip
    """A signature takes two words; each version of a report is another question."""
    word = said["confirm"] if kind == CONFIRM or is_half else said["sign"]
    return f"report-{task_id}-{version}-{word}", address, f"{code} {word}"


def _reports() -> Select[int, int, str, bool | None, bytes, str]:
    """(task, version, kind, whether its first word was said, number, code) of every report that somebody owes."""
    return (
        select(Task.id, Report.version, Task.kind, Task.facts.has_key("confirming"), Contact.address_encrypted, Task.code)
        .join(Report, Report.task_id == Task.id)
        .join(TaskHolder, TaskHolder.task_id == Task.id)
        .join(PersonContact, PersonContact.person_id == TaskHolder.person_id)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(Task.kind.in_(KINDS), Task.state.in_(LIVING), TaskHolder.until.is_(None), Contact.kind == "phone")
        .order_by(Task.id)
    )


def _posts() -> Select[int, bytes]:
    """The monthly question to everybody in a post; not where a yes would be an answer to something else, too."""
    held = exists().where(
        TaskHolder.person_id == Question.person_id, TaskHolder.until.is_(None), Task.id == TaskHolder.task_id, Task.state.in_(LIVING),
        Task.kind.in_(LOOKING),
    )  # fmt: skip
    asked = select(Question.id, Contact.address_encrypted).join(Contact, Contact.id == Question.contact_id)
    return asked.where(Question.state == "open", Question.kind == "still_you", ~held).order_by(Question.id)


def _errands(elsewhere: ColumnElement[bool]) -> Select[int, bytes, str]:
    return (
        select(Task.id, Contact.address_encrypted, Task.code)
        .join(TaskHolder, TaskHolder.task_id == Task.id)
        .join(PersonContact, PersonContact.person_id == TaskHolder.person_id)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(Task.kind == "find_contact", Task.state.in_(LIVING), TaskHolder.until.is_(None), elsewhere)
        .order_by(Task.id)
    )
