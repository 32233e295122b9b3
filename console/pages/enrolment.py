"""Children between two enrolments or on no roll at all: since when, where they are expected and when, and their case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from sqlalchemy import func, select
from starlette.responses import Response

from console.visit import Visit, Visiting
from storage.tables import CaseFile, EnrolmentGap, School, Student

router = APIRouter(prefix="/enrolment")
MOST = 200
KINDS = ("transfer", "leaver", "suspension", "unenrolled")


@router.get("")
async def show(visit: Visiting, kind: str = "", late: bool = False) -> Response:
    chosen = kind if kind in KINDS else ""
    return await visit.show(
        "enrolment", rows=await _gaps(visit, chosen, late=late), kind=chosen, late=late, kinds=KINDS, counts=await _counts(visit),
        most=MOST,
    )  # fmt: skip


async def _gaps(visit: Visit, kind: str, *, late: bool) -> Sequence[Any]:
    query = (
        select(EnrolmentGap, Student, School.name, CaseFile)
        .join(Student, Student.id == EnrolmentGap.student_id)
        .outerjoin(School, School.id == EnrolmentGap.from_school_id)
        .outerjoin(CaseFile, CaseFile.id == EnrolmentGap.case_id)
        .where(EnrolmentGap.closed_at.is_(None))
        .order_by(EnrolmentGap.due_at, EnrolmentGap.id)
        .limit(MOST)
    )
    if kind:
        query = query.where(EnrolmentGap.kind == kind)
    if late:
        query = query.where(EnrolmentGap.due_at <= visit.now)
    return (await visit.session.execute(query)).all()


async def _counts(visit: Visit) -> dict[str, int]:
    """Kind → how many are open."""
    query = select(EnrolmentGap.kind, func.count()).where(EnrolmentGap.closed_at.is_(None)).group_by(EnrolmentGap.kind)
    return dict((await visit.session.execute(query)).all())
