"""Registers of the special groups: who is in them since when, and how a disabled child is taught (art. 2.6, 2.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true

from cases.aid_received import aid_received
from cases.enrolment_words import NotTaken
from cases.home_teaching import cancel_lessons
from cases.kept_counts import keep, kept
from cases.said import SHORTEST, Said, may_say
from plan.model import Plan
from plan.registers import Registers
from storage.tables import (
    AidRequest,
    Area,
    Arrangement,
    CareCard,
    Guardianship,
    Pairing,
    Person,
    School,
    SchoolClass,
    Student,
    StudentCategory,
)
from storage.work import Work

AGENT_PARENT = "agent_parent"
BETWEEN = " ,，:：(（)）"
AT_ONCE = 1_000
LEFT = ("deceased", "moved_abroad")
"""Whoever has left for good stands in a register only as history."""


def register_rules(plan: Plan) -> Registers:
    """The plan's section. Raises NotTaken where it has none."""
    if plan.registers is None:
        raise NotTaken("not_in_plan")
    return plan.registers


def category_named(rules: Registers, said: str) -> str:
    """The key of a category by its key or its Chinese name. Raises NotTaken category_unknown."""
    plain = said.strip().removesuffix("儿童").removesuffix("家庭")
    for key, category in rules.categories.items():
        if plain in (key, category.zh, *category.kinds):
            return key
    raise NotTaken("category_unknown", said=said.strip(), known="、".join(category.zh for category in rules.categories.values()))


def kind_named(rules: Registers, category: str, said: str) -> str | None:
    """The kind of a category that these words name; None for no words, or for the category's own name. Raises NotTaken kind_unknown.

    A category without kinds takes any words.
    """
    plain, known = said.strip().removesuffix("儿童"), rules.categories[category]
    if not plain or plain in (category, known.zh):
        return None
    if known.kinds and plain not in known.kinds:
        raise NotTaken("kind_unknown", said=said.strip(), known="、".join(known.kinds))
    return plain


async def category_of(work: Work, student_id: int, category: str) -> StudentCategory | None:
    """The child's present membership of a group."""
    return await work.session.scalar(
        select(StudentCategory)
        .where(StudentCategory.student_id == student_id, StudentCategory.category == category, StudentCategory.until.is_(None))
        .with_for_update()
    )


async def set_category(work: Work, said: Said, student: Student, category: str, *, present: bool, detail: str | None = None) -> None:
    """The child belongs to the group from that day on, or no longer; what was so before stays as history. Raises NotTaken."""
    rules = register_rules(said.plan)
    may_say(said, rules.by, student)
    check_day(said, student)
    detail = kind_named(rules, category, detail or "")
    now = await category_of(work, student.id, category)
    if present == (now is not None) and (not present or detail is None or (now is not None and now.detail == detail)):
        raise NotTaken("category_same")
    if now is not None:
        check_end(now.since, said.on)
        now.until = said.on
    if present:
        work.session.add(StudentCategory(student_id=student.id, category=category, detail=detail, since=said.on))
    elif category == "disabled":
        await end_arrangement(work, student.id, said.on)
    _record(work, said, student, "category_set", category=category, present=present)
    await work.session.flush()


def check_day(said: Said, student: Student) -> None:
    """Raises NotTaken for a day that has not come, or on which the child was not born."""
    if said.on > said.today:
        raise NotTaken("future")
    if student.birth_date is not None and said.on < student.birth_date:
        raise NotTaken("before_birth")


def check_end(since: date, until: date) -> None:
    """Raises NotTaken where something would have ended before it began."""
    if until < since:
        raise NotTaken("before_since", since=since.isoformat())


def _record(work: Work, said: Said, student: Student, action: str, **facts: Any) -> None:
    work.record(action, f"student:{student.id}", area_code=student.area_code, actor=f"person:{said.by}", **facts)


