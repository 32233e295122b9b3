"""Who answers for what, how they are reached, and the holes: places of the chain where nobody was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import or_, select
from starlette.responses import Response

from cases.responsible import in_force
from console.pages.case import numbers_of
from console.visit import Visit, Visiting
from storage.tables import Area, Hole, Person, Responsibility, School, SchoolClass

router = APIRouter(prefix="/people")
MOST = 200
HOLES_FOR = timedelta(days=31)


@router.get("")
async def show(visit: Visiting, q: str = "", role: str = "") -> Response:
    rows = await _people(visit, q.strip()[:40], role)
    numbers = await numbers_of(visit, [person.id for _, person, *_ in rows])
    return await visit.show("people", q=q, role=role, rows=rows, numbers=numbers, holes=await _holes(visit), most=MOST)


async def _people(visit: Visit, q: str, role: str) -> Sequence[Any]:
    query = (
        select(Responsibility, Person, Area.name, School.name, SchoolClass.name)
        .join(Person, Person.id == Responsibility.person_id)
        .outerjoin(Area, Area.code == Responsibility.area_code)
        .outerjoin(School, School.id == Responsibility.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Responsibility.class_id)
        .where(*in_force(visit.today))
        .order_by(
            Responsibility.area_code, Responsibility.school_id.nulls_first(), Responsibility.class_id.nulls_first(), Responsibility.id
        )
        .limit(MOST)
    )
    if q:
        query = query.where(or_(Person.name.contains(q, autoescape=True), School.name.contains(q, autoescape=True), Area.name.contains(q)))
    if role:
        query = query.where(Responsibility.role == role)
    return (await visit.session.execute(query)).all()


async def _holes(visit: Visit) -> Sequence[Any]:
    query = (
        select(Hole, Area.name)
        .outerjoin(Area, Area.code == Hole.area_code)
        .where(Hole.opened_at >= visit.now - HOLES_FOR)
        .order_by(Hole.id.desc())
    )
    return (await visit.session.execute(query.limit(MOST))).all()
