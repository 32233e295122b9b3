"""A case by its number, for those who may see it: the class, the school, the area, or whoever owes something in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import exists, select

from storage.tables import CaseFile, Notice, Referral, Responsibility
from storage.work import Work

SHORTEST = 2


async def cases_numbered(work: Work, number: str, staff: Sequence[Responsibility], held: Collection[int | None]) -> list[CaseFile]:
    """Cases whose number ends like this, or whose notice bears it, newest first; none that these posts do not let one see."""
    if len(number) < SHORTEST:
        return []
    noticed = exists().where(Notice.case_id == CaseFile.id, Notice.number == number)
    query = select(CaseFile).where(CaseFile.number.endswith(number, autoescape=True) | noticed).order_by(CaseFile.id.desc())
    found = (await work.session.scalars(query)).all()
    exact = [case for case in found if case.number == number] or found
    return [case for case in exact if case.id in held or await _is_seen(work, case, staff)]


async def _is_seen(work: Work, case: CaseFile, staff: Sequence[Responsibility]) -> bool:
    for row in staff:
        if row.department is not None:
            if await _referred_to(work, case, row.department) and case.area_code.startswith(row.area_code):
                return True
        elif _answers_for(row, case):
            return True
    return False


def _answers_for(row: Responsibility, case: CaseFile) -> bool:
    if row.class_id is not None:
        return row.class_id == case.class_id
    if row.school_id is not None:
        return row.school_id == case.school_id
    return case.area_code.startswith(row.area_code) or case.school_area_code.startswith(row.area_code)


async def _referred_to(work: Work, case: CaseFile, department: str) -> bool:
    """A department sees only what a person has sent it."""
    sent = select(Referral.id).where(
        Referral.case_id == case.id, Referral.department == department, Referral.state.in_(("approved", "answered"))
    )
    return await work.session.scalar(sent.limit(1)) is not None
