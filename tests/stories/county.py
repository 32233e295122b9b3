"""A small county with phones: stories are told by what people's phones receive and reply, while the clock moves."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.channels import simulator
from bot.channels.base import Incoming
from bot.channels.registry import MAIN, build_channel
from bot.dialogs.route import route
from bot.inbox.receive import receive
from bot.outbox.policy import DeliveryPolicy
from bot.outbox.senders import ensure_sender
from bot.outbox.settings import OutboxSettings
from bot.rendering import Catalogue, load_once
from bot.worker import Worker
from cases.plans import install_plan
from fanxiao.files import TEMPLATES
from plan.check import read_plan
from scheduler.stage import Stage
from storage.clock import SteppedClock
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import (
    Area,
    CaseFile,
    CaseLevel,
    Contact,
    Guardianship,
    Message,
    Notice,
    Person,
    PersonContact,
    Responsibility,
    School,
    SchoolClass,
    Student,
    Task,
)  # fmt: skip
from storage.work import working

ZONE = ZoneInfo("Asia/Shanghai")
PLAN = re.sub(r"  welcome: .*\n", "", files("plan").joinpath("linxia.yaml").read_text(encoding="utf-8"))
"""The prefecture's own, without the notice to each guardian: it has a story of its own, and would come into all the others."""
CATALOGUE = load_once(TEMPLATES)
AREAS = [
    ("6229", "临夏回族自治州", "prefecture", None),
    ("622926", "东乡族自治县", "county", "6229"),
    ("622926100", "锁南镇", "township", "622926"),
    ("622926100201", "毛毛村委会", "village", "622926100"),
]
STAFF = {  # role: (name, area code; none: the school; "class": the class)
    "class_teacher": ("马老师", "class"), "attendance_officer": ("张专干", None), "principal": ("王校长", None),
    "village_committee": ("马主任", "622926100201"), "township_officer": ("赵干事", "622926100"), "township_head": ("钱镇长", "622926100"),
    "county_officer": ("孙科长", "622926"), "education_head": ("李局长", "622926"), "leading_group": ("周组长", "622926"),
    "county_head": ("吴县长", "622926"), "enrolment_manager": ("郑老师", "622926"), "prefecture_officer": ("冯处长", "6229"),
    "department_liaison": ("陈警官", "622926"),
}  # fmt: skip


_plan_in = cache(read_plan)
PATIENCE = 4
"""Minutes for which somebody waits for a text."""


