"""Storing responsible persons, their numbers and what they answer for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CompoundSelect, select, union, update
from sqlalchemy.dialects.postgresql import insert

from cases.consents import keep_refusals
from cases.imports.directory import SchoolDirectory
from cases.imports.intake import Intake, common_area, person_key, phone_key, pinyin
from cases.imports.people_rows import Named, Post
from cases.posts.hand_over import replaced_by_import
from storage.tables import Contact, Person, PersonContact, Responsibility

BATCH = 5000
Place = tuple[str, str, int | None, int | None, str | None]


@dataclass
class _Register:
    """What is stored already."""

    persons: dict[bytes, int]
    names: dict[int, str]
    posts: dict[Place, dict[int, Responsibility]]  # by place, then by person
    links: dict[int, dict[int, bool]]  # person → contact → still in use
    contacts: dict[str, int]  # by phone


async def store_posts(intake: Intake, directory: SchoolDirectory, posts: Sequence[Post]) -> None:
    """New and changed responsibilities; the others stay as they are."""
    register = await _load(intake, posts)
    changed: list[str] = []
    before = {post.id: post.valid_until for place in register.posts.values() for post in place.values()}
    for post in posts:
        outcome = await _store(intake, directory, register, post)
        setattr(intake.report, outcome, getattr(intake.report, outcome) + 1)
        if outcome != "unchanged":
            changed.append(post.area_code)
    if changed:
        await keep_refusals(intake.work)
        await intake.work.session.flush()
        await replaced_by_import(intake.work, _ended(register, before, intake.today), intake.today)
        intake.work.record("people_imported", "people", area_code=common_area(changed), actor="operator", count=len(changed))


def _ended(register: _Register, before: dict[int, date | None], today: date) -> list[Responsibility]:
    """Posts that were still held before this file, and are over now."""
    known = [post for place in register.posts.values() for post in place.values() if post.id in before]
    return [post for post in known if post.valid_until != before[post.id] and post.valid_until is not None and post.valid_until < today]


async def _load(intake: Intake, rows: Sequence[Post]) -> _Register:
    session = intake.work.session
    posts: dict[Place, dict[int, Responsibility]] = {}
    for found in await session.scalars(select(Responsibility).order_by(Responsibility.id)):
        posts.setdefault(_place_of(found), {})[found.person_id] = found
    indexes = await session.execute(select(Person.identity_index, Person.id).where(Person.identity_index.is_not(None)))
    named = select(Person.id, Person.name).where(Person.id.in_(_in_office()))
    names = {person.id: person.name for person in await session.execute(named)}
    return _Register({index: id_ for index, id_ in indexes if index}, names, posts, await _links(intake), await _contacts(intake, rows))


def _in_office() -> CompoundSelect[Any]:
    """Everybody who has or had a post, in their own name or as a substitute."""
    return union(select(Responsibility.person_id), select(Responsibility.substitute_person_id))


async def _links(intake: Intake) -> dict[int, dict[int, bool]]:
    """The phones of those who are in office."""
    query = select(PersonContact.person_id, PersonContact.contact_id, PersonContact.retired_reason)
    query = query.join(Contact, Contact.id == PersonContact.contact_id).where(
        Contact.kind == "phone", PersonContact.person_id.in_(_in_office())
    )
    links: dict[int, dict[int, bool]] = {}
    for person, contact, retired in await intake.work.session.execute(query):
        links.setdefault(person, {})[contact] = retired is None
    return links


def _place_of(post: Responsibility) -> Place:
    return post.role, post.area_code, post.school_id, post.class_id, post.department


async def _store(intake: Intake, directory: SchoolDirectory, register: _Register, post: Post) -> str:
    """Gives "new", "changed" or "unchanged"."""
    class_id = directory.class_id(post.school, post.class_name) if post.school and post.class_name else None
    place: Place = (post.role, post.area_code, post.school.id if post.school else None, class_id, post.department)
    here = register.posts.setdefault(place, {})
    person, news = await _person(intake, register, post.holder, post, list(here))
    deputies = [found.substitute_person_id for found in here.values() if found.substitute_person_id]
    substitute = None
    if post.substitute:
        substitute, more = await _person(intake, register, post.substitute, post, deputies)
        news = news or more
    known = here.get(person)
    if known is None:
        here[person] = _added(intake, place, person, substitute, post)
        return "new"
    return "changed" if _renew(known, substitute, post.valid_from, post.valid_until) or news else "unchanged"


def _renew(known: Responsibility, substitute: int | None, since: date | None, until: date | None) -> bool:
    """What the file leaves empty stays, but for the end: an empty end means that the person stays in office."""
    values = (substitute or known.substitute_person_id, since or known.valid_from, until)
    if values == (known.substitute_person_id, known.valid_from, known.valid_until):
        return False
    known.substitute_person_id, known.valid_from, known.valid_until = values
    return True


def _added(intake: Intake, place: Place, person: int, substitute: int | None, post: Post) -> Responsibility:
    role, area_code, school_id, class_id, department = place
    since = post.valid_from or min(intake.today, post.valid_until or intake.today)
    added = Responsibility(
        person_id=person, role=role, area_code=area_code, school_id=school_id, class_id=class_id, department=department,
        substitute_person_id=substitute, valid_from=since, valid_until=post.valid_until,
    )  # fmt: skip
    intake.work.session.add(added)
    return added


async def _person(intake: Intake, register: _Register, named: Named, post: Post, here: list[int]) -> tuple[int, bool]:
    """The person's id, and whether anything about them is new. `here` are those who hold the same place already."""
    own = named.phones[0] if named.phones else f"post:{post.place}"
    key = person_key(intake.cipher, named.name, own)
    found = register.persons.get(key)
    namesakes = [person for person in here if register.names.get(person) == named.name]
    if found is None and len(namesakes) == 1:
        found = namesakes[0]  # the same name in the same place: only the number is new
    if found is None:
        found = await _new_person(intake, key, named.name, post.area_code)
        register.links[found] = {}
    elif named.phones and key not in register.persons:
        await intake.work.session.execute(update(Person).where(Person.id == found).values(identity_index=key))
    if named.phones or found not in register.names:
        register.persons[key] = found
    register.names[found] = named.name
    return found, await _reach(intake, register, found, named.phones)


