"""Phones and chats that turn out not to reach the person."""

from __future__ import annotations

from sqlalchemy import select, update

from cases.contact_tasks import open_find_contacts
from storage.tables import Contact, Guardianship, Person, PersonContact
from storage.work import Work


async def retire_contact(work: Work, person_id: int, contact_id: int, reason: str) -> None:
    """A contact no longer belongs to a person; somebody looks for another one for each of their children."""
    link = update(PersonContact).where(PersonContact.person_id == person_id, PersonContact.contact_id == contact_id)
    await work.session.execute(link.values(retired_reason=reason))
    person = await work.session.get_one(Person, person_id)
    work.record("contact_retired", f"person:{person_id}", area_code=person.area_code, reason=reason)
    children = await work.session.scalars(select(Guardianship.student_id).where(Guardianship.person_id == person_id))
    await open_find_contacts(work, list(children), quiet=False)


async def people_at(work: Work, contact_id: int) -> list[int]:
    """Everybody who is reached at this contact."""
    query = select(PersonContact.person_id).where(PersonContact.contact_id == contact_id, PersonContact.retired_reason.is_(None))
    return list(await work.session.scalars(query.order_by(PersonContact.preference, PersonContact.person_id)))


async def move_contact(work: Work, contact_id: int, address_encrypted: bytes, address_index: bytes) -> None:
    """A chat that its provider has given another address."""
    moved = update(Contact).where(Contact.id == contact_id)
    await work.session.execute(moved.values(address_encrypted=address_encrypted, address_index=address_index))
    work.record("contact_moved", f"contact:{contact_id}", area_code="")
