"""Who may take over from whom: the reachable people of one's own area, school or department."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, exists, false, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from cases.names import named
from cases.responsible import in_force, reachable_people, standing_in, usable
from storage.tables import Contact, Person, PersonContact, Responsibility, StandIn
from storage.work import Work

COUNTY = 6
"""Digits of a county's area code."""


@dataclass(frozen=True)
class Colleague:
    """A responsible person. `is_near`: of the asker's own area, school or department."""

    person_id: int
    name: str
    role: str
    is_near: bool


async def colleagues_of(work: Work, person_id: int, on: date) -> list[Colleague]:
    """Everybody of the same county (or of the area above it) who answers for something and can be reached, but for the asker."""
    own = await own_posts(work, person_id, on)
    if not own:
        return []
    wide = min((row.area_code[:COUNTY] for row in own), key=len)
    query = (
        select(Responsibility, Person.name)
        .join(Person, Person.id == Responsibility.person_id)
        .where(Responsibility.area_code.startswith(wide), Responsibility.person_id != person_id, *in_force(on))
        .order_by(Responsibility.id)
    )
    rows = (await work.session.execute(query)).all()
    reachable = await reachable_people(work.session, [row.person_id for row, _ in rows], on)
    return _each_once((row, name, _is_near(row, own)) for row, name in rows if row.person_id in reachable)


async def near_colleagues(work: Work, person_id: int, on: date, *, most: int, called: str = "", only: int | None = None) -> list[Colleague]:
    """Those of one's own area, school or department, the widest posts first, at most so many: in a prefecture they are thousands.

    `called`: by a part of the name, or the beginning of its pinyin; `only`: nobody but this person.
    """
    own = await own_posts(work, person_id, on)
    reached = exists().where(PersonContact.person_id == Person.id, Contact.id == PersonContact.contact_id, *usable(on))
    query = (
        select(Responsibility.id.label("post_id"), Responsibility.area_code, Responsibility.role, Person.id, Person.name)
        .join(Person, Person.id == Responsibility.person_id)
        .where(or_(false(), *(_near(row) for row in own)), Person.id != person_id, *in_force(on), reached)
        .ext(distinct_on(Person.id))
        .order_by(Person.id, Responsibility.id)
    )
    if called.strip():
        query = query.where(named(Person, called))
    if only is not None:
        query = query.where(Person.id == only)
    one = query.subquery()
    found = await work.session.execute(
        select(one.c.id, one.c.name, one.c.role).order_by(func.length(one.c.area_code), one.c.post_id).limit(most)
    )
    return [Colleague(colleague, name, role, is_near=True) for colleague, name, role in found]


async def are_many(work: Work, person_id: int, on: date, most: int) -> bool:
    """Whether more than so many posts lie in one's own area, school or department, whether their holders can be reached or not."""
    own = await own_posts(work, person_id, on)
    near = select(Responsibility.id).where(or_(false(), *(_near(row) for row in own)), Responsibility.person_id != person_id, *in_force(on))
    return len((await work.session.scalars(near.limit(most + 1))).all()) > most


def _near(own: Responsibility) -> ColumnElement[bool]:
    """`_reaches`, asked of the database."""
    if own.school_id is not None:
        return Responsibility.school_id == own.school_id
    inside = Responsibility.area_code.startswith(own.area_code)
    return inside & (Responsibility.department == own.department) if own.department is not None else inside


async def own_posts(work: Work, person_id: int, on: date) -> Sequence[Responsibility]:
    """What a person answers for that day: their own, as a substitute, or standing in for somebody."""
    stood_for = select(StandIn.person_id).where(StandIn.substitute_person_id == person_id, *standing_in(on))
    theirs = or_(
        Responsibility.person_id == person_id, Responsibility.person_id.in_(stood_for), Responsibility.substitute_person_id == person_id
    )
    return (await work.session.scalars(select(Responsibility).where(theirs, *in_force(on)))).all()


def _each_once(rows: Iterable[tuple[Responsibility, str, bool]]) -> list[Colleague]:
    """A person with several posts is near if one of them is."""
    found: dict[int, Colleague] = {}
    for row, name, is_near in rows:
        known = found.get(row.person_id)
        if known is None or (is_near and not known.is_near):
            found[row.person_id] = Colleague(row.person_id, name, row.role, is_near)
    return list(found.values())


def _is_near(other: Responsibility, own: Iterable[Responsibility]) -> bool:
    return any(_reaches(row, other) for row in own)


def _reaches(row: Responsibility, other: Responsibility) -> bool:
    if row.school_id is not None:
        return other.school_id == row.school_id
    if row.department is not None:
        return other.department == row.department and other.area_code.startswith(row.area_code)
    return other.area_code.startswith(row.area_code)
