"""Who answers for what, how they are reached, and the holes: places of the chain where nobody was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Select, func, or_, select
from starlette.responses import Response

from cases.names import named
from cases.responsible import in_force
from console.pages.case import numbers_of
from console.paging import After, piece
from console.visit import Visit, Visiting
from storage.tables import Area, Hole, Person, Responsibility, School, SchoolClass

router = APIRouter(prefix="/people")
MOST_HOLES = 100
POSITION = (
    Responsibility.area_code, func.coalesce(Responsibility.school_id, 0), func.coalesce(Responsibility.class_id, 0), Responsibility.id,
)  # fmt: skip
"""Offices of an area before its schools, a school's before its classes'."""
HOLES_FOR = timedelta(days=31)


@router.get("")
async def show(visit: Visiting, role: str = "", after: After = "") -> Response:
    found = await piece(visit.session, _people(visit, role), POSITION, after)
    numbers = await numbers_of(visit, [person.id for _, person, *_ in found.rows])
    holes = await _holes(visit)
    kept = visit.kept({"role": role} if role else {})
    return await visit.show("people", role=role, piece=found, numbers=numbers, holes=holes, kept=kept, most=MOST_HOLES)


def _people(visit: Visit, role: str) -> Select[*tuple[Any, ...]]:
    query = (
        select(Responsibility, Person, Area.name, School.name, SchoolClass.name)
        .join(Person, Person.id == Responsibility.person_id)
        .outerjoin(Area, Area.code == Responsibility.area_code)
        .outerjoin(School, School.id == Responsibility.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Responsibility.class_id)
        .where(*in_force(visit.today))
    )
    if q := visit.sought.q:
        called = [named(Person, q), School.name.contains(q, autoescape=True), Area.name.contains(q, autoescape=True)]
        query = query.where(or_(*called))
    if role:
        query = query.where(Responsibility.role == role)
    return query


async def _holes(visit: Visit) -> Sequence[Any]:
    query = (
        select(Hole, Area.name)
        .outerjoin(Area, Area.code == Hole.area_code)
        .where(Hole.opened_at >= visit.now - HOLES_FOR)
        .order_by(Hole.id.desc())
    )
    return (await visit.session.execute(query.limit(MOST_HOLES))).all()
