"""Whose time is over, and all that hangs on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from plan.model import Plan

RIPE = text(
    """
    select child.id from student child
    where child.anonymised_at is null
        and coalesce(
            child.birth_date,
            (select min(event.at) from enrolment_event event where event.student_id = child.id) - make_interval(years => :first_years)
        ) <= cast(:day as date) - make_interval(years => :years)
        and not exists (select from case_file one where one.student_id = child.id and one.state = 'open')
        and not exists (select from task one where one.student_id = child.id and one.state in ('open', 'acknowledged'))
        and not exists (select from aid_request one where one.student_id = child.id and one.state in ('requested', 'granted', 'listed'))
        and not exists (select from complaint one where one.student_id = child.id and one.state in ('received', 'acknowledged'))
        and not exists (
            select from referral one join case_file on case_file.id = one.case_id
            where case_file.student_id = child.id and one.state in ('proposed', 'approved')
        )
    order by child.id limit :most
    """
)
FAMILY = text(
    """
    select distinct link.person_id from guardianship link
    where link.student_id = any(:children)
        and not exists (
            select from guardianship other join student on student.id = other.student_id
            where other.person_id = link.person_id and student.anonymised_at is null and student.id <> all(:children)
        )
        and not exists (select from responsibility post where post.person_id = link.person_id)
        and not exists (select from pairing where pairing.person_id = link.person_id)
    """
)
"""Relatives who are known for these children only. Whoever holds or held an office stays: officials account for what they did."""

NUMBERS = text(
    """
    select distinct own.contact_id from person_contact own
    where own.person_id = any(:people)
        and not exists (select from person_contact other where other.contact_id = own.contact_id and other.person_id <> all(:people))
    """
)
HANGING = {
    "cases": text("select id from case_file where student_id = any(:children)"),
    "tasks": text("select id from task where student_id = any(:children) or case_id = any(:cases)"),
    "intents": text(
        "select id from intent where student_id = any(:children) or case_id = any(:cases) or task_id = any(:tasks)"
        " or person_id = any(:people)"
    ),
    "messages": text(
        "select message_id from intent where id = any(:intents) and message_id is not null"
        " union select id from message where person_id = any(:people)"
    ),
    "questions": text(
        "select id from question where student_id = any(:children) or case_id = any(:cases) or task_id = any(:tasks)"
        " or person_id = any(:people)"
    ),
    "texts": text(
        "select inbound_id from guardian_answer where student_id = any(:children) and inbound_id is not null"
        " union select inbound_id from complaint where student_id = any(:children) and inbound_id is not null"
        " union select inbound_id from task where id = any(:tasks) and inbound_id is not null"
        " union select inbound_id from photo where task_id = any(:tasks) and inbound_id is not null"
        " union select id from inbound where question_id = any(:questions) or person_id = any(:people) or contact_id = any(:numbers)"
    ),
}
"""What is looked for, in this order; a later one may ask for what an earlier one has found."""


@dataclass(frozen=True)
class Ripe:
    """Ids by kind: children, people, numbers, and what hangs on them."""

    ids: dict[str, list[int]]

    @property
    def children(self) -> list[int]:
        return self.ids["children"]

    @property
    def people(self) -> list[int]:
        return self.ids["people"]


async def ripe_children(session: AsyncSession, plan: Plan, day: date) -> list[int]:
    """Children whose time is over on this day, so many as one night takes. None where the plan has no such rule.

    A child without a day of birth counts as just old enough for school when it was first heard of: nobody on a roll is younger.
    """
    if plan.retention is None or plan.enrolment is None:
        return []
    age = plan.enrolment.school_age
    wanted = {"day": day, "years": age.until_years + plan.retention.years, "first_years": age.years, "most": plan.retention.most_a_night}
    return list(await session.scalars(RIPE, wanted))


async def all_of(session: AsyncSession, children: list[int]) -> Ripe:
    """These children with all that hangs on them."""
    ids: dict[str, list[int]] = {"children": children}
    ids["people"] = list(await session.scalars(FAMILY, ids))
    ids["numbers"] = list(await session.scalars(NUMBERS, ids))
    for kind, query in HANGING.items():
        ids[kind] = list(await session.scalars(query, ids))
    return Ripe(ids)
