"""A case by its number or its child's name, for those who may see it: the class, the school, the area, or whoever owes something in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import exists, func, or_, select

from storage.tables import CaseFile, Notice, Referral, Responsibility, School, Student
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


async def cases_of_name(work: Work, name: str, staff: Sequence[Responsibility], held: Collection[int | None]) -> list[tuple[CaseFile, str]]:
    """(case, name of its school) of children so called, by the whole name or else the given name: the latest case of each child.

    None that these posts do not let one see; where any of them is open, only those.
    """
    near = [place.startswith(row.area_code) for row in staff for place in (CaseFile.area_code, CaseFile.school_area_code)]
    query = select(CaseFile, Student.name, func.coalesce(School.name, "")).join(Student, Student.id == CaseFile.student_id)
    query = query.outerjoin(School, School.id == CaseFile.school_id).order_by(CaseFile.id.desc())
    query = query.where(Student.name.endswith(name, autoescape=True), or_(CaseFile.id.in_(held), *near))
    latest: dict[int, tuple[CaseFile, str, str]] = {}
    for case, child, school in (await work.session.execute(query)).all():
        if case.student_id not in latest and (case.id in held or await _is_seen(work, case, staff)):
            latest[case.student_id] = (case, child, school)
    found = [one for one in latest.values() if one[1] == name] or list(latest.values())
    return [(case, school) for case, _, school in [one for one in found if one[0].state == "open"] or found]


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
