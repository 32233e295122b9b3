"""What is said against a school never reaches it: none of its people may hold such a task, be asked in its stead, or hear of it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select

from cases.plans import plan_of
from cases.responsible import in_force, standing_in
from plan.calendar import Calendar
from storage.tables import Responsibility, StandIn, Task
from storage.work import Work

SCHOOL = "school"
ANY_SCHOOL = "any"
"""Values of the fact `outside_school`: the task's own school is kept out, or every one, since nobody knows yet which it is about."""


async def barred_people(work: Work, outside: str | None, school_id: int | None, on: date) -> frozenset[int]:
    """The persons of the school that is kept out, and those who stand in for them."""
    if outside is None or (school_id is None and outside != ANY_SCHOOL):
        return frozenset()
    its = Responsibility.school_id.is_not(None) if school_id is None else Responsibility.school_id == school_id
    posts = (await work.session.execute(
        select(Responsibility.person_id, Responsibility.substitute_person_id).where(its, *in_force(on))
    )).all()  # fmt: skip
    own = {person for post in posts for person in post if person is not None}
    deputies = select(StandIn.substitute_person_id).where(StandIn.person_id.in_(own), *standing_in(on))
    return frozenset(own | set(await work.session.scalars(deputies)))


async def barred_from(work: Work, task: Task) -> frozenset[int]:
    """Who may neither hold this task nor hear of it."""
    outside = task.facts.get("outside_school")
    if outside is None:
        return frozenset()
    plan = await plan_of(work.session, task.plan_version_id)
    return await barred_people(work, outside, task.school_id, Calendar(plan).day_of(work.now))


async def works_at_school_only(work: Work, person_id: int, on: date) -> bool:
    """Whether all that this person answers for lies within a school."""
    rows = await work.session.scalars(select(Responsibility.school_id).where(Responsibility.person_id == person_id, *in_force(on)))
    found = rows.all()
    return bool(found) and all(school_id is not None for school_id in found)


async def answers_beyond_school(work: Work, person_id: int, on: date) -> bool:
    """Whether this person answers for an area, themselves or in somebody's stead."""
    stood_for = select(StandIn.person_id).where(StandIn.substitute_person_id == person_id, *standing_in(on))
    theirs = or_(Responsibility.person_id == person_id, Responsibility.person_id.in_(stood_for))
    found = select(Responsibility.id).where(theirs, Responsibility.school_id.is_(None), *in_force(on)).limit(1)
    return await work.session.scalar(found) is not None
