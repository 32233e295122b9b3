"""Who holds the phones on the page: the chosen child's family, the school, the village, the township, and everybody above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.simulator import CHAT
from cases.responsible import Place, holders, usable
from cases.tasks import LIVING
from plan.model import Plan
from storage.tables import Contact, Guardianship, Person, PersonContact, Student, Task, TaskHolder

FAMILY = "guardian"
PARTS = ("guardian", "teacher", "village", "township", "county")
"""The phones of the page, from left to right."""
PART_OF_SCOPE = {"class": "teacher", "school": "teacher", "village": "village", "township": "township"}


@dataclass(frozen=True)
class Phone:
    """One phone and who answers it; `role` is a role of the plan, or `guardian`. `chat_id`: the contact of its chat with the bot."""

    contact_id: int
    person_id: int
    role: str
    name: str
    number: bytes  # encrypted
    chat_id: int | None = None

    @property
    def contact_ids(self) -> list[int]:
        return [self.contact_id] if self.chat_id is None else [self.contact_id, self.chat_id]

    @property
    def writes_at(self) -> int:
        """The contact from which its owner writes."""
        return self.chat_id or self.contact_id


@dataclass(frozen=True)
class Cast:
    """The phones around one child, by part."""

    parts: Mapping[str, list[Phone]]

    @property
    def everyone(self) -> list[Phone]:
        return [phone for phones in self.parts.values() for phone in phones]

    def phone(self, contact_id: int) -> Phone | None:
        """The one with this number."""
        return next((phone for phone in self.everyone if phone.contact_id == contact_id), None)


async def cast_of(session: AsyncSession, plan: Plan, student: Student, case_id: int | None, on: date) -> Cast:
    """Everybody with a working phone, in the order of the plan."""
    place = Place(student.area_code, student.school_area_code, student.school_id, student.class_id)
    posts = [(role, person) for role in plan.roles for person in await _in_role(session, plan, role, place, on)]
    seated = {person for _, person in posts}
    posts += [post for post in await _asked(session, case_id) if post[1] not in seated]  # whoever stands in keeps the own phone
    relatives = select(Guardianship.person_id).where(Guardianship.student_id == student.id, Guardianship.no_contact.is_(False))
    family = [(FAMILY, person) for person in await session.scalars(relatives.order_by(Guardianship.rank, Guardianship.person_id))]
    found = await _phones(session, {person for _, person in [*posts, *family]}, on)
    seats = {part: _seated([post for post in posts if _part(plan, post[0]) == part], found) for part in PARTS[1:]}
    return Cast({FAMILY: _seated(family, found), **seats})


def _part(plan: Plan, role: str) -> str:
    """The county's and whatever is above it share a phone."""
    return PART_OF_SCOPE.get(plan.roles[role].scope[0], PARTS[-1])


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
    """Each person's preferred working phone, and their chat where they have one."""
    query = (
        select(Person.id, Person.name, Contact.id, Contact.kind, Contact.address_encrypted)
        .join(PersonContact, PersonContact.person_id == Person.id)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(Person.id.in_(people), Contact.kind.in_(("phone", CHAT.contact)), *usable(on))
        .order_by(PersonContact.preference.desc(), Contact.id.desc())
    )
    rows = (await session.execute(query)).all()
    chats = {person_id: contact_id for person_id, _, contact_id, kind, _ in rows if kind == CHAT.contact}
    return {
        person_id: Phone(contact_id, person_id, "", name, number, chats.get(person_id))
        for person_id, name, contact_id, kind, number in rows if kind == "phone"
    }  # fmt: skip


async def lost_numbers(session: AsyncSession, student: Student) -> list[int]:
    """Contacts of the family that can no longer be used: somebody else's, or nobody's."""
    relatives = select(Guardianship.person_id).where(Guardianship.student_id == student.id, Guardianship.no_contact.is_(False))
    gone = or_(Contact.state != "usable", PersonContact.retired_reason.is_not(None))
    query = select(Contact.id).join(PersonContact, PersonContact.contact_id == Contact.id)
    return list(await session.scalars(query.where(PersonContact.person_id.in_(relatives), gone).order_by(Contact.id)))


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
