"""Children found by name, pinyin, case number, or a phone of their family; a child's page with its family and its days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from sqlalchemy import ColumnElement, func, or_, select
from starlette.responses import Response

from cases.home_teaching import lessons_of
from cases.imports.phones import read_phones
from cases.pairing import contacts_of
from cases.responsible import in_force
from cases.school_roll import ENTERING
from console.pages.case import family_of
from console.pages.registers import categories_for, may_write
from console.visit import Visit, Visiting, gone, place_of, see_other
from storage.tables import (
    Absence,
    Arrangement,
    CareCard,
    CaseFile,
    Contact,
    EnrolmentEvent,
    Guardianship,
    Leave,
    Pairing,
    Person,
    PersonContact,
    Responsibility,
    School,
    SchoolClass,
    Student,
    StudentCategory,
)  # fmt: skip
from storage.work import Work

router = APIRouter(prefix="/students")
MOST = 50
DAYS = 60
LONGEST = 60


@router.get("")
async def search(visit: Visiting, q: str = "") -> Response:
    """Exactly one that is found by its case number opens at once."""
    q = q.strip()[:LONGEST]
    rows = await _search(visit, q) if q else []
    if len(rows) == 1 and any(char.isdigit() for char in q):
        return see_other(f"/students/{rows[0][0].id}")
    return await visit.show("students", q=q, rows=rows, most=MOST)


async def _search(visit: Visit, q: str) -> Sequence[Any]:
    query = (
        select(Student, func.coalesce(School.name, ""), func.coalesce(SchoolClass.name, ""))
        .outerjoin(School, School.id == Student.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Student.class_id)
        .where(or_(*_meant(visit, q)))
        .order_by(Student.name, Student.id)
        .limit(MOST)
    )
    return (await visit.session.execute(query)).all()


def _meant(visit: Visit, q: str) -> list[ColumnElement[bool]]:
    numbers = read_phones(q).good
    if numbers:
        return [Student.id.in_(_by_phone([visit.parts.cipher.index(number) for number in numbers]))]
    pinyin = func.replace(Student.name_pinyin, " ", "")
    numbered = select(CaseFile.student_id).where(CaseFile.number.endswith(q, autoescape=True))
    return [
        Student.name.contains(q, autoescape=True), pinyin.startswith(q.lower().replace(" ", ""), autoescape=True), Student.id.in_(numbered),
    ]  # fmt: skip


def _by_phone(indexes: Sequence[bytes]) -> Any:
    return (
        select(Guardianship.student_id)
        .join(PersonContact, PersonContact.person_id == Guardianship.person_id)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(Contact.address_index.in_(indexes), PersonContact.retired_reason.is_(None))
    )


@router.get("/{student_id}")
async def show(visit: Visiting, student_id: int) -> Response:
    return await page_of(visit, student_id)


async def page_of(visit: Visit, student_id: int, *, refused: str | None = None, status: int = 200) -> Response:
    """`refused`: the sentence why what was said of the child was not taken."""
    child = await visit.session.get(Student, student_id)
    if child is None:
        raise gone()
    known, categories = categories_for(visit), await _of_child(visit, StudentCategory, student_id)
    return await visit.show(
        "student", child=child, school=await place_of(visit, School, child.school_id),
        room=await place_of(visit, SchoolClass, child.class_id), family=await family_of(visit, student_id),
        absences=await _absences(visit, student_id), crumbs=await visit.crumbs(child.school_area_code),
        cases=await _of_child(visit, CaseFile, student_id), leaves=await _of_child(visit, Leave, student_id),
        categories=[one for one in categories if one.category in known], known=known, may_write=may_write(visit),
        rules=visit.plan.registers, history=await _history(visit, student_id), care=await visit.session.get(CareCard, student_id),
        arrangement=next((one for one in await _of_child(visit, Arrangement, student_id) if one.until is None), None),
        lessons=await _lessons(visit, student_id), refused_text=refused, status=status, entering=ENTERING,
        pairing=await _paired(visit, student_id), contacts=await _contacts(visit, student_id), staff=await _staff(visit, child),
    )  # fmt: skip


async def _lessons(visit: Visit, student_id: int) -> Sequence[Any]:
    """(visit of teaching at home, teacher), the latest first."""
    return await lessons_of(Work(visit.session, visit.now), student_id)


async def _contacts(visit: Visit, student_id: int) -> Sequence[Any]:
    """(month's contact of whoever is paired with the child, who), the newest first."""
    return await contacts_of(Work(visit.session, visit.now), student_id)


async def _paired(visit: Visit, student_id: int) -> Any:
    """(pairing, who) of today; None for a child without."""
    query = select(Pairing, Person.name).join(Person, Person.id == Pairing.person_id)
    return (await visit.session.execute(query.where(Pairing.student_id == student_id, Pairing.until.is_(None)))).first()


async def _staff(visit: Visit, child: Student) -> list[str]:
    """The people of the child's school, as they are offered where somebody is to be named."""
    if child.school_id is None or not may_write(visit):
        return []
    query = select(Person.id, Person.name).join(Responsibility, Responsibility.person_id == Person.id)
    query = query.where(Responsibility.school_id == child.school_id, *in_force(visit.today)).distinct().order_by(Person.name, Person.id)
    return [offered(person_id, name) for person_id, name in await visit.session.execute(query.limit(MOST))]


def offered(person_id: int, name: str) -> str:
    """With the number, since two may bear the same name."""
    return f"{name}（{person_id}）"


async def _history(visit: Visit, student_id: int) -> list[tuple[str, EnrolmentEvent, str]]:
    """(day, event, who) of the child's enrolment, the newest first."""
    query = select(EnrolmentEvent, Person.name).outerjoin(Person, Person.id == EnrolmentEvent.by_person_id)
    found = await visit.session.execute(query.where(EnrolmentEvent.student_id == student_id).order_by(EnrolmentEvent.id.desc()))
    return [(str(one.facts.get("on") or visit.calendar.day_of(one.at)), one, name or "") for one, name in found]


async def _of_child(visit: Visit, table: Any, student_id: int) -> Sequence[Any]:
    """The child's rows of a table, the newest first."""
    return (await visit.session.scalars(select(table).where(table.student_id == student_id).order_by(table.id.desc()))).all()


async def _absences(visit: Visit, student_id: int) -> Sequence[Absence]:
    query = select(Absence).where(Absence.student_id == student_id).order_by(Absence.on.desc()).limit(DAYS)
    return (await visit.session.scalars(query)).all()
