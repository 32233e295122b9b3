"""A small county for delivery: a school, a child, and people with phones."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.channels.base import Channel
from bot.channels.registry import Line
from bot.outbox.policy import DeliveryPolicy
from bot.outbox.senders import ensure_sender
from bot.outbox.settings import OutboxSettings
from bot.rendering import RenderingError
from bot.rendering.traits import Traits
from bot.worker import Worker
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import (
    Absence,
    Area,
    Contact,
    Inbound,
    Intent,
    Message,
    Person,
    PersonContact,
    Question,
    School,
    SchoolClass,
    Sender,
    Student,
)  # fmt: skip
from storage.work import Work, working

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # 09:00 in Linxia, a Tuesday
AREA = "622926100"
ZONE = ZoneInfo("Asia/Shanghai")
UNLIMITED = DeliveryPolicy(ZONE, call_again=(timedelta(minutes=15), timedelta(hours=1)))


class Texts:
    """Renders the template's id and some words, so that tests do not depend on wording."""

    def render(self, template_id: str, variant: str, context: Mapping[str, Any]) -> str:
        if template_id == "broken":
            raise RenderingError("broken/sms: 'child' is undefined")
        said = "、".join(context["lines"]) if template_id == "several" else context.get("say", "")
        return f"【{context['signature']}】{template_id}/{variant} {context.get('child', '')} {said}".strip()

    def traits(self, template_id: str) -> Traits:
        audience = "officer" if template_id.startswith("task") else "guardian"
        return Traits(audience, "several" if template_id.startswith("merging") else None)

    def line(self, template_id: str, context: Mapping[str, Any]) -> str:
        return str(context["say"])

    def answering(self, kind: str, words: Mapping[str, Any]) -> Mapping[str, str]:
        return {}

    def buttons(self, template_id: str, context: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [("1", "来"), ("2", "不来")] if template_id == "pressing" else []


async def no_route(work: Work, inbound: Inbound) -> str:
    return "noted"


class Killed(BaseException):
    """The process dies."""


class FixedClock:
    """Tells the time that the test has set."""

    def __init__(self) -> None:
        self.time = NOW

    async def now(self) -> datetime:
        return self.time


@dataclass
class World:
    database: Database
    cipher: Cipher
    channels: dict[Line, Channel]
    clock: FixedClock = field(default_factory=FixedClock)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    student_id: int = 0
    school_id: int = 0
    class_id: int = 0
    public_url: str = ""
    hooks: Any = None  # our webhooks, where a test serves them

    def settings(self, **changed: Any) -> OutboxSettings:
        values: dict[str, Any] = {
            "policy": UNLIMITED, "catalogue": Texts(), "channels": self.channels, "cipher": self.cipher,
            "labels": {"duty": {}, "level": {}}, "signatures": {"": "临夏州教育局", "622926": "东乡县教育局"},
            "doubt_after": timedelta(0), "public_url": self.public_url,
        }  # fmt: skip
        return OutboxSettings(**(values | changed))

    def worker(self, route: Callable[[Work, Inbound], Awaitable[str]] = no_route, **changed: Any) -> Worker:
        return Worker(self.database, self.clock, self.settings(**changed), route)

    async def begin(self) -> None:
        async with self.database.session() as session, session.begin():
            session.add(Area(code=AREA, name="锁南镇", level="township", parent_code=None))
            await session.flush()
            school = School(code="2162000001", name="锁南小学", stage="primary", area_code=AREA, phone="0930-7120001")
            session.add(school)
            await session.flush()
            room = SchoolClass(school_id=school.id, grade=3, number="2", name="三(2)班", area_code=AREA)
            session.add(room)
            await session.flush()
            self.school_id, self.class_id = school.id, room.id
        self.student_id = await self._child("马小龙")

    async def another_child(self) -> int:
        """In the same class."""
        return await self._child("马麦燕")

    async def _child(self, name: str) -> int:
        async with self.database.session() as session, session.begin():
            student = Student(
                register_index=name.encode(), register_number_encrypted=b"s", name=name, name_pinyin="ma", school_id=self.school_id,
                class_id=self.class_id, area_code=AREA, school_area_code=AREA,
            )  # fmt: skip
            session.add(student)
            await session.flush()
            return student.id

    async def sender(self, channel: str = "simulator", address: str = "10690", rate: float = 5000) -> int:
        async with self.database.session() as session, session.begin():
            return await ensure_sender(session, channel, address, rate_per_second=rate)

    async def person(self, *phones: str) -> int:
        """A person who is reached at these numbers, the first first."""
        async with self.database.session() as session, session.begin():
            person = Person(name=f"马{next(self.numbers)}", name_pinyin="ma", area_code=AREA)
            session.add(person)
            await session.flush()
            for preference, phone in enumerate(phones, 1):
                contact_id = await self._contact(session, phone)
                session.add(PersonContact(person_id=person.id, contact_id=contact_id, preference=preference))
            return person.id

    async def _contact(self, session: Any, phone: str) -> int:
        index = self.cipher.index(phone)
        found = await session.scalar(select(Contact.id).where(Contact.kind == "phone", Contact.address_index == index))
        if found is not None:
            return int(found)
        contact = Contact(kind="phone", address_encrypted=self.cipher.encrypt(phone), address_index=index)
        session.add(contact)
        await session.flush()
        return contact.id

    async def contact(self, phone: str) -> Contact:
        return await self.one(select(Contact).where(Contact.address_index == self.cipher.index(phone)))

    async def say(self, person_id: int, template: str = "welcome_back", key: str | None = None, **rest: Any) -> str:
        """Writes an intent; gives its key."""
        key = key or f"key:{next(self.numbers)}"
        async with working(self.database, self.clock.time) as work:
            work.say(key, person_id, template, **({"area_code": AREA} | rest))
        return key

    async def wrote(self, contact_id: int, body: str, **rest: Any) -> None:
        """A text that came from there, and was handled."""
        async with self.database.session() as session, session.begin():
            session.add(
                Inbound(
                    channel="simulator", provider_id=f"w{next(self.numbers)}", kind="phone", address_encrypted=b"", address_index=b"",
                    to_address="", body=body, received_at=self.clock.time, handled_at=self.clock.time, contact_id=contact_id, **rest,
                )
            )  # fmt: skip

    async def taken(self, channel: str, provider_id: str) -> None:
        """A message that this channel's provider has accepted."""
        sender_id, person_id = await self.sender(channel, "1"), await self.person("+8613893010001")
        contact = await self.contact("+8613893010001")
        async with self.database.session() as session, session.begin():
            session.add(
                Message(
                    sender_id=sender_id, channel=channel, contact_id=contact.id, person_id=person_id, area_code=AREA, urgency="duty",
                    template="welcome_back", body="", parts=1, state="sent", provider_id=provider_id, queued_at=NOW, sent_at=NOW,
                    expires_at=NOW + timedelta(hours=1),
                )
            )  # fmt: skip

    async def absent(self) -> int:
        async with self.database.session() as session, session.begin():
            absence = Absence(student_id=self.student_id, on=NOW.date(), area_code=AREA, state="absent", recorded_at=NOW)
            session.add(absence)
            await session.flush()
            return absence.id

    async def change(self, table: type[Any], row_id: int, **values: Any) -> None:
        async with self.database.session() as session, session.begin():
            row = await session.get_one(table, row_id)
            for name, value in values.items():
                setattr(row, name, value)

    async def one(self, query: Any) -> Any:
        async with self.database.session() as session:
            return (await session.scalars(query)).one()

    async def all(self, query: Any) -> list[Any]:
        async with self.database.session() as session:
            return list((await session.scalars(query)).all())

    async def intent(self, key: str) -> Intent:
        found: Intent = await self.one(select(Intent).where(Intent.dedupe_key == key))
        return found

    async def messages(self) -> list[Message]:
        return await self.all(select(Message).order_by(Message.id))

    async def questions(self) -> list[Question]:
        return await self.all(select(Question).order_by(Question.id))

    async def the_sender(self) -> Sender:
        found: Sender = await self.one(select(Sender))
        return found
