"""In which posts somebody may enter the console, and what each of them sees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select

from cases.responsible import CODE_LENGTH, in_force, standing_in
from storage.database import Scope
from storage.tables import Responsibility, StandIn
from storage.work import Work


async def posts_of(work: Work, person_id: int, on: date) -> Sequence[Responsibility]:
    """What the person answers for that day, or does in somebody's stead; the widest first.

    A department's liaison sees only what a person has sent to the department, so their post does not open the console.
    """
    away = select(StandIn.person_id).where(StandIn.substitute_person_id == person_id, *standing_in(on))
    theirs = or_(
        Responsibility.person_id == person_id, Responsibility.person_id.in_(away), Responsibility.substitute_person_id == person_id
    )
    query = select(Responsibility).where(theirs, Responsibility.department.is_(None), *in_force(on))
    found = (await work.session.scalars(query)).all()
    return sorted(found, key=lambda post: (post.person_id != person_id, post.school_id is not None, len(post.area_code), post.id))


def scope_of(post: Responsibility) -> Scope:
    """What this post sees: its class, its school, or its area and all below it."""
    if post.class_id is not None:
        return Scope(class_id=post.class_id)
    if post.school_id is not None:
        return Scope(school_id=post.school_id)
    return Scope(area=post.area_code)


def needs_second_factor(posts: Sequence[Responsibility]) -> bool:
    """From the county up a code alone does not do: whoever has such a phone in hand would see thousands of children."""
    return any(post.school_id is None and post.class_id is None and len(post.area_code) <= CODE_LENGTH["county"] for post in posts)
