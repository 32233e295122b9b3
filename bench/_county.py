"""A school with as many families as a bench needs, each of which is asked about its child."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.base import Channel
from bot.channels.registry import Line
from bot.outbox.policy import DeliveryPolicy
from bot.outbox.senders import ensure_sender
from bot.outbox.settings import OutboxSettings
from bot.rendering import Catalogue
from cases.plans import install_plan, plan_in_force
from fanxiao.engine import plan_labels
from fanxiao.files import PLAN, TEMPLATES
from plan.model import Plan
from storage import keys, server
from storage.crypto import Cipher
from storage.database import Database
from storage.migrate import migrate
from storage.roles import Role
from storage.server import Server
from storage.tables import (
    Area,
    CaseFile,
    CaseLevel,
    Contact,
    Guardianship,
    Person,
    PersonContact,
    Responsibility,
    School,
    SchoolClass,
    Student,
)
from storage.work import working

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # nine in Linxia, a Tuesday
AREA, VILLAGE, SIGNATURE = "622926100", "622926100201", "东乡县教育局"
PLACES = [
    ("6229", "临夏回族自治州", "prefecture", None), ("622926", "东乡族自治县", "county", "6229"), (AREA, "锁南镇", "township", "622926"),
    (VILLAGE, "毛毛村委会", "village", AREA),
]  # fmt: skip
OFFICES = {
    VILLAGE: ["village_committee"], AREA: ["township_officer", "township_head"],
    "622926": ["county_officer", "education_head", "leading_group", "county_head", "department_liaison", "enrolment_manager"],
    "6229": ["prefecture_officer"],
}  # fmt: skip
SCHOOL_POSTS = ["attendance_officer", "principal", "enrolment_manager"]
PUPILS, CLASSES = 40, 18
FAMILY, GIVEN = "马牟唐王张李赵陈", "龙英军梅强花明兰"


class FixedClock:
    """It stays nine o'clock, whatever the hour is elsewhere."""

    async def now(self) -> datetime:
        return NOW


def phone(number: int) -> str:
    """Of the family with this number, from 1."""
    return f"+86138{number:08}"


@dataclass(frozen=True)
class County:
    """An installation."""

    server: Server
    cipher: Cipher
    home: Path

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Asks the database as its administrator."""
        with self.server.direct() as connection:
            found = connection.execute(query.encode(), values)
            return found.fetchall() if found.description else []

    def learn(self) -> None:
        """What the server learns by itself within a minute of the rows there are; of empty tables it never holds that they stay empty."""
        for (table,) in self.rows("select relid::regclass::text from pg_stat_user_tables where n_mod_since_analyze > 50"):
            self.rows(f"analyze {table}")

    def database(self, role: Role = Role.WORKER) -> Database:
        return Database(self.server.url(role))


@contextmanager
def installed(home: Path) -> Iterator[County]:
    """Everything but people, on a database that keeps what it has been given."""
    started = server.start(home)
    try:
        cipher = keys.cipher_of_home(home)
        migrate(started, cipher, key_source=str(home / keys.KEY_FILE))
        yield County(started, cipher, home)
    finally:
        started.close()


async def settle(county: County, families: int, rate: float, plan_text: str | None = None, now: datetime = NOW) -> Plan:
    """Families, each with an absent child and an open case; a Twilio number of this rate."""
    database = county.database()
    templates = [path.stem for path in (TEMPLATES / "messages").glob("*.yaml")]
    try:
        async with working(database, now) as work:
            await install_plan(work, plan_text or PLAN.read_text(encoding="utf-8"), templates)
            version, plan = await plan_in_force(work.session)
            await ensure_sender(work.session, "twilio_sms", "+15005550006", rate_per_second=rate)
            await _people(work.session, county.cipher, version, range(1, families + 1), now)
    finally:
        await database.close()
    return plan


async def _people(session: AsyncSession, cipher: Cipher, version: int, numbers: range, now: datetime) -> None:
    for code, name, level, parent in PLACES:
        session.add(Area(code=code, name=name, level=level, parent_code=parent))
        await session.flush()
    rooms = await _rooms(session, len(numbers))
    await _staff(session, cipher, rooms, now)
    places = [rooms[index // PUPILS] | {"area_code": VILLAGE, "school_area_code": VILLAGE} for index in range(len(numbers))]
    people = await _add(session, Person, [{"name": f"马{number}", "name_pinyin": "ma", "area_code": AREA} for number in numbers])
    contacts = await _add(session, Contact, [_contact(cipher, phone(number)) for number in numbers])
    students = await _add(session, Student, [_student(number) | place for number, place in zip(numbers, places, strict=True)])
    case = {"plan_version_id": version, "state": "open", "level": 1, "opened_at": now, "first_absent_on": now.date()}
    opened = [{"number": f"东{student}", "student_id": student} | case | place for student, place in zip(students, places, strict=True)]
    cases = await _add(session, CaseFile, opened)
    level = {"episode": 1, "level": 1, "entered_at": now, "recorded_at": now, "reason": "absent"}
    await _add(session, CaseLevel, [{"case_id": case_id} | level for case_id in cases])
    reached = [{"person_id": person, "contact_id": contact} for person, contact in zip(people, contacts, strict=True)]
    await session.execute(insert(PersonContact), reached)
    family = [{"student_id": student, "person_id": person, "relation": "father"} for student, person in zip(students, people, strict=True)]
    await session.execute(insert(Guardianship), family)


async def _rooms(session: AsyncSession, pupils: int) -> list[dict[str, int]]:
    """Classes of ordinary size in schools of ordinary size: whoever reads a reply looks at the child's class."""
    rooms: list[dict[str, int]] = []
    while len(rooms) * PUPILS < pupils:
        number = len(rooms) // CLASSES + 1
        (school,) = await _add(session, School, [_school(number)])
        made = await _add(session, SchoolClass, [_class(school, one) for one in range(1, CLASSES + 1)])
        rooms += [{"school_id": school, "class_id": room} for room in made]
    return rooms


