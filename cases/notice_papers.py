"""What a return notice's paper says, gathered for many notices at once (art. 2.1③)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from cases.names import area_names
from cases.plans import plan_in_force
from cases.responsible import CODE_LENGTH, in_force
from cases.tasks import LIVING
from cases.words import words
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import CaseFile, Guardianship, Notice, Person, Responsibility, School, SchoolClass, Student, Task, TaskHolder
from storage.work import Work

State = Literal["draft", "declined", "issued", "delivered", "withdrawn", "all"]
STATES: tuple[State, ...] = ("draft", "declined", "issued", "delivered", "withdrawn", "all")
DELIVERY = "deliver_notice"
NOTHING: tuple[Any, ...] = ()


@dataclass(frozen=True)
class NoticePaper:
    """Everything that one notice's paper needs. Days are local; names as the registers have them.

    `document`: which form it takes; `contacts`: (day, role in Chinese) of earlier steps; `deadline_on`: once it is delivered.
    """

    notice_id: int
    case_id: int
    student_id: int
    area_code: str
    state: State
    document: str
    number: str | None
    issuer: str
    signed_by: str
    issued_on: date | None
    child: str
    is_girl: bool
    born: date | None
    guardians: tuple[tuple[str, str | None], ...]
    school: str
    school_phone: str
    class_name: str
    village: str
    since: date
    contacts: tuple[tuple[date, str], ...]
    first_number: str | None
    first_on: date | None
    deadline_days: int
    deadline_on: date | None
    deliverer: str


async def notice_papers(work: Work, area_code: str = "", *, state: State = "issued", ids: Sequence[int] | None = None) -> list[NoticePaper]:
    """The notices of an area in this state (or those named by `ids`), by village and number; none of a child made anonymous."""
    rows = list(await work.session.execute(_query(area_code, state, ids)))
    plan = (await plan_in_force(work.session))[1]
    around = await _around(work, plan, [row[0] for row in rows], [row[2] for row in rows])
    papers = [_paper(plan, around, *row) for row in rows]
    return sorted(papers, key=lambda one: (one.area_code[: CODE_LENGTH["township"]], one.village, one.number or "", one.notice_id))


async def count_notices(work: Work, area_code: str = "") -> dict[State, int]:
    """State → how many notices of an area stand there."""
    inside = [_of_area(area_code)] if area_code else []
    counts = [func.count().filter(*_in_state(state)) if _in_state(state) else func.count() for state in STATES]
    query = select(*counts).select_from(Notice).join(Student, Student.id == Notice.student_id)
    found = (await work.session.execute(query.where(*inside))).one()
    return dict(zip(STATES, found, strict=True))


async def notices_in(work: Work, area_code: str, state: State, *, most: int, after: int) -> list[int]:
    """The ids of some of an area's notices in this state, by township, home and number."""
    inside = [Student.anonymised_at.is_(None), *([_of_area(area_code)] if area_code else [])]
    query = select(Notice.id).join(Student, Student.id == Notice.student_id).where(*inside, *_in_state(state))
    place = (func.left(Student.area_code, CODE_LENGTH["township"]), Student.area_code, func.coalesce(Notice.number, ""), Notice.id)
    return list(await work.session.scalars(query.order_by(*place).limit(most).offset(after)))


def _of_area(area_code: str) -> ColumnElement[bool]:
    """Issued there, or to a family that lives there."""
    return Notice.area_code.startswith(area_code) | Student.area_code.startswith(area_code)


def state_of(notice: Notice) -> State:
    """Where a notice stands."""
    if notice.withdrawn_at is not None:
        return "withdrawn"
    if notice.delivered_at is not None:
        return "delivered"
    if notice.issued_at is not None:
        return "issued"
    return "draft" if notice.declined_at is None else "declined"


def _query(area_code: str, state: State, ids: Sequence[int] | None) -> Select[Notice, CaseFile, Student, str, str | None, str, str]:
    signer = aliased(Person)
    query = (
        select(Notice, CaseFile, Student, func.coalesce(School.name, ""), School.phone, func.coalesce(SchoolClass.name, ""), signer.name)
        .join(CaseFile, CaseFile.id == Notice.case_id)
        .join(Student, Student.id == Notice.student_id)
        .outerjoin(School, School.id == CaseFile.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == CaseFile.class_id)
        .outerjoin(signer, signer.id == Notice.issued_by)
        .where(Student.anonymised_at.is_(None))
    )
    if area_code:
        query = query.where(_of_area(area_code))
    if ids is not None:
        query = query.where(Notice.id.in_(ids))
    return query.where(*_in_state(state)).order_by(Notice.id)


def _in_state(state: State) -> Sequence[ColumnElement[bool]]:
    columns = (Notice.issued_at, Notice.delivered_at, Notice.withdrawn_at, Notice.declined_at)
    issued, delivered, withdrawn, declined = (column.is_not(None) for column in columns)
    return {
        "draft": [~issued, ~withdrawn, ~declined],
        "declined": [declined, ~issued, ~withdrawn],
        "issued": [issued, ~delivered, ~withdrawn],
        "delivered": [delivered, ~withdrawn],
        "withdrawn": [withdrawn],
        "all": [],
    }[state]


@dataclass(frozen=True)
class _Around:
    """What belongs to many notices, read once for all of them."""

    areas: dict[str, str]
    guardians: dict[int, tuple[tuple[str, str | None], ...]]
    contacts: dict[int, tuple[tuple[datetime, str], ...]]
    earlier: dict[int, list[Notice]]
    deliverers: dict[int, str]
    of_villages: dict[str, str]


