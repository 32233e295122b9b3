"""The guardian whom a household list names for a child."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cases.imports.intake import Intake, person_key, phone_key, pinyin
from cases.imports.words import read_relation
from storage.tables import Contact, Guardianship, Person, PersonContact, Student

NO_NAME = "家长"  # 马小龙家长, until somebody says the name


async def keep_guardian(intake: Intake, student: Student, name: str, relation: str, phones: tuple[str, ...]) -> None:
    """Links the guardian and their numbers; somebody who is known already is the same person."""
    if not name and not phones:
        return
    called = name or student.name + NO_NAME
    key = person_key(intake.cipher, called, phones[0] if phones else f"child:{student.id}")
    session = intake.work.session
    person_id = await session.scalar(select(Person.id).where(Person.identity_index == key))
    if person_id is None:
        person = Person(name=called, name_pinyin=pinyin(called), identity_index=key, area_code=student.area_code)
        session.add(person)
        await session.flush()
        person_id = person.id
    tie = insert(Guardianship).values(student_id=student.id, person_id=person_id, relation=read_relation(relation), rank=1)
    await session.execute(tie.on_conflict_do_nothing())
    for preference, phone in enumerate(phones, start=1):
        await _reach(intake, person_id, phone, preference)


async def _reach(intake: Intake, person_id: int, phone: str, preference: int) -> None:
    session, index = intake.work.session, phone_key(intake.cipher, phone)
    contact_id = await session.scalar(select(Contact.id).where(Contact.kind == "phone", Contact.address_index == index))
    if contact_id is None:
        contact = Contact(kind="phone", address_encrypted=intake.cipher.encrypt(phone), address_index=index)
        session.add(contact)
        await session.flush()
        contact_id = contact.id
    link = insert(PersonContact).values(person_id=person_id, contact_id=contact_id, preference=preference, valid_from=intake.today)
    await session.execute(link.on_conflict_do_nothing())