async def _new_person(intake: Intake, key: bytes, name: str, area_code: str) -> int:
    person = Person(name=name, name_pinyin=pinyin(name), identity_index=key, area_code=area_code)
    intake.work.session.add(person)
    await intake.work.session.flush()
    return person.id


async def _reach(intake: Intake, register: _Register, person: int, phones: Sequence[str]) -> bool:
    """Links the numbers; a number that is new takes the place of the old ones. Says whether anything changed."""
    contacts = [register.contacts[phone] for phone in phones]
    links = register.links.get(person)
    if links is None:
        links = register.links[person] = await _links_of(intake, person)
    fresh = [contact for contact in contacts if contact not in links]
    if not fresh:
        return False
    for contact in [held for held, used in links.items() if used and held not in contacts]:
        await intake.work.session.execute(
            update(PersonContact)
            .where(PersonContact.person_id == person, PersonContact.contact_id == contact)
            .values(valid_until=intake.today, retired_reason="replaced")
        )
        links[contact] = False
    for contact in fresh:
        link = PersonContact(person_id=person, contact_id=contact, preference=contacts.index(contact) + 1, valid_from=intake.today)
        intake.work.session.add(link)
        links[contact] = True
    return True


async def _links_of(intake: Intake, person: int) -> dict[int, bool]:
    query = select(PersonContact.contact_id, PersonContact.retired_reason).join(Contact, Contact.id == PersonContact.contact_id)
    query = query.where(PersonContact.person_id == person, Contact.kind == "phone")
    return {contact: retired is None for contact, retired in await intake.work.session.execute(query)}


async def _contacts(intake: Intake, posts: Sequence[Post]) -> dict[str, int]:
    """Phone → contact, for every number of the file."""
    people = [person for post in posts for person in (post.holder, post.substitute) if person]
    phones = list(dict.fromkeys(phone for person in people for phone in person.phones))
    found: dict[str, int] = {}
    for start in range(0, len(phones), BATCH):
        indexes = {phone_key(intake.cipher, phone): phone for phone in phones[start : start + BATCH]}
        rows = [
            {"kind": "phone", "address_encrypted": intake.cipher.encrypt(phone), "address_index": key} for key, phone in indexes.items()
        ]
        await intake.work.session.execute(insert(Contact).values(rows).on_conflict_do_nothing(index_elements=["kind", "address_index"]))
        query = select(Contact.address_index, Contact.id).where(Contact.kind == "phone", Contact.address_index.in_(indexes))
        found |= {indexes[key]: id_ for key, id_ in await intake.work.session.execute(query)}
    return found
