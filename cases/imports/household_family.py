"""The guardian whom a household list names for a child."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from cases.imports.intake import Intake, person_key, phone_key, pinyin
from cases.imports.words import read_relation
from storage.tables import Contact, Guardianship, Person, PersonContact, Responsibility, Student

NO_NAME = "家长"  # 马小龙家长, until somebody says the name


async def keep_guardian(intake: Intake, student: Student, name: str, relation: str, phones: tuple[str, ...]) -> None:
    """Links the guardian and their numbers; somebody who is known already is the same person, and new numbers take the place of theirs."""
    if not name and not phones:
        return
    called = name or student.name + NO_NAME
    person_id = await _guardian_so_called(intake, student, called) or await _person(intake, student, called, phones)
    session = intake.work.session
    tie = insert(Guardianship).values(student_id=student.id, person_id=person_id, relation=read_relation(relation), rank=1)
    await session.execute(tie.on_conflict_do_nothing())
    await _reach(intake, person_id, [await _contact(intake, phone) for phone in phones])


async def _guardian_so_called(intake: Intake, student: Student, called: str) -> int | None:
    """Whoever of this name looks after the child already, whatever number they had when they were first named."""
    tie = select(Person.id).join(Guardianship, Guardianship.person_id == Person.id)
    return await intake.work.session.scalar(
        tie.where(Guardianship.student_id == student.id, Person.name == called).order_by(Person.id).limit(1)
    )


async def _person(intake: Intake, student: Student, called: str, phones: tuple[str, ...]) -> int:
    session = intake.work.session
    key = person_key(intake.cipher, called, phones[0] if phones else f"child:{student.id}")
    known = await session.scalar(select(Person.id).where(Person.identity_index == key))
    if known is not None:
        return known
    person = Person(name=called, name_pinyin=pinyin(called), identity_index=key, area_code=student.area_code)
    session.add(person)
    await session.flush()
    return person.id


async def _contact(intake: Intake, phone: str) -> int:
    session, index = intake.work.session, phone_key(intake.cipher, phone)
    known = await session.scalar(select(Contact.id).where(Contact.kind == "phone", Contact.address_index == index))
    if known is not None:
        return known
    contact = Contact(kind="phone", address_encrypted=intake.cipher.encrypt(phone), address_index=index)
    session.add(contact)
    await session.flush()
    return contact.id


async def _reach(intake: Intake, person_id: int, contacts: Sequence[int]) -> None:
    """Links the numbers; one that is new takes the place of the old ones. What somebody said is a wrong number stays one."""
    session, own = intake.work.session, PersonContact.person_id == person_id
    held = set(await session.scalars(select(PersonContact.contact_id).where(own, PersonContact.retired_reason.is_(None))))
    for preference, contact in enumerate(contacts, start=1):
        link = insert(PersonContact).values(person_id=person_id, contact_id=contact, preference=preference, valid_from=intake.today)
        again = {"retired_reason": None, "valid_until": None, "preference": preference}
        which = ["person_id", "contact_id"]
        await session.execute(
            link.on_conflict_do_update(index_elements=which, set_=again, where=PersonContact.retired_reason == "replaced")
        )
    if set(contacts) - held:
        await _retire(intake, person_id, contacts)


async def _retire(intake: Intake, person_id: int, contacts: Sequence[int]) -> None:
    """The numbers that the list no longer names; officers keep the number of their office."""
    in_office = select(Responsibility.id).where(Responsibility.person_id == person_id).exists()
    phones = select(Contact.id).where(Contact.kind == "phone")
    old = update(PersonContact).where(
        PersonContact.person_id == person_id, PersonContact.contact_id.in_(phones), PersonContact.contact_id.not_in(contacts),
        PersonContact.retired_reason.is_(None), ~in_office,
    )  # fmt: skip
    await intake.work.session.execute(old.values(valid_until=intake.today, retired_reason="replaced"))
