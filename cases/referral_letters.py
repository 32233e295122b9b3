"""The letter of a referral: what its department needs to know by the plan, and nothing else of child and family."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from cases.desk import Desk, desk_of_case
from cases.letter_numbers import county_of
from cases.names import area_names
from cases.support_words import support_words
from plan.support import PARENTS, Fact
from storage.crypto import Cipher
from storage.tables import (
    CaseFile,
    CaseLevel,
    Contact,
    Guardianship,
    Notice,
    Person,
    PersonContact,
    Referral,
    School,
    SchoolClass,
    Student,
)
from storage.work import Work

WITHHELD: tuple[Fact, ...] = ("address", "guardian_phone")
"""Facts that stand in the letter only: whoever decides need not read them."""


class NotApproved(Exception):
    """A referral that no named person has approved has no letter."""


@dataclass(frozen=True)
class ReferralLetter:
    """What the letter says. `facts`: (label, value) about child and family; `law`: keys of quotations."""

    number: str
    issuer: str
    department: str
    kind: str
    case_number: str
    facts: tuple[tuple[str, str], ...]
    reason: str
    law: tuple[str, ...]
    asks: str
    answer_by: date
    approved_by: str
    approved_on: date
    contact: str


@dataclass(frozen=True)
class _Known:
    """The rows that facts are taken from."""

    work: Work
    desk: Desk
    case: CaseFile
    student: Student
    cipher: Cipher


async def referral_letter(work: Work, referral: Referral, cipher: Cipher) -> ReferralLetter:
    """The facts of the letter. NotApproved for a referral that is proposed, refused or withdrawn."""
    if referral.state not in {"approved", "answered"} or referral.number is None or referral.decided_at is None:
        raise NotApproved(referral.state)
    case = await work.session.get_one(CaseFile, referral.case_id)
    desk = await desk_of_case(work, case)
    student = await work.session.get_one(Student, case.student_id)
    kind = desk.plan.referrals[referral.kind]
    county = county_of(case.area_code)
    county_name = (await area_names(work.session, [county])).get(county, county)
    decider = await work.session.get_one(Person, referral.decided_by)
    return ReferralLetter(
        number=referral.number,
        issuer=support_words().text("issuer").format(county=county_name),
        department=_addressed(desk, referral.department, county_name), kind=kind.zh, case_number=case.number,
        facts=await _facts(_Known(work, desk, case, student, cipher), kind.facts_for(referral.department)), reason=referral.reason or "",
        law=tuple(kind.law), asks=kind.asks, answer_by=desk.calendar.day_of(referral.due_at or referral.decided_at),
        approved_by=decider.name, approved_on=desk.calendar.day_of(referral.decided_at), contact=await _contact(work, referral),
    )  # fmt: skip


async def facts_told(work: Work, referral: Referral, cipher: Cipher) -> tuple[tuple[str, str], ...]:
    """What the department would be told of child and family, and nothing else, for whoever decides; numbers and address left out."""
    case = await work.session.get_one(CaseFile, referral.case_id)
    desk = await desk_of_case(work, case)
    known = _Known(work, desk, case, await work.session.get_one(Student, case.student_id), cipher)
    wanted = desk.plan.referrals[referral.kind].facts_for(referral.department)
    shown = await _facts(known, [name for name in wanted if name not in WITHHELD])
    held_back = [name for name in wanted if name in WITHHELD]
    return (*shown, *((support_words().label("facts", name), "") for name in held_back))


def _addressed(desk: Desk, department: str, county: str) -> str:
    office = support_words().data["offices"].get(department)
    return f"{county}{office}" if office else desk.plan.departments[department].zh


async def _contact(work: Work, referral: Referral) -> str:
    return (await work.session.get_one(Person, referral.proposed_by)).name


async def _facts(known: _Known, wanted: list[Fact]) -> tuple[tuple[str, str], ...]:
    """Those that the plan names and the registers know."""
    words = support_words()
    found = [(words.label("facts", name), await FACTS[name](known)) for name in wanted]
    return tuple((label, value) for label, value in found if value)


async def _child(known: _Known) -> str:
    return known.student.name


async def _sex(known: _Known) -> str:
    return support_words().label("sexes", known.student.sex)


async def _birth_date(known: _Known) -> str:
    return _day(known.student.birth_date)


def _day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day is not None else ""


async def _school(known: _Known) -> str:
    school = await known.work.session.get(School, known.case.school_id) if known.case.school_id is not None else None
    return school.name if school else ""


async def _class(known: _Known) -> str:
    room = await known.work.session.get(SchoolClass, known.case.class_id) if known.case.class_id is not None else None
    return room.name if room else ""


def _area(level: str) -> Callable[[_Known], Awaitable[str]]:
    async def name(known: _Known) -> str:
        code = known.desk.place.area(level)
        return (await area_names(known.work.session, [code])).get(code, "") if code is not None else ""

    return name


async def _address(known: _Known) -> str:
    kept = known.student.address_encrypted
    return known.cipher.decrypt(kept) if kept is not None else ""


async def _absent_since(known: _Known) -> str:
    return _day(known.case.first_absent_on)


async def _measures(known: _Known) -> str:
    """The steps of the chain that were taken, and the notices that were issued."""
    levels = await known.work.session.scalars(
        select(CaseLevel.level)
        .where(CaseLevel.case_id == known.case.id, CaseLevel.episode == known.case.episode, CaseLevel.reason != "referral_approved")
        .order_by(CaseLevel.entered_at, CaseLevel.id)
    )
    names = "、".join(known.desk.plan.at_level(level).name.zh for level in dict.fromkeys(levels))
    issued = select(func.count()).select_from(Notice).where(Notice.case_id == known.case.id, Notice.issued_at.is_not(None))
    return support_words().text("measures").format(levels=names, notices=await known.work.session.scalar(issued) or 0)


async def _first_guardian(known: _Known) -> tuple[Person, str] | None:
    query = select(Person, Guardianship.relation).join(Guardianship, Guardianship.person_id == Person.id)
    query = query.where(Guardianship.student_id == known.student.id, Guardianship.is_guardian).order_by(Guardianship.rank).limit(1)
    row: Any = (await known.work.session.execute(query)).first()
    return (row[0], row[1]) if row is not None else None


async def _guardian(known: _Known) -> str:
    found = await _first_guardian(known)
    return found[0].name if found is not None else ""


async def _relation(known: _Known) -> str:
    found = await _first_guardian(known)
    return support_words().label("relations", found[1]) if found is not None else ""


async def _phone(known: _Known) -> str:
    found = await _first_guardian(known)
    if found is None:
        return ""
    query = select(Contact.address_encrypted).join(PersonContact, PersonContact.contact_id == Contact.id)
    query = query.where(PersonContact.person_id == found[0].id, Contact.kind == "phone", PersonContact.retired_reason.is_(None))
    kept = await known.work.session.scalar(query.order_by(PersonContact.preference).limit(1))
    return known.cipher.decrypt(kept) if kept is not None else ""


FACTS: dict[Fact, Callable[[_Known], Awaitable[str]]] = {
    "child": _child, "sex": _sex, "birth_date": _birth_date, "school": _school, "class": _class, "township": _area("township"),
    "village": _area("village"), "address": _address, "absent_since": _absent_since, "measures": _measures, "guardian": _guardian,
    "guardian_relation": _relation, "guardian_phone": _phone,
}  # fmt: skip


def parents_told(desk: Desk, referral: Referral) -> list[str]:
    """Which facts about the parents this department is given, for whoever approves."""
    kind = desk.plan.referrals[referral.kind]
    return [support_words().label("facts", name) for name in kind.facts_for(referral.department) if name in PARENTS]
