"""What the card of a child says (一人一档一卡, art. 2.7): who it is, who looks after it, how it learns and lives, what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from cases.aid_received import aid_received, aided, aided_on
from cases.enrolment_words import state_name
from cases.home_teaching import lately, lessons_of
from cases.lesson_families import is_contested
from cases.pairing import contacts_of, pairing_of
from cases.registers import arrangement_of, register_rules
from cases.responsible import usable
from plan.model import Plan
from storage.crypto import Cipher
from storage.tables import (
    Area,
    CareCard,
    Contact,
    Guardianship,
    HomeLesson,
    Person,
    PersonContact,
    School,
    SchoolClass,
    Student,
    StudentCategory,
)
from storage.work import Work

MONTHS = 12
"""Contacts, visits and aid that the card shows, newest first."""


@dataclass(frozen=True)
class Kin:
    """Somebody of the family, or in its stead."""

    relation: str
    name: str
    phone: str
    is_guardian: bool


@dataclass(frozen=True)
class CardLine:
    """A day, what was done, and by whom."""

    on: date
    what: str
    who: str


@dataclass(frozen=True)
class LessonLine:
    """A visit of teaching at home: what the teacher says of it (`state`, `said`), and the family (`came`: None where it has not spoken).

    `contested`: they say different things.
    """

    on: date
    state: str
    said: str
    who: str
    came: bool | None
    contested: bool


@dataclass(frozen=True)
class Card:
    """The card's facts, ready for print. Texts are empty where nothing is known. `age`: in years on the day of printing."""

    name: str
    sex: str | None
    born: date | None
    age: int | None
    ethnicity: str
    school: str
    class_name: str
    home: str
    status: str
    categories: Sequence[str]
    kin: Sequence[Kin]
    studies: str
    living: str
    paired_with: str
    paired_since: date | None
    arrangement: str
    contacts: Sequence[CardLine] = field(default_factory=list)
    lessons: Sequence[LessonLine] = field(default_factory=list)
    aid: Sequence[CardLine] = field(default_factory=list)


async def card_of(work: Work, plan: Plan, cipher: Cipher, student: Student, today: date) -> Card:
    """Everything that the registers know of a child. Raises NotTaken where the plan has no registers."""
    rules, session = register_rules(plan), work.session
    place = await session.scalar(select(School.name).where(School.id == student.school_id)) or ""
    room = await session.scalar(select(SchoolClass.name).where(SchoolClass.id == student.class_id)) or ""
    home = await session.scalar(select(Area.name).where(Area.code == student.area_code)) or ""
    written, paired = await session.get(CareCard, student.id), await pairing_of(work, student.id)
    taught = await arrangement_of(work, student.id)
    return Card(
        name=student.name, sex=student.sex, born=student.birth_date, age=_age(student.birth_date, today), ethnicity=student.ethnicity or "",
        school=place, class_name=room, home=home, status=state_name(student.status), categories=await _categories(work, plan, student.id),
        kin=await _kin(work, cipher, student.id, today), studies=(written.studies if written else None) or "",
        living=(written.living if written else None) or "",
        paired_with=(await session.get_one(Person, paired.person_id)).name if paired else "",
        paired_since=paired.since if paired else None, arrangement=rules.arrangements[taught.kind].zh if taught else "",
        contacts=[CardLine(row.recorded_on, row.said, who) for row, who in (await contacts_of(work, student.id))[:MONTHS]],
        lessons=[_lesson(row, who) for row, who in lately(await lessons_of(work, student.id), today, ahead=1, most=MONTHS)],
        aid=await _aid(work, plan, student.id),
    )  # fmt: skip


def _age(born: date | None, today: date) -> int | None:
    return None if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _lesson(row: HomeLesson, who: str) -> LessonLine:
    return LessonLine(row.planned_on, row.state, row.said or "", who, row.came, is_contested(row))


async def _categories(work: Work, plan: Plan, student_id: int) -> list[str]:
    """As "留守（双亲留守）2026-09-01—", the present ones first."""
    known = register_rules(plan).categories
    rows = await work.session.scalars(
        select(StudentCategory)
        .where(StudentCategory.student_id == student_id)
        .order_by(StudentCategory.until.is_not(None), StudentCategory.since.desc())
    )
    return [
        f"{known[row.category].zh if row.category in known else row.category}{f'（{row.detail}）' if row.detail else ''}"
        f" {row.since}—{row.until or ''}"
        for row in rows
    ]


async def _kin(work: Work, cipher: Cipher, student_id: int, today: date) -> list[Kin]:
    found = await work.session.execute(
        select(Guardianship.relation, Guardianship.is_guardian, Person.id, Person.name)
        .join(Person, Person.id == Guardianship.person_id)
        .where(Guardianship.student_id == student_id)
        .order_by(Guardianship.rank, Person.id)
    )
    return [Kin(relation, name, await _phone(work, cipher, person, today), guards) for relation, guards, person, name in found.all()]


async def _phone(work: Work, cipher: Cipher, person_id: int, today: date) -> str:
    query = select(Contact.address_encrypted).join(PersonContact, PersonContact.contact_id == Contact.id)
    query = query.where(PersonContact.person_id == person_id, Contact.kind == "phone", *usable(today))
    sealed = await work.session.scalar(query.order_by(PersonContact.preference).limit(1))
    return cipher.decrypt(sealed).removeprefix("+86") if sealed is not None else ""


async def _aid(work: Work, plan: Plan, student_id: int) -> list[CardLine]:
    received = await aid_received(work, select(Student.id).where(Student.id == student_id))
    return [CardLine(aided_on(plan, row), aided(plan, row), "") for row in received.get(student_id, ())[:MONTHS]]
