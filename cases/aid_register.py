"""Requests for aid as officers see them: by state and area, and what the letter of a decision says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.desk import desk_of_student
from cases.letter_numbers import county_of
from cases.names import area_names
from cases.support_words import support_words
from storage.tables import AidRequest, Guardianship, Person, School, SchoolClass, Student
from storage.work import Work


@dataclass(frozen=True)
class AidRow:
    """One request with the child's place. Amounts in CNY."""

    id: int
    number: str | None
    student_id: int
    student: str
    school: str
    class_name: str
    area_code: str
    state: str
    requested_at: datetime
    asked_for: str | None
    aid_kind: str | None
    amount: Decimal | None
    per: str | None
    decided_at: datetime | None
    decided_by: str | None
    note: str | None
    due_at: datetime | None
    list_number: str | None
    paid_on: date | None
    paid_amount: Decimal | None
    proof: str | None

    def is_overdue(self, now: datetime) -> bool:
        """Granted, and not paid in the plan's time."""
        return self.state in {"granted", "listed"} and self.due_at is not None and self.due_at < now


async def aid_rows(session: AsyncSession, area_code: str, states: tuple[str, ...] = ()) -> list[AidRow]:
    """Requests of an area, oldest first."""
    return [aid_row(found) for found in await session.execute(aid_query(area_code, states).order_by(AidRequest.id))]


def aid_query(area_code: str, states: tuple[str, ...] = ()) -> Select[*tuple[Any, ...]]:
    """What `aid_row` reads a request from."""
    query = (
        select(AidRequest, Student.name, func.coalesce(School.name, ""), func.coalesce(SchoolClass.name, ""), Person.name)
        .join(Student, Student.id == AidRequest.student_id)
        .outerjoin(School, School.id == Student.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Student.class_id)
        .outerjoin(Person, Person.id == AidRequest.decided_by)
    )
    if area_code:
        query = query.where(AidRequest.area_code.startswith(area_code) | Student.school_area_code.startswith(area_code))
    return query.where(AidRequest.state.in_(states)) if states else query


def aid_row(found: Sequence[Any]) -> AidRow:
    """One request as officers see it."""
    request, student, school, class_name, decider = found
    return AidRow(
        request.id, request.number, request.student_id, student, school, class_name, request.area_code, request.state,
        request.requested_at, request.kind, request.aid_kind, request.amount, request.per, request.decided_at, decider, request.note,
        request.due_at, request.list_number, request.paid_on, request.paid_amount, request.proof,
    )  # fmt: skip


@dataclass(frozen=True)
class AidDecision:
    """What the letter of a decision says. `amount`: with its unit, as 625元（每学期）; `documents`: what the family brings."""

    number: str
    issuer: str
    guardians: str
    child: str
    school: str
    class_name: str
    school_phone: str
    requested_on: date
    decided_on: date
    decided_by: str
    granted: bool
    kind: str | None
    amount: str | None
    paid_by: date | None
    reason: str | None
    documents: tuple[str, ...] = ()


async def aid_decision(work: Work, request: AidRequest) -> AidDecision:
    """The facts of the letter. Raises ValueError for a request that nobody has decided on."""
    if request.decided_at is None or request.decided_by is None or request.number is None:
        raise ValueError(f"aid request {request.id} is not decided")
    student = await work.session.get_one(Student, request.student_id)
    desk = await desk_of_student(work, student)
    school = await work.session.get(School, student.school_id) if student.school_id is not None else None
    room = await work.session.get(SchoolClass, student.class_id) if student.class_id is not None else None
    kind, granted = desk.plan.aid.kinds.get(request.aid_kind or ""), request.state != "refused"
    return AidDecision(
        number=request.number, issuer=await _issuer(work, student.school_area_code), guardians=await guardian_names(work, student.id),
        child=student.name, school=school.name if school else "", class_name=room.name if room else "",
        school_phone=(school.phone if school else None) or "",
        requested_on=desk.calendar.day_of(request.requested_at), decided_on=desk.calendar.day_of(request.decided_at),
        decided_by=(await work.session.get_one(Person, request.decided_by)).name, granted=granted, kind=kind.zh if kind else None,
        amount=_amount(request) if granted else None, reason=None if granted else request.note,
        paid_by=desk.calendar.day_of(request.due_at) if request.due_at and granted else None,
        documents=tuple(kind.documents) if kind else (),
    )  # fmt: skip


def _amount(request: AidRequest) -> str | None:
    if request.amount is None:
        return None
    return f"{request.amount.normalize():f}元（{support_words().label('per', request.per)}）"


async def _issuer(work: Work, area_code: str) -> str:
    county = county_of(area_code)
    return support_words().text("issuer").format(county=(await area_names(work.session, [county])).get(county, county))


async def guardian_names(work: Work, student_id: int) -> str:
    """The child's guardians by name, the first first."""
    query = select(Person.name).join(Guardianship, Guardianship.person_id == Person.id)
    found = await work.session.scalars(
        query.where(Guardianship.student_id == student_id, Guardianship.is_guardian).order_by(Guardianship.rank)
    )
    return "、".join(found)
