"""Who holds the phones on the page: the chosen child's family, the class teacher, and everybody above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.responsible import Place, holders, usable
from cases.tasks import LIVING
from plan.model import Plan
from storage.tables import Contact, Guardianship, Person, PersonContact, Student, Task, TaskHolder

FAMILY = "guardian"


@dataclass(frozen=True)
class Phone:
    """One phone and who answers it; `role` is a role of the plan, or `guardian`."""

    contact_id: int
    person_id: int
    role: str
    name: str
    number: bytes  # encrypted


@dataclass(frozen=True)
class Cast:
    """The phones around one child."""

    family: list[Phone]
    teacher: list[Phone]
    officers: list[Phone]

    @property
    def everyone(self) -> list[Phone]:
        return [*self.family, *self.teacher, *self.officers]


async def cast_of(session: AsyncSession, plan: Plan, student: Student, case_id: int | None, on: date) -> Cast:
    """Everybody with a working phone, in the order of the plan."""
    place = Place(student.area_code, student.school_area_code, student.school_id, student.class_id)
    posts = [(role, person) for role in plan.roles for person in await _in_role(session, plan, role, place, on)]
    posts += [post for post in await _asked(session, case_id) if post not in posts]
    relatives = select(Guardianship.person_id).where(Guardianship.student_id == student.id, Guardianship.no_contact.is_(False))
    family = [(FAMILY, person) for person in await session.scalars(relatives.order_by(Guardianship.rank, Guardianship.person_id))]
    found = await _phones(session, {person for _, person in [*posts, *family]}, on)
    teacher = plan.attendance.role
    return Cast(
        family=_seated(family, found),
        teacher=_seated([post for post in posts if post[0] == teacher], found),
        officers=_seated([post for post in posts if post[0] != teacher], found),
    )


async def _in_role(session: AsyncSession, plan: Plan, role: str, place: Place, on: date) -> list[int]:
    """The first of them is enough to show; whoever else is asked comes in by the task."""
    return [holder.person_id for holder in await holders(session, plan, role, place, on) if holder.reachable][:1]


async def _asked(session: AsyncSession, case_id: int | None) -> list[tuple[str, int]]:
    """Whoever holds a step of the case, also as a substitute or from another department."""
    if case_id is None:
        return []
    held = select(Task.role, TaskHolder.person_id).join(TaskHolder, TaskHolder.task_id == Task.id)
    living = held.where(Task.case_id == case_id, Task.state.in_(LIVING), TaskHolder.until.is_(None)).distinct()
    return list(await session.execute(living.order_by(Task.role, TaskHolder.person_id)))


async def _phones(session: AsyncSession, people: set[int], on: date) -> dict[int, Phone]:
    """Each person's preferred working phone."""
    query = (
        select(Person.id, Person.name, Contact.id, Contact.address_encrypted)
        .join(PersonContact, PersonContact.person_id == Person.id)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(Person.id.in_(people), Contact.kind == "phone", *usable(on))
        .order_by(PersonContact.preference.desc(), Contact.id.desc())
    )
    rows = await session.execute(query)
    return {person_id: Phone(contact_id, person_id, "", name, number) for person_id, name, contact_id, number in rows}


def _seated(posts: Sequence[tuple[str, int]], found: dict[int, Phone]) -> list[Phone]:
    """One entry a phone; a shared one bears all names."""
    phones: dict[int, Phone] = {}
    for role, person in posts:
        if person not in found:
            continue
        phone = replace(found[person], role=role)
        earlier = phones.get(phone.contact_id)
        phones[phone.contact_id] = phone if earlier is None else replace(earlier, name=_both(earlier.name, phone.name))
    return list(phones.values())


def _both(earlier: str, name: str) -> str:
    return earlier if name in earlier.split("、") else f"{earlier}、{name}"
