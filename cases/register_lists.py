"""The registers of the special groups as they are read: their children, in the order of their schools, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, select, true

from cases.aid_received import aid_received
from cases.kept_counts import keep, kept
from plan.model import Plan
from storage.tables import AidRequest, Area, Arrangement, Pairing, Person, School, SchoolClass, Student, StudentCategory
from storage.work import Work

AT_ONCE = 1_000
LEFT = ("deceased", "moved_abroad")
"""Whoever has left for good stands in a register only as history."""


@dataclass(frozen=True)
class Entry:
    """One line of a register."""

    student: Student
    school: str
    class_name: str
    home: str
    detail: str | None
    since: date
    until: date | None
    arrangement: str | None
    paired_with: str | None
    aid: Sequence[AidRequest] = ()


@dataclass(frozen=True)
class InRegister:
    """Whom of a group: in an area (home or school), by a part of the child's or the school's name; `former`: who was in it, too."""

    category: str
    area_code: str = ""
    called: str = ""
    former: bool = False


async def register(
    work: Work, wanted: InRegister, within: ColumnElement[bool] | None = None, tell: Callable[[int, int], None] = lambda _done, _total: None
) -> Sequence[Entry]:
    """The children of a group, in the order of their schools; `within`: of these children only.

    In pieces, so that the process answers others while it reads 70,000 of them. `tell`: after each, how many are read, and of how many.
    """
    ids = await members(work, wanted, within if within is not None else true())
    found: list[Entry] = []
    for first in range(0, len(ids), AT_ONCE):
        found += await entries(work, ids[first : first + AT_ONCE])
        tell(len(found), len(ids))
    return found


async def entries(work: Work, ids: Sequence[int]) -> Sequence[Entry]:
    """Some lines of a register, by the ids of the memberships, in the order of their schools."""
    query = (
        select(StudentCategory, Student, School.name, SchoolClass.name, Area.name, Arrangement.kind, Person.name)
        .join(Student, Student.id == StudentCategory.student_id)
        .outerjoin(School, School.id == Student.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Student.class_id)
        .outerjoin(Area, Area.code == Student.area_code)
        .outerjoin(Arrangement, (Arrangement.student_id == Student.id) & Arrangement.until.is_(None))
        .outerjoin(Pairing, (Pairing.student_id == Student.id) & Pairing.until.is_(None))
        .outerjoin(Person, Person.id == Pairing.person_id)
        .where(StudentCategory.id == func.any(list(ids)))
        .order_by(*IN_ORDER)
    )
    aided = await aid_received(work, select(StudentCategory.student_id).where(StudentCategory.id == func.any(list(ids))))
    return [
        Entry(student, school or "", room or "", home or "", row.detail, row.since, row.until, kind, paired, aided.get(student.id, ()))
        for row, student, school, room, home, kind, paired in (await work.session.execute(query)).all()
    ]


IN_ORDER = (School.code, SchoolClass.grade, SchoolClass.number, Student.id, StudentCategory.since)


def _members(wanted: InRegister) -> Select[StudentCategory]:
    query = (
        select(StudentCategory)
        .join(Student, Student.id == StudentCategory.student_id)
        .outerjoin(School, School.id == Student.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Student.class_id)
        .where(StudentCategory.category == wanted.category)
    )
    if wanted.area_code:
        query = query.where(Student.area_code.startswith(wanted.area_code) | Student.school_area_code.startswith(wanted.area_code))
    if wanted.called:
        query = query.where(Student.name.contains(wanted.called, autoescape=True) | School.name.contains(wanted.called, autoescape=True))
    if not wanted.former:
        query = query.where(StudentCategory.until.is_(None), Student.status.not_in(LEFT))
    return query


async def count_members(work: Work, wanted: InRegister, within: ColumnElement[bool]) -> int:
    """How many there are in all. `within`: of these children only."""
    return await work.session.scalar(select(func.count()).select_from(_members(wanted).where(within).subquery())) or 0


async def some_members(work: Work, wanted: InRegister, within: ColumnElement[bool], *, most: int, after: int) -> list[int]:
    """The ids of some of them in the order of their schools; behind these, the children without a school.

    Read school by school, so that the first pages of a prefecture's register need not sort all of it.
    """
    query = _members(wanted).where(within).with_only_columns(StudentCategory.id, maintain_column_froms=True).order_by(*IN_ORDER)
    at_school = query.where(School.code.is_not(None))
    ids = list(await work.session.scalars(at_school.limit(most).offset(after)))
    if len(ids) == most:
        return ids
    passed = 0 if ids else after - (await work.session.scalar(select(func.count()).select_from(at_school.order_by(None).subquery())) or 0)
    return ids + list(await work.session.scalars(query.where(School.code.is_(None)).limit(most - len(ids)).offset(max(0, passed))))


async def members(work: Work, wanted: InRegister, within: ColumnElement[bool]) -> list[int]:
    """The ids of all of them, in the order of their schools."""
    query = _members(wanted).where(within)
    ids = query.with_only_columns(StudentCategory.id, maintain_column_froms=True).order_by(*IN_ORDER)
    return list(await work.session.scalars(ids))


async def count_groups(work: Work, within: ColumnElement[bool]) -> dict[str, int]:
    """Group → how many of these children are in it now."""
    query = select(StudentCategory.category, func.count()).join(Student, Student.id == StudentCategory.student_id)
    query = query.where(StudentCategory.until.is_(None), Student.status.not_in(LEFT), within).group_by(StudentCategory.category)
    return dict((await work.session.execute(query)).all())


MANY = 5_000
"""Memberships from which on the groups of whole counties are counted at night."""


async def count_registers(work: Work, plan: Plan, day: date) -> int:  # noqa: ARG001 - the shape of a daily job
    """Each night, how many children of each county and prefecture are in each group; gives for how many areas."""
    if (await work.session.scalar(select(func.count()).select_from(StudentCategory)) or 0) < MANY:
        return 0
    codes = (await work.session.scalars(select(Area.code).where(Area.level.in_(("prefecture", "county"))))).all()
    for code in codes:
        within = Student.area_code.startswith(code) | Student.school_area_code.startswith(code)
        await keep(work, f"registers:{code}", code, dict(await count_groups(work, within)))
    return len(codes)


async def groups_of(work: Work, area_code: str, within: ColumnElement[bool]) -> tuple[dict[str, int], datetime]:
    """(group → how many, when that was counted): of a large area as the night has counted it, else now."""
    known = await kept(work, f"registers:{area_code}") if area_code else None
    if known is not None:
        return {name: int(number) for name, number in known.facts.items()}, known.counted_at
    return await count_groups(work, within), work.now
