"""Children between two enrolments or on no roll at all: since when, where they are expected and when, and their case."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Select, func, select
from starlette.responses import Response

from console.paging import After, piece
from console.visit import Visit, Visiting
from storage.tables import CaseFile, EnrolmentGap, School, Student

router = APIRouter(prefix="/enrolment")
KINDS = ("transfer", "leaver", "suspension", "unenrolled")


@router.get("")
async def show(visit: Visiting, kind: str = "", late: bool = False, after: After = "") -> Response:
    chosen = kind if kind in KINDS else ""
    found = await piece(visit.session, _gaps(visit, chosen, late=late), (EnrolmentGap.due_at, EnrolmentGap.id), after)
    return await visit.show(
        "enrolment", piece=found, kind=chosen, late=late, kinds=KINDS, counts=await _counts(visit),
    )  # fmt: skip


def _gaps(visit: Visit, kind: str, *, late: bool) -> Select[*tuple[Any, ...]]:
    query = (
        select(EnrolmentGap, Student, School.name, CaseFile)
        .join(Student, Student.id == EnrolmentGap.student_id)
        .outerjoin(School, School.id == EnrolmentGap.from_school_id)
        .outerjoin(CaseFile, CaseFile.id == EnrolmentGap.case_id)
        .where(EnrolmentGap.closed_at.is_(None))
    )
    if kind:
        query = query.where(EnrolmentGap.kind == kind)
    if late:
        query = query.where(EnrolmentGap.due_at <= visit.now)
    return query


async def _counts(visit: Visit) -> dict[str, int]:
    """Kind → how many are open."""
    query = select(EnrolmentGap.kind, func.count()).where(EnrolmentGap.closed_at.is_(None)).group_by(EnrolmentGap.kind)
    return dict((await visit.session.execute(query)).all())
