"""What a child's registers have said, from when to when: nothing in them is overwritten (art. 2.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from cases.registers import register_rules
from plan.model import Plan
from storage.tables import Arrangement, Pairing, Person, StudentCategory
from storage.work import Work


@dataclass(frozen=True)
class Past:
    """One entry. `kind`: group, arrangement, pairing; `until`: the day on which it ended; `who`: the paired person, or who decided."""

    kind: str
    since: date
    until: date | None
    what: str
    who: str


async def history_of(work: Work, plan: Plan, student_id: int) -> list[Past]:
    """Groups, arrangements and pairings of a child in the order in which they began."""
    found = [*await _groups(work, plan, student_id), *await _arrangements(work, plan, student_id), *await _pairings(work, student_id)]
    return sorted(found, key=lambda one: (one.since, one.kind, one.what))


async def _groups(work: Work, plan: Plan, student_id: int) -> list[Past]:
    names = {key: category.zh for key, category in register_rules(plan).categories.items()}
    rows = await work.session.scalars(select(StudentCategory).where(StudentCategory.student_id == student_id))
    return [Past("group", row.since, row.until, f"{names.get(row.category, row.category)} {row.detail or ''}".strip(), "") for row in rows]


async def _arrangements(work: Work, plan: Plan, student_id: int) -> list[Past]:
    names = {key: kind.zh for key, kind in register_rules(plan).arrangements.items()}
    query = select(Arrangement, Person.name).outerjoin(Person, Person.id == Arrangement.decided_by)
    rows = (await work.session.execute(query.where(Arrangement.student_id == student_id))).all()
    return [Past("arrangement", row.since, row.until, names.get(row.kind, row.kind), name or "") for row, name in rows]


async def _pairings(work: Work, student_id: int) -> list[Past]:
    query = select(Pairing, Person.name).join(Person, Person.id == Pairing.person_id).where(Pairing.student_id == student_id)
    return [Past("pairing", row.since, row.until, "", name) for row, name in (await work.session.execute(query)).all()]
