"""Who answers for a place in a role today, and who is asked when nobody does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from plan.model import Plan
from storage.tables import Contact, PersonContact, Responsibility, StandIn

CODE_LENGTH = {"prefecture": 4, "county": 6, "township": 9, "village": 12}
"""Digits of a statistical division code at each level."""


@dataclass(frozen=True)
class Place:
    """Where something happened: the home area, the school's area, and school and class where there are any."""

    area_code: str
    school_area_code: str
    school_id: int | None = None
    class_id: int | None = None

    def area(self, level: str) -> str | None:
        """The code of the area of this level that answers for the place; the home's, else the school's within it."""
        length = CODE_LENGTH[level]
        if len(self.area_code) >= length:
            return self.area_code[:length]
        if len(self.school_area_code) >= length and self.school_area_code.startswith(self.area_code):
            return self.school_area_code[:length]
        return None


@dataclass(frozen=True)
class Holder:
    """A responsible person; `reachable` when at least one contact is usable."""

    person_id: int
    substitute_id: int | None
    reachable: bool


Spot = tuple[str, str | int]
"""Where a post is held: ("class", its id), ("school", its id) or ("area", its code)."""


@dataclass(frozen=True)
class Post:
    """One post that is held somewhere."""

    role: str
    person_id: int
    substitute_id: int | None
    department: str | None


@dataclass(frozen=True)
class KnownPosts:
    """Who holds which posts at many spots on a day, read together (`cases/read_ahead.py`): asked instead of the database."""

    on: date
    spots: Collection[Spot]
    posts: Mapping[Spot, Sequence[Post]]
    people: frozenset[int]  # whose contacts were looked up, too
    away: Mapping[int, int]
    reachable: frozenset[int]

    def holders(self, role: str, spot: Spot, department: str | None) -> list[Holder]:
        of_role = [post for post in self.posts.get(spot, ()) if post.role == role and department in {None, post.department}]
        return _as_holders([(post.person_id, post.substitute_id) for post in of_role], self.away, self.reachable)


KNOWN = "posts read ahead"


def _known(session: AsyncSession, on: date) -> KnownPosts | None:
    known: KnownPosts | None = session.info.get(KNOWN)
    return known if known is not None and known.on == on else None


async def holders(session: AsyncSession, plan: Plan, role: str, place: Place, on: date, department: str | None = None) -> list[Holder]:
    """Who answers for the place in this role on that day, at the nearest scope; stand-ins already in their places."""
    known = _known(session, on)
    for scope in plan.roles[role].scope:
        if (spot := spot_of(scope, place)) is None:
            continue
        if known is not None and spot in known.spots:
            found = known.holders(role, spot, department)
        else:
            found = await _found(session, _responsible(role, on, department).where(_held_at(spot)))
        if found:
            return found
    return []


def could_hold(plan: Plan, role: str, place: Place) -> bool:
    """Whether anybody at all could hold the role there: a child in no class has no class teacher, and lacks none."""
    return any(spot_of(scope, place) is not None for scope in plan.roles[role].scope)


def spot_of(scope: str, place: Place) -> Spot | None:
    """Where a role of this scope is held for a place; None where the place has no such thing."""
    if scope == "class":
        return None if place.class_id is None else ("class", place.class_id)
    if scope == "school":
        return None if place.school_id is None else ("school", place.school_id)
    code = place.area(scope)
    return None if code is None else ("area", code)


def _held_at(spot: Spot) -> ColumnElement[bool]:
    kind, key = spot
    if kind == "class":
        return Responsibility.class_id == key
    if kind == "school":
        return and_(Responsibility.school_id == key, Responsibility.class_id.is_(None))
    return and_(Responsibility.area_code == key, Responsibility.school_id.is_(None))