def arrangement_named(rules: Registers, said: str) -> tuple[str, str]:
    """(key of the arrangement that stands at the beginning, what follows it: on what it is based). Raises NotTaken arrangement_unknown."""
    plain = said.strip()
    for key, label in rules.arrangements.items():
        for name in (key, label.zh):
            if plain.startswith(name):
                return key, plain.removeprefix(name).strip(BETWEEN)
    raise NotTaken("arrangement_unknown", said=plain, known="、".join(label.zh for label in rules.arrangements.values()))


async def arrange(work: Work, said: Said, student: Student, named: str, evidence: str = "") -> str:
    """Decides how a disabled child is taught, and gives the arrangement's key. Raises NotTaken.

    `evidence`: the paper it is decided on, where it does not stand behind the arrangement's name.
    """
    rules = register_rules(said.plan)
    may_say(said, rules.arranged_by or rules.by, student)
    check_day(said, student)
    kind, basis = arrangement_named(rules, named)
    if rules.arrangements[kind].evidence and len(basis or evidence) < SHORTEST:
        raise NotTaken("say_basis", child=student.name, named=rules.arrangements[kind].zh)
    if await category_of(work, student.id, "disabled") is None:
        raise NotTaken("not_in_register", child=student.name)
    now = await arrangement_of(work, student.id)
    if now is not None and now.kind == kind:
        raise NotTaken("category_same")
    await end_arrangement(work, student.id, said.on)
    work.session.add(Arrangement(student_id=student.id, kind=kind, since=said.on, decided_by=said.by, evidence=said.evidence))
    _record(work, said, student, "arrangement_set", kind=kind)
    await work.session.flush()
    return kind


async def arrangement_of(work: Work, student_id: int) -> Arrangement | None:
    """How the child is taught now."""
    query = select(Arrangement).where(Arrangement.student_id == student_id, Arrangement.until.is_(None))
    return await work.session.scalar(query.with_for_update())


async def end_arrangement(work: Work, student_id: int, on: date) -> None:
    """The child is no longer taught as it was: visits that were planned are off. Raises NotTaken before_since."""
    if (now := await arrangement_of(work, student_id)) is not None:
        check_end(now.since, on)
        now.until = on
        await work.session.flush()
        if now.kind == "at_home":
            await cancel_lessons(work, student_id)


async def write_card(work: Work, said: Said, student: Student, *, studies: str | None = None, living: str | None = None) -> None:
    """What somebody knows of the child's studies and living goes on its card; what is left out stays. Raises NotTaken."""
    may_say(said, register_rules(said.plan).by, student)
    if not studies and not living:
        raise NotTaken("say_words")
    card = await work.session.get(CareCard, student.id)
    if card is None:
        card = CareCard(student_id=student.id, updated_at=work.now)
        work.session.add(card)
    card.studies, card.living = studies or card.studies, living or card.living
    card.updated_at, card.updated_by = work.now, said.by
    _record(work, said, student, "card_written")


async def set_agent_parent(work: Work, said: Said, student: Student, person: Person) -> None:
    """Somebody looks after the child in its parents' stead (代理家长); asked after the family itself. Raises NotTaken."""
    may_say(said, register_rules(said.plan).by, student)
    if await work.session.get(Guardianship, (student.id, person.id)) is not None:
        raise NotTaken("category_same")
    last = select(Guardianship.rank).where(Guardianship.student_id == student.id).order_by(Guardianship.rank.desc()).limit(1)
    rank = (await work.session.scalar(last) or 0) + 1
    work.session.add(Guardianship(student_id=student.id, person_id=person.id, relation=AGENT_PARENT, is_guardian=False, rank=rank))
    _record(work, said, student, "agent_parent_set")


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


async def register(work: Work, wanted: InRegister, within: ColumnElement[bool] | None = None) -> Sequence[Entry]:
    """The children of a group, in the order of their schools; `within`: of these children only.

    In pieces, so that the process answers others while it reads 70,000 of them.
    """
    ids = await members(work, wanted, within if within is not None else true())
    return [one for first in range(0, len(ids), AT_ONCE) for one in await entries(work, ids[first : first + AT_ONCE])]


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