def local(text: str) -> datetime:
    """ "2026-11-23 08:30" in Linxia."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def _of_families(catalogue: Catalogue) -> frozenset[str]:
    return frozenset(template.id for template in catalogue.templates.values() if template.audience == "guardian")


class Phone:
    """One simulated phone. `expects` fails unless a new text has arrived that holds the words."""

    def __init__(self, county: County, number: str) -> None:
        self._county = county
        self.number = number
        self._read = 0

    async def inbox(self) -> list[Message]:
        async with self._county.database.session() as session:
            contact = select(Contact.id).where(Contact.address_index == self._county.cipher.index(self.number)).scalar_subquery()
            sent = select(Message).where(Message.contact_id == contact, Message.state.in_(("sent", "delivered", "answered")))
            return list(await session.scalars(sent.order_by(Message.sent_at, Message.id)))

    async def new(self) -> list[str]:
        """Texts not seen before."""
        texts = [message.body for message in await self.inbox()]
        fresh, self._read = texts[self._read :], len(texts)
        return fresh

    async def expects(self, *words: str) -> str:
        """The first new text that holds all these words; what came before it counts as read.

        One recipient gets one text a minute, so it may take a few.
        """
        for _ in range(PATIENCE):
            if (found := await self._unread(words)) is not None:
                return found
            await self._county.stage.advance(minutes=1)
        texts = [message.body for message in await self.inbox()]
        raise AssertionError(f"no new text with {words}; new are {texts[self._read :]}")

    async def _unread(self, words: tuple[str, ...]) -> str | None:
        texts = [message.body for message in await self.inbox()]
        for number, text in enumerate(texts[self._read :], start=self._read + 1):
            if all(word in text for word in words):
                self._read = number
                return text
        return None

    async def expects_nothing(self) -> None:
        texts = await self.new()
        assert not texts, f"unexpected: {texts}"

    async def replies(self, text: str) -> None:
        """Sends a text and lets everything that follows from it happen."""
        await self._county.receive(self.number, text)
        await self._county.stage.settle()


@dataclass
class County:
    """Everything a story needs: people by role, children, their families' phones, and the clock."""

    database: Database
    web: Database
    cipher: Cipher
    stage: Stage = field(init=False)
    settings: OutboxSettings = field(init=False)
    school_id: int = 0
    class_id: int = 0
    people: dict[str, int] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    students: dict[str, int] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def begin(
        self, at: str, *, roles: Iterable[str] = STAFF, channels: Iterable[str] = ("simulator",), plan: str = PLAN, calls: bool = False
    ) -> None:
        """Sets the clock, the plan, the place and its staff. Nothing has happened yet. `calls`: families are called for everything."""
        clock = SteppedClock(self.database)
        await clock.set(local(at))
        loaded = _plan_in(plan)
        settings = OutboxSettings(
            policy=DeliveryPolicy.of(loaded),
            catalogue=CATALOGUE,
            channels={(name, MAIN): build_channel(name, MAIN, {}) for name in channels},
            cipher=self.cipher,
            labels={
                "duty": {name: label.zh for name, label in loaded.tasks.items()},
                "level": {str(rung.level): rung.name.zh for rung in loaded.levels},
            },
            signatures={"": "东乡县教育局"},
            **({"spoken": _of_families(CATALOGUE)} if calls else {}),
        )
        self.settings = settings
        self.restarts()
        async with working(self.database, local(at)) as work:
            await install_plan(work, plan, CATALOGUE.templates)
            for name in channels:
                await ensure_sender(work.session, name, "10690", rate_per_second=5000)
        await self._places()
        for role in roles:
            await self.staff(role)

    def restarts(self) -> None:
        """All processes end and begin anew: whatever they remembered is gone."""
        clock = SteppedClock(self.database)
        self.stage = Stage(self.database, clock, Worker(self.database, clock, self.settings, route(self.cipher)))

    async def _places(self) -> None:
        async with self.database.session() as session, session.begin():
            for code, name, level, parent in AREAS:
                session.add(Area(code=code, name=name, level=level, parent_code=parent))
                await session.flush()
            school = School(code="2162000001", name="锁南镇中心小学", stage="primary", area_code="622926100201", phone="0930-7120001")
            session.add(school)
            await session.flush()
            room = SchoolClass(school_id=school.id, grade=3, number="2", name="三(2)班", area_code="622926100201")
            session.add(room)
            await session.flush()
            self.school_id, self.class_id = school.id, room.id

    async def staff(self, role: str, *, key: str | None = None, name: str | None = None, reachable: bool = True) -> int:
        """Adds somebody who answers for this role (again, for a second one, under another key)."""
        person_name, where = STAFF[role]
        person = await self.person(key or role, name or person_name, reachable=reachable)
        area = where if where and where != "class" else "622926100201"
        async with self.database.session() as session, session.begin():
            session.add(
                Responsibility(
                    person_id=person,
                    role=role,
                    area_code=area,
                    valid_from=date(2026, 1, 1),
                    school_id=self.school_id if where in {None, "class"} else None,
                    class_id=self.class_id if where == "class" else None,
                    department="human_resources" if role == "department_liaison" else None,
                )
            )
        return person

    async def person(self, key: str, name: str, *, phone: str | None = None, reachable: bool = True) -> int:
        """A person with a phone of their own, or with somebody else's."""
        async with self.database.session() as session, session.begin():
            person = Person(name=name, name_pinyin=name, area_code="622926100201")
            session.add(person)
            await session.flush()
            self.people[key] = person.id
            if reachable:
                number = self.phones[phone].number if phone else f"+8613900{next(self._numbers):06d}"
                index = self.cipher.index(number)
                contact_id = await session.scalar(select(Contact.id).where(Contact.address_index == index))
                if contact_id is None:
                    contact = Contact(kind="phone", address_encrypted=self.cipher.encrypt(number), address_index=index)
                    session.add(contact)
                    await session.flush()
                    contact_id = contact.id
                session.add(PersonContact(person_id=person.id, contact_id=contact_id))
                self.phones[key] = Phone(self, number)
            return person.id

    async def student(self, name: str, *, guardians: Iterable[str] = (), seat: int | None = None, shares: str | None = None) -> int:
        """A child of the class; each guardian's key names their phone. `shares`: the phone of an earlier guardian."""
        async with self.database.session() as session, session.begin():
            student = Student(
                register_index=f"s{len(self.students)}".encode(), register_number_encrypted=b"x", name=name, name_pinyin=name,
                seat_number=seat or len(self.students) + 1, school_id=self.school_id, class_id=self.class_id,
                area_code="622926100201", school_area_code="622926100201",
            )  # fmt: skip
            session.add(student)
            await session.flush()
            self.students[name] = student.id
        for rank, key in enumerate(guardians, start=1):
            person_id = self.people.get(key) or await self.person(key, f"{name[0]}{key}", phone=shares)
            async with self.database.session() as session, session.begin():
                session.add(Guardianship(student_id=self.students[name], person_id=person_id, relation="father", rank=rank))
        return self.students[name]

    async def others(self, count: int) -> None:
        """Classmates who come every day."""
        for number in range(count):
            await self.student(f"同学{number}")

    async def receive(self, number: str, text: str) -> None:
        now = await self.stage.now()
        incoming = Incoming(f"in-{next(self._numbers)}", number, "10690", text)
        await receive(self.web, self.cipher, simulator.SMS, incoming, now)

    async def after_outage(self, text: str) -> None:
        """Nothing ran until then: the product makes good what fell due, without playing every hour."""
        await self.stage.sleep_to(local(text))

    async def to(self, at: str) -> None:
        """Moves the clock to this local time, doing everything on the way."""
        await self.stage.advance_to(local(at))

    async def case(self, name: str) -> CaseFile:
        async with self.database.session() as session:
            query = select(CaseFile).where(CaseFile.student_id == self.students[name]).order_by(CaseFile.id.desc()).limit(1)
            return (await session.scalars(query)).one()

    async def cases(self) -> list[CaseFile]:
        async with self.database.session() as session:
            return list(await session.scalars(select(CaseFile).order_by(CaseFile.id)))

    async def levels(self, name: str) -> list[tuple[int, str]]:
        """(level, reason) in the order in which the case stood at them."""
        case = await self.case(name)
        async with self.database.session() as session:
            found = await session.scalars(
                select(CaseLevel).where(CaseLevel.case_id == case.id).order_by(CaseLevel.entered_at, CaseLevel.id)
            )
            return [(entry.level, entry.reason) for entry in found]

    async def tasks(self, *states: str) -> list[Task]:
        async with self.database.session() as session:
            found = await session.scalars(select(Task).where(Task.state.in_(states or ("open", "acknowledged"))).order_by(Task.id))
            return list(found)

    async def task(self, kind: str) -> Task:
        """The newest task of a kind."""
        async with self.database.session() as session:
            return (await session.scalars(select(Task).where(Task.kind == kind).order_by(Task.id.desc()).limit(1))).one()

    async def notices(self) -> list[Notice]:
        async with self.database.session() as session:
            return list(await session.scalars(select(Notice).order_by(Notice.id)))
