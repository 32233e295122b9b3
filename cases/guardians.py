"""A child's guardians, in the order in which they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from cases.responsible import reachable_people
from storage.tables import Guardianship
from storage.work import Work


@dataclass(frozen=True)
class Guardian:
    """A person who may be written to about a child."""

    person_id: int
    reachable: bool


async def guardians(work: Work, student_id: int, on: date) -> list[Guardian]:
    """Those who may be written to, primary first; never one who is barred from messages about this child."""
    found = await work.session.scalars(
        select(Guardianship.person_id)
        .where(Guardianship.student_id == student_id, Guardianship.no_contact.is_(False))
        .order_by(Guardianship.is_guardian.desc(), Guardianship.rank, Guardianship.person_id)
    )
    people = list(found)
    reachable = await reachable_people(work.session, people, on)
    return [Guardian(person, person in reachable) for person in people]


async def reachable_guardians(work: Work, student_id: int, on: date) -> list[int]:
    """The persons who can be written to now, primary first."""
    return [guardian.person_id for guardian in await guardians(work, student_id, on) if guardian.reachable]


async def relation_of(work: Work, student_id: int, person_id: int) -> str | None:
    """What this person is to the child, as the roster says it; None for somebody who is no guardian of the child."""
    tie = select(Guardianship.relation).where(Guardianship.student_id == student_id, Guardianship.person_id == person_id)
    return await work.session.scalar(tie)
