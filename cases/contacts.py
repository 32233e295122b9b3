"""Phones and chats that turn out not to reach the person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from cases.contact_tasks import end_find_contacts, open_find_contacts
from storage.tables import Contact, Guardianship, Intent, Message, Person, PersonContact, Question, is_waiting
from storage.work import Work

SETTLED = timedelta(days=1)
"""A chat moves once; a provider that sends us back and forth is not followed faster than this."""
MOVED = "moved"
WAITING = ((Question, Question.state == "open"), (Intent, Intent.state == "pending"), (Message, is_waiting()))


async def retire_contact(work: Work, person_id: int, contact_id: int, reason: str) -> None:
    """A contact no longer belongs to a person; somebody looks for another one for each of their children."""
    link = update(PersonContact).where(PersonContact.person_id == person_id, PersonContact.contact_id == contact_id)
    await work.session.execute(link.values(retired_reason=reason))
    person = await work.session.get_one(Person, person_id)
    work.record("contact_retired", f"person:{person_id}", area_code=person.area_code, reason=reason)
    children = await work.session.scalars(select(Guardianship.student_id).where(Guardianship.person_id == person_id))
    await open_find_contacts(work, list(children), quiet=False)


async def restore_contact(work: Work, person_id: int, contact_id: int, reason: str) -> None:
    """What was retired for this reason reaches the person again; nobody needs to look for another number."""
    link = update(PersonContact).where(
        PersonContact.person_id == person_id, PersonContact.contact_id == contact_id, PersonContact.retired_reason == reason
    )
    await work.session.execute(link.values(retired_reason=None))
    person = await work.session.get_one(Person, person_id)
    work.record("contact_restored", f"person:{person_id}", area_code=person.area_code, reason=reason)
    children = select(Guardianship.student_id).where(Guardianship.person_id == person_id)
    await end_find_contacts(work, list(await work.session.scalars(children)))


async def people_at(work: Work, contact_id: int) -> list[int]:
    """Everybody who is reached at this contact."""
    query = select(PersonContact.person_id).where(PersonContact.contact_id == contact_id, PersonContact.retired_reason.is_(None))
    return list(await work.session.scalars(query.order_by(PersonContact.preference, PersonContact.person_id)))


async def move_contact(work: Work, contact_id: int, address_encrypted: bytes, address_index: bytes) -> bool:
    """A chat that its provider has given another address; False when it moved a short while ago, and is not followed again.

    Where that address is another contact's already, the two are one from now on.
    """
    contact = await work.session.get_one(Contact, contact_id, with_for_update=True)
    if contact.moved_at is not None and work.now - contact.moved_at < SETTLED:
        return False
    there = select(Contact).where(Contact.kind == contact.kind, Contact.address_index == address_index, Contact.id != contact_id)
    other = await work.session.scalar(there.with_for_update())
    work.record("contact_moved", f"contact:{contact_id}", area_code="", to=other.id if other else contact_id)
    if other is None:
        contact.address_encrypted, contact.address_index, contact.moved_at = address_encrypted, address_index, work.now
    else:
        await _merge(work, contact, other)
    return True


async def _merge(work: Work, gone: Contact, kept: Contact) -> None:
    """Everybody who was reached there, what is asked there and what waits to be said there goes to the one that is kept."""
    theirs = select(PersonContact).where(PersonContact.contact_id == gone.id, PersonContact.retired_reason.is_(None))
    for link in await work.session.scalars(theirs):
        moved = insert(PersonContact).values(_link_to(kept.id, link))
        back = moved.on_conflict_do_update(
            index_elements=["person_id", "contact_id"], set_={"retired_reason": None}, where=PersonContact.retired_reason == MOVED
        )
        await work.session.execute(back)
        link.retired_reason = MOVED
    for table, waits in WAITING:
        await work.session.execute(update(table).where(table.contact_id == gone.id, waits).values(contact_id=kept.id))
    gone.state, gone.moved_at = "bad", work.now
    kept.moved_at = work.now
    if kept.state == "bad":  # its provider itself says that it is there
        kept.state, kept.failures = "usable", 0


def _link_to(contact_id: int, link: PersonContact) -> dict[str, Any]:
    names = (column.key for column in PersonContact.__table__.columns)
    return {name: getattr(link, name) for name in names} | {"contact_id": contact_id}
