"""Whose chat it is: by a code that the school hands out, or by the writer's own phone number, proven by the provider."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from cases.consents import keep_refusals
from cases.contacts import people_at
from storage.crypto import Cipher
from storage.tables import Contact, LinkCode, Person, PersonContact
from storage.work import Work

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without those that are taken for each other: 0 O, 1 I L."""
LENGTH = 8
LIFE = timedelta(days=7)
FIRST = 0
"""Preference of a chat: before the phones, which begin at 1."""


async def new_code(work: Work, person_id: int, cipher: Cipher) -> str:
    """A code by which this person, once and within seven days, makes a chat their own. Those given before end; none is stored readable."""
    earlier = update(LinkCode).where(LinkCode.person_id == person_id, LinkCode.used_at.is_(None), LinkCode.expires_at > work.now)
    await work.session.execute(earlier.values(expires_at=work.now))
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    work.session.add(LinkCode(person_id=person_id, code_index=_index(cipher, code), created_at=work.now, expires_at=work.now + LIFE))
    person = await work.session.get_one(Person, person_id)
    work.record("link_code_given", f"person:{person_id}", area_code=person.area_code)
    return code


async def link_by_code(work: Work, cipher: Cipher, code: str, contact: Contact) -> Person | None:
    """The chat becomes that of the person to whom the code was given; None when it is unknown, used or too old."""
    usable = select(LinkCode).where(LinkCode.code_index == _index(cipher, code), LinkCode.used_at.is_(None), LinkCode.expires_at > work.now)
    given = await work.session.scalar(usable.with_for_update())
    if given is None:
        return None
    given.used_at = work.now
    return await _link(work, given.person_id, contact, "code")


async def link_by_phone(work: Work, contact: Contact, phone_index: bytes) -> list[Person]:
    """The chat becomes that of everybody who is reached at its owner's phone; empty when nobody is."""
    phone_id = await work.session.scalar(select(Contact.id).where(Contact.kind == "phone", Contact.address_index == phone_index))
    people = await people_at(work, phone_id) if phone_id is not None else []
    return [await _link(work, person_id, contact, "phone") for person_id in people]


async def _link(work: Work, person_id: int, contact: Contact, by: str) -> Person:
    person = await work.session.get_one(Person, person_id)
    link = insert(PersonContact).values(
        person_id=person_id, contact_id=contact.id, preference=await _before_others(work, person_id, contact)
    )
    again = link.on_conflict_do_update(
        index_elements=["person_id", "contact_id"],
        set_={"preference": link.excluded.preference, "retired_reason": None, "valid_from": None, "valid_until": None},
    )
    await work.session.execute(again)
    contact.state = "usable"
    if contact.refused_at is not None:
        await keep_refusals(work)
    work.record("chat_linked", f"person:{person_id}", area_code=person.area_code, by=by, contact_id=contact.id)
    return person


async def _before_others(work: Work, person_id: int, contact: Contact) -> int:
    others = select(func.min(PersonContact.preference)).where(
        PersonContact.person_id == person_id, PersonContact.contact_id != contact.id, PersonContact.retired_reason.is_(None)
    )
    lowest = await work.session.scalar(others)
    return FIRST if lowest is None else min(FIRST, lowest - 1)


def _index(cipher: Cipher, code: str) -> bytes:
    return cipher.index(f"link code {code}")