async def _around(work: Work, plan: Plan, notices: Sequence[Notice], students: Sequence[Student]) -> _Around:
    cases = {notice.case_id for notice in notices}
    codes = {notice.area_code for notice in notices} | {student.area_code[: CODE_LENGTH["village"]] for student in students}
    return _Around(
        areas=await area_names(work.session, codes),
        guardians=await _guardians(work, [student.id for student in students]),
        contacts=await _contacts(work, cases),
        earlier=await _earlier(work, cases),
        deliverers=await _deliverers(work, [notice.id for notice in notices]),
        of_villages=await _of_villages(work, plan, codes),
    )


async def _guardians(work: Work, student_ids: Sequence[int]) -> dict[int, tuple[tuple[str, str | None], ...]]:
    query = (
        select(Guardianship.student_id, Person.name, Guardianship.relation)
        .join(Person, Person.id == Guardianship.person_id)
        .where(Guardianship.student_id.in_(student_ids), Guardianship.is_guardian, Guardianship.no_contact.is_(False))
        .order_by(Guardianship.rank, Person.id)
    )
    called = words().told_as["relations"]
    found: defaultdict[int, list[tuple[str, str | None]]] = defaultdict(list)
    for student_id, name, relation in await work.session.execute(query):
        found[student_id].append((name, called[relation] if relation in called and relation != "other" else None))
    return {student_id: tuple(people) for student_id, people in found.items()}


async def _contacts(work: Work, case_ids: Iterable[int]) -> dict[int, tuple[tuple[datetime, str], ...]]:
    """Steps of the chain that were really done with the family."""
    kinds = ("family_contact", "principal_contact", "home_visit", "joint_visit")
    query = (
        select(Task.case_id, Task.ended_at, Task.role)
        .where(Task.case_id.in_(case_ids), Task.state == "done", Task.kind.in_(kinds), Task.level.is_not(None))
        .order_by(Task.ended_at, Task.id)
    )
    found: defaultdict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for case_id, at, role in await work.session.execute(query):
        if case_id is not None and at is not None:
            found[case_id].append((at, role))
    return {case_id: tuple(steps) for case_id, steps in found.items()}


async def _earlier(work: Work, case_ids: Iterable[int]) -> dict[int, list[Notice]]:
    query = select(Notice).where(Notice.case_id.in_(case_ids), Notice.issued_at.is_not(None)).order_by(Notice.issued_at, Notice.id)
    found: defaultdict[int, list[Notice]] = defaultdict(list)
    for notice in await work.session.scalars(query):
        found[notice.case_id].append(notice)
    return found


async def _deliverers(work: Work, notice_ids: Sequence[int]) -> dict[int, str]:
    """Who holds the delivery's task, where there is one."""
    query = (
        select(Task.notice_id, func.min(Person.name))
        .join(TaskHolder, TaskHolder.task_id == Task.id)
        .join(Person, Person.id == TaskHolder.person_id)
        .where(Task.notice_id.in_(notice_ids), Task.kind == DELIVERY, Task.state.in_(LIVING), TaskHolder.until.is_(None))
        .group_by(Task.notice_id)
    )
    return {notice_id: name for notice_id, name in await work.session.execute(query) if notice_id is not None}


async def _of_villages(work: Work, plan: Plan, codes: Iterable[str]) -> dict[str, str]:
    """Village → the person of the role that delivers there."""
    roles = {step.role for rung in plan.levels for step in rung.owed if step.task == DELIVERY}
    query = (
        select(Responsibility.area_code, func.min(Person.name))
        .join(Person, Person.id == Responsibility.person_id)
        .where(Responsibility.role.in_(roles), Responsibility.area_code.in_(codes), *in_force(Calendar(plan).day_of(work.now)))
        .group_by(Responsibility.area_code)
    )
    return dict((await work.session.execute(query)).all())


def _paper(
    plan: Plan, around: _Around, notice: Notice, case: CaseFile, student: Student, school: str, phone: str | None, class_name: str,
    signer: str | None,
) -> NoticePaper:  # fmt: skip
    calendar = Calendar(plan)
    before = [one for one in around.earlier.get(case.id, []) if one.id != notice.id and one.episode <= notice.episode]
    village = student.area_code[: CODE_LENGTH["village"]]
    limit = notice.issued_at or datetime.max.replace(tzinfo=calendar.zone)
    kind = plan.notices[_reads_as(plan, notice, before)]
    last = before[-1] if before and notice.kind != next(iter(plan.notices)) else None
    return NoticePaper(
        notice_id=notice.id, case_id=case.id, student_id=student.id, area_code=student.area_code, state=state_of(notice),
        document=kind.enrol_document if case.class_id is None else kind.document, number=notice.number,
        issuer=words().issuer(around.areas.get(notice.area_code, "")),
        signed_by=signer or "", issued_on=calendar.day_of(notice.issued_at) if notice.issued_at else None, child=student.name,
        is_girl=student.sex == "female", born=student.birth_date,
        guardians=around.guardians.get(student.id, ()), school=school, school_phone=phone or "",
        class_name=class_name, village=around.areas.get(village, "") if len(student.area_code) >= CODE_LENGTH["village"] else "",
        since=case.first_absent_on,
        contacts=tuple((calendar.day_of(at), plan.role_name(role)) for at, role in around.contacts.get(case.id, NOTHING) if at <= limit),
        first_number=last.number if last else None, first_on=calendar.day_of(last.issued_at) if last and last.issued_at else None,
        deadline_days=kind.deadline_days, deadline_on=notice.deadline_on,
        deliverer=around.deliverers.get(notice.id) or around.of_villages.get(village, ""),
    )  # fmt: skip


def _reads_as(plan: Plan, notice: Notice, before: Sequence[Notice]) -> str:
    """As the message: a second notice reads as a first where no first one was ever issued to this family."""
    return notice.kind if before and notice.kind in plan.notices else next(iter(plan.notices))
