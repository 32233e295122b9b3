"""Who may take a step that is not everybody's: issuing a notice, deciding a referral, looking into a complaint, ending a case."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import literal, select

from cases.outside import barred_from
from cases.plans import plan_of
from cases.responsible import has_role, held_by, in_force
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Responsibility, Task
from storage.work import Work

EXITS = {"enrolment_check": "transferred", "transfer_arrival": "transferred", "check_return": "returned", "confirm_return": "returned"}
"""Steps by which a case may end: only those whom the plan names for that exit may say so."""


async def may_hold(work: Work, task: Task, person_id: int) -> bool:
    """A confined task goes only to its own role, or those above it, or whoever stands in for one of them.

    What is said against a school goes to nobody of that school.
    """
    if person_id in await barred_from(work, task):
        return False
    plan = await plan_of(work.session, task.plan_version_id)
    kind = plan.tasks.get(task.kind)
    if kind is None or not kind.confined:
        return True
    return await has_role(work.session, person_id, [task.role, *plan.ladder(task.role)], Calendar(plan).day_of(work.now))


async def may_end_case(work: Work, task: Task, person_id: int) -> bool:
    """Whether this person's word may end the case, as this task asks for it."""
    plan = await plan_of(work.session, task.plan_version_id)
    return await has_role(work.session, person_id, plan.exits[EXITS[task.kind]].by, Calendar(plan).day_of(work.now))


async def answers_for(work: Work, person_id: int, roles: Collection[str], area_code: str, on: date) -> bool:
    """Whether a person has one of these roles in this area or in one above it, or stands in for somebody who has."""
    covers = literal(area_code).startswith(Responsibility.area_code)
    held = select(Responsibility.id).where(held_by(person_id, on), Responsibility.role.in_(roles), covers, *in_force(on))
    return await work.session.scalar(held.limit(1)) is not None


def issuers(plan: Plan) -> list[str]:
    """The roles that may issue a notice: those whom a level asks for it, and those above them."""
    asked = dict.fromkeys(step.role for rung in plan.levels for step in rung.owed if step.task == "issue_notice")
    return list(dict.fromkeys(role for first in asked for role in (first, *plan.ladder(first))))
