"""A child, a school or a person as somebody names them; nobody is ever assumed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from cases.responsible import in_force, reachable_people
from cases.said import Said
from storage.tables import Person, Responsibility, School, SchoolClass, Student
from storage.work import Work

MOST = 6
PREFECTURE = 4
"""Digits of a prefecture's code."""


@dataclass(frozen=True)
class Candidate:
    """One who may be meant, and how they are told apart."""

    id: int
    shown: str


def in_reach(said: Said) -> ColumnElement[bool]:
    """The children that the speaker's posts cover."""
    covers: list[ColumnElement[bool]] = []
    for post in said.posts:
        if post.class_id is not None:
            covers.append(Student.class_id == post.class_id)
        elif post.school_id is not None:
            covers.append(Student.school_id == post.school_id)
        elif post.department is None:
            covers.append(Student.area_code.startswith(post.area_code) | Student.school_area_code.startswith(post.area_code))
    return or_(false(), *covers)


async def children_called(work: Work, name: str, within: ColumnElement[bool], states: Collection[str] = ()) -> list[Candidate]:
    """Children of exactly this name (without blanks and dots), shown with school, class and birthday."""
    plain = func.regexp_replace(Student.name, r"[\s·•・.]", "", "g")
    query = (
        select(Student, School.name, SchoolClass.name)
        .outerjoin(School, School.id == Student.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Student.class_id)
        .where(or_(Student.name == name, plain == name), within, Student.anonymised_at.is_(None))
    )
    if states:
        query = query.where(Student.status.in_(states))
    rows = (await work.session.execute(query.order_by(Student.id).limit(MOST))).all()
    return [Candidate(child.id, _shown(child, school, room)) for child, school, room in rows]


def _shown(child: Student, school: str | None, room: str | None) -> str:
    about = "".join(part for part in (school, room) if part)
    born = f"{child.birth_date:%Y-%m}" if child.birth_date else ""
    told = " ".join(part for part in (about, born) if part)
    return f"{child.name}({told})" if told else child.name


async def names_in_reach(work: Work, within: ColumnElement[bool], states: Collection[str], most: int) -> list[tuple[int, str]]:
    """(child, name) of everybody in reach, to look for a name that only sounds alike; empty where they are more than `most`."""
    query = select(Student.id, Student.name).where(within, Student.status.in_(states), Student.anonymised_at.is_(None)).limit(most + 1)
    rows = [(child, name) for child, name in await work.session.execute(query)]
    return rows if len(rows) <= most else []


async def candidates(work: Work, ids: Sequence[int]) -> list[Candidate]:
    """These children, as they are shown."""
    rows = await work.session.execute(
        select(Student, School.name, SchoolClass.name)
        .outerjoin(School, School.id == Student.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Student.class_id)
        .where(Student.id.in_(ids))
        .order_by(Student.id)
    )
    return [Candidate(child.id, _shown(child, school, room)) for child, school, room in rows]


async def schools_named(work: Work, name: str, area_code: str) -> list[School]:
    """The prefecture's schools of exactly this name or code."""
    here = School.area_code.startswith(area_code[:PREFECTURE])
    return list(await work.session.scalars(select(School).where(here, or_(School.name == name, School.code == name)).order_by(School.code)))


async def schools_called(work: Work, name: str, area_code: str) -> list[School]:
    """The same, else those whose name holds what was said, nearest area first: for somebody who is asked back."""
    here = School.area_code.startswith(area_code[:PREFECTURE])
    if exact := await schools_named(work, name, area_code):
        return exact
    holds = and_(here, School.name.contains(name, autoescape=True))
    return list(await work.session.scalars(select(School).where(holds).order_by(School.code).limit(MOST)))


async def staff_called(work: Work, name: str, said: Said) -> list[Person]:
    """Reachable responsible persons of this name in the county of the speaker's posts."""
    counties = {post.area_code[:6] for post in said.posts}
    here = or_(false(), *(Responsibility.area_code.startswith(code) for code in counties))
    query = select(Person).join(Responsibility, Responsibility.person_id == Person.id)
    found = await work.session.scalars(query.where(Person.name == name, here, *in_force(said.today)).distinct().order_by(Person.id))
    people = list(found)
    reachable = await reachable_people(work.session, [person.id for person in people], said.today)
    return [person for person in people if person.id in reachable]