async def _staff(session: AsyncSession, cipher: Cipher, rooms: list[dict[str, int]], now: datetime) -> None:
    """Everybody whom the chain asks, each with a phone: with nobody there every case would climb to the prefecture at once."""
    schools = {room["school_id"]: VILLAGE for room in rooms}
    posts: list[dict[str, Any]] = [room | {"role": "class_teacher", "area_code": VILLAGE} for room in rooms]
    posts += [{"role": role, "area_code": area, "school_id": school} for school, area in schools.items() for role in SCHOOL_POSTS]
    posts += [{"role": role, "area_code": area} for area, roles in OFFICES.items() for role in roles]
    people = await _add(
        session, Person, [{"name": f"王{number}", "name_pinyin": "wang", "area_code": VILLAGE} for number in range(len(posts))]
    )
    contacts = await _add(session, Contact, [_contact(cipher, f"+86139{number:08}") for number in range(len(posts))])
    await session.execute(
        insert(PersonContact), [{"person_id": one, "contact_id": other} for one, other in zip(people, contacts, strict=True)]
    )
    for post, person in zip(posts, people, strict=True):
        session.add(Responsibility(person_id=person, valid_from=now.date(), **post))
    await session.flush()


def _school(number: int) -> dict[str, Any]:
    return {"code": f"2162{number:06}", "name": f"锁南{number}小", "stage": "primary", "area_code": VILLAGE, "phone": "0930-7120001"}


def _class(school: int, number: int) -> dict[str, Any]:
    return {"school_id": school, "grade": 3, "number": str(number), "name": f"三({number})班", "area_code": VILLAGE}


async def _add(session: AsyncSession, table: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Gives the ids, in the order of the rows."""
    return list(await session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), rows))


def _contact(cipher: Cipher, number: str) -> dict[str, Any]:
    return {"kind": "phone", "address_encrypted": cipher.encrypt(number), "address_index": cipher.index(number)}


def _student(number: int) -> dict[str, Any]:
    name = FAMILY[number % 8] + GIVEN[number // 8 % 8] + GIVEN[number // 64 % 8]
    return {"register_index": str(number).encode(), "register_number_encrypted": b"-", "name": name, "name_pinyin": "ma"}


async def ask_families(database: Database, now: datetime = NOW) -> None:
    """The question about each child's absence, as the plan's first step asks it."""
    async with working(database, now) as work:
        cases = await work.session.execute(
            select(CaseFile.id, CaseFile.student_id, Guardianship.person_id)
            .join(Guardianship, Guardianship.student_id == CaseFile.student_id)
            .order_by(CaseFile.id)
        )
        for case_id, student_id, person_id in cases:
            work.say(
                f"case:{case_id}:1:absence_question:{now.date()}:{person_id}", person_id, "absence_question", area_code=AREA,
                still="unanswered", question="absence", case_id=case_id, student_id=student_id, facts={"on": now.date().isoformat()},
            )  # fmt: skip


def outbox(county: County, plan: Plan, channels: dict[Line, Channel], public_url: str = "") -> OutboxSettings:
    """Delivery as an installation has it."""
    return OutboxSettings(
        policy=DeliveryPolicy.of(plan), catalogue=Catalogue.load(TEMPLATES), channels=channels, cipher=county.cipher,
        labels=plan_labels(plan), signatures={"": SIGNATURE}, public_url=public_url,
    )  # fmt: skip
