"""The first person of an installation who may enter: named on the server itself, by whoever runs it."""

from __future__ import annotations

from pypinyin import lazy_pinyin
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cases.desk import desk_of_area
from storage.crypto import Cipher
from storage.tables import Contact, Person, PersonContact, Responsibility
from storage.work import Work


async def appoint(work: Work, cipher: Cipher, *, name: str, number: str, area_code: str, role: str) -> int:
    """Gives this person, at this number, the role in the area from today; the same again changes nothing. Returns the person's id."""
    desk = await desk_of_area(work, area_code)
    person_id = await _person(work, cipher, name, number, area_code)
    held = select(Responsibility.id).where(
        Responsibility.person_id == person_id, Responsibility.role == role, Responsibility.area_code == area_code,
        Responsibility.school_id.is_(None), Responsibility.valid_until.is_(None),
    )  # fmt: skip
    if await work.session.scalar(held) is None:
        work.session.add(Responsibility(person_id=person_id, role=role, area_code=area_code, valid_from=desk.today))
        work.record("officer_appointed", f"person:{person_id}", area_code=area_code, actor="operator", role=role)
    return person_id


async def _person(work: Work, cipher: Cipher, name: str, number: str, area_code: str) -> int:
    """The one of this name at this number, or a new one."""
    index = cipher.index(number)
    known = (
        select(Person.id)
        .join(PersonContact, PersonContact.person_id == Person.id)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(Contact.address_index == index, Person.name == name)
    )
    if (found := await work.session.scalar(known.limit(1))) is not None:
        return found
    person = Person(name=name, name_pinyin="".join(lazy_pinyin(name)), area_code=area_code)
    work.session.add(person)
    new = insert(Contact).values(kind="phone", address_encrypted=cipher.encrypt(number), address_index=index)
    await work.session.execute(new.on_conflict_do_nothing())
    await work.session.flush()
    contact_id = (await work.session.scalars(select(Contact.id).where(Contact.kind == "phone", Contact.address_index == index))).one()
    work.session.add(PersonContact(person_id=person.id, contact_id=contact_id))
    return person.id