def _responsible(role: str, on: date, department: str | None) -> Select[int, int | None, int | None, bool]:
    """Person, substitute, who stands in that day, and whether a contact of whoever answers then is usable: in one statement."""
    stand_in = (
        select(StandIn.substitute_person_id)
        .where(StandIn.person_id == Responsibility.person_id, *standing_in(on))
        .order_by(StandIn.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    answers = func.coalesce(stand_in, Responsibility.person_id)
    reachable = exists().where(PersonContact.contact_id == Contact.id, PersonContact.person_id == answers, *usable(on))
    query = select(Responsibility.person_id, Responsibility.substitute_person_id, stand_in, reachable)
    query = query.where(Responsibility.role == role, *in_force(on))
    if department is not None:
        query = query.where(Responsibility.department == department)
    return query.order_by(Responsibility.id)


def standing_in(on: date) -> tuple[ColumnElement[bool], ...]:
    """Conditions under which a stand-in counts that day."""
    return StandIn.starts_on <= on, StandIn.ends_on >= on


def in_force(on: date) -> tuple[ColumnElement[bool], ...]:
    """Conditions under which a responsibility counts that day."""
    return Responsibility.valid_from <= on, or_(Responsibility.valid_until.is_(None), Responsibility.valid_until >= on)


async def has_role(session: AsyncSession, person_id: int, roles: Collection[str], on: date) -> bool:
    """Whether a person answers for anything in one of these roles that day, or stands in for somebody who does."""
    held = select(Responsibility.id).where(held_by(person_id, on), Responsibility.role.in_(roles), *in_force(on))
    return await session.scalar(held.limit(1)) is not None


def held_by(person_id: int, on: date) -> ColumnElement[bool]:
    """A responsibility is this person's: their own, as its substitute, or as stand-in for whoever is away."""
    away = select(StandIn.person_id).where(StandIn.substitute_person_id == person_id, *standing_in(on))
    return or_(Responsibility.substitute_person_id == person_id, Responsibility.person_id == person_id, Responsibility.person_id.in_(away))


async def _found(session: AsyncSession, query: Select[int, int | None, int | None, bool]) -> list[Holder]:
    rows = (await session.execute(query)).all()
    away = {person: stand_in for person, _, stand_in, _ in rows if stand_in is not None}
    reachable = {away.get(person, person) for person, _, _, is_reachable in rows if is_reachable}
    return _as_holders([(person, substitute) for person, substitute, _, _ in rows], away, reachable)


def _as_holders(posts: Iterable[tuple[int, int | None]], away: Mapping[int, int], reachable: Collection[int]) -> list[Holder]:
    people = {away.get(person, person): substitute for person, substitute in posts}
    return [Holder(person, substitute if substitute != person else None, person in reachable) for person, substitute in people.items()]


async def holders_of_classes(session: AsyncSession, role: str, class_ids: Sequence[int], on: date) -> dict[int, list[int]]:
    """Class → the reachable persons who answer for it in this role that day, stand-ins in their places: for the whole morning at once."""
    query = select(Responsibility.class_id, Responsibility.person_id).where(Responsibility.role == role, *in_force(on))
    rows = [(class_id, person) for class_id, person in await session.execute(query) if class_id is not None]
    people = {person for _, person in rows}
    away = await stand_ins(session, list(people), on)
    reachable = await reachable_people(session, list(people | set(away.values())), on)
    wanted = set(class_ids)
    found: defaultdict[int, list[int]] = defaultdict(list)
    for class_id, person in rows:
        if class_id in wanted and away.get(person, person) in reachable:
            found[class_id].append(away.get(person, person))
    return dict(found)


async def stand_ins(session: AsyncSession, person_ids: Sequence[int], on: date) -> dict[int, int]:
    """Away person → who stands in that day."""
    found = await session.execute(
        select(StandIn.person_id, StandIn.substitute_person_id)
        .where(StandIn.person_id == func.any(list(person_ids)), *standing_in(on))
        .order_by(StandIn.id)
    )
    return dict(found.all())


async def reachable_people(session: AsyncSession, person_ids: Sequence[int], on: date) -> set[int]:
    """Those of the persons who have a usable contact."""
    if not person_ids:
        return set()
    known = _known(session, on)
    if known is not None and known.people.issuperset(person_ids):
        return set(known.reachable.intersection(person_ids))
    found = await session.scalars(
        select(PersonContact.person_id)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(PersonContact.person_id == func.any(list(person_ids)), *usable(on))
    )
    return set(found)


def usable(on: date, contact: type[Contact] = Contact, link: type[PersonContact] = PersonContact) -> tuple[ColumnElement[bool], ...]:
    """Conditions under which a PersonContact (`link`) joined with its Contact may be used that day."""
    return (
        contact.state == "usable",
        link.retired_reason.is_(None),
        or_(link.valid_from.is_(None), link.valid_from <= on),
        or_(link.valid_until.is_(None), link.valid_until >= on),
    )
