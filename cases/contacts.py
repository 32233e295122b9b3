"""Phones and chats that turn out not to reach the person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from cases.contact_tasks import end_find_contacts, open_find_contacts
from storage.tables import Contact, Guardianship, Intent, Message, Person, PersonContact, Question, is_waiting
from storage.work import Work

SETTLED = timedelta(days=1)
"""A chat moves once; a provider that sends us back and forth is not followed faster than this."""
MOVED = "moved"
WAITING = ((Question, Question.state == "open"), (Intent, Intent.state == "pending"), (Message, is_waiting()))


async def retire_contact(work: Work, student_id: int, person_id: int, contact_id: int, reason: str) -> None:
    """A contact no longer reaches this person, nor whoever of the child's family shared it; somebody looks for another one for each of
    their children.
    """
    for one in await _of_family(work, student_id, person_id, contact_id, PersonContact.retired_reason.is_(None)):
        await _set_retired(work, one, contact_id, reason)
        work.record("contact_retired", f"person:{one}", area_code=(await work.session.get_one(Person, one)).area_code, reason=reason)
        await open_find_contacts(work, await _children(work, one), quiet=False)


async def restore_contact(work: Work, student_id: int, person_id: int, contact_id: int, reason: str) -> None:
    """What was retired for this reason reaches them again; nobody needs to look for another number."""
    for one in await _of_family(work, student_id, person_id, contact_id, PersonContact.retired_reason == reason):
        await _set_retired(work, one, contact_id, None)
        work.record("contact_restored", f"person:{one}", area_code=(await work.session.get_one(Person, one)).area_code, reason=reason)
        await end_find_contacts(work, await _children(work, one))


async def _of_family(work: Work, student_id: int, person_id: int, contact_id: int, *conditions: ColumnElement[bool]) -> list[int]:
    """The person, and the child's other guardians, as far as these conditions hold of their tie to the contact."""
    family = select(Guardianship.person_id).where(Guardianship.student_id == student_id)
    theirs = or_(PersonContact.person_id == person_id, PersonContact.person_id.in_(family))
    tied = select(PersonContact.person_id).where(PersonContact.contact_id == contact_id, theirs, *conditions)
    return list(await work.session.scalars(tied.order_by(PersonContact.person_id)))


async def _set_retired(work: Work, person_id: int, contact_id: int, reason: str | None) -> None:
    link = update(PersonContact).where(PersonContact.person_id == person_id, PersonContact.contact_id == contact_id)
    await work.session.execute(link.values(retired_reason=reason))


async def _children(work: Work, person_id: int) -> list[int]:
    return list(await work.session.scalars(select(Guardianship.student_id).where(Guardianship.person_id == person_id)))


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
