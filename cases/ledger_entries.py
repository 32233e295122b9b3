"""Every field of the ledger that the plan names (art. 2.2, 3.2): age, family, owner, measures, and both words that strike a case off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from cases.ledger import NOT_ABSENT, LedgerRow
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import (
    AttendanceSheet,
    CaseFile,
    Event,
    Guardianship,
    Notice,
    Person,
    Receipt,
    Referral,
    StudentCategory,
    Task,
    TaskHolder,
)
from storage.work import Work

Found = Mapping[int, list[Any]]
PAPERS = {"issue_notice", "deliver_notice", "approve_referral"}
"""Kinds of task whose result is a paper, by which the ledger tells it."""


@dataclass(frozen=True)
class Measure:
    """One thing that was done for the child. `what`: a key of the plan's tasks, or notice:KIND, delivered:KIND, referral:DEPARTMENT."""

    on: date
    what: str
    by: str | None
    number: str | None = None


@dataclass(frozen=True)
class Confirmation:
    """One of the two words that end a case: whose, when, and on what it stands (a key of templates/ledger.yaml, grounds)."""

    who: str | None
    at: datetime | None
    ground: str
    said: str | None = None


@dataclass(frozen=True)
class Entry:
    """A whole entry. `first`, `second`: the confirmations of a case that was struck off. `family`: (relation, name)."""

    row: LedgerRow
    age: int | None
    family: tuple[tuple[str, str], ...]
    categories: tuple[str, ...]
    owners: tuple[str, ...]
    measures: tuple[Measure, ...]
    first: Confirmation | None
    second: Confirmation | None


def age_on(born: date | None, on: date) -> int | None:
    """Full years of life."""
    return None if born is None else on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def sensitive_causes(plan: Plan) -> frozenset[str]:
    """Causes that a family told in confidence: they stand in the case, and on paper only where somebody asks for it."""
    return frozenset(answer.cause for answer in plan.answers.values() if answer.sensitive and answer.cause)


async def entries(work: Work, plan: Plan, rows: Sequence[LedgerRow]) -> list[Entry]:
    """The rows with everything else that belongs to them: a few statements, however many rows."""
    calendar, cases, students = Calendar(plan), [row.case_id for row in rows], [row.student_id for row in rows]
    today = calendar.day_of(work.now)
    families, groups = await _families(work, students), await _categories(work, students)
    owners = await _owners(work, [row.task_id for row in rows if row.task_id is not None])
    measures = await _measures(work, plan, calendar, cases)
    words = await _confirmations(work, [row.case_id for row in rows if row.state == "closed"])
    return [
        Entry(
            row, age_on(row.born, today), tuple(families.get(row.student_id, ())), tuple(groups.get(row.student_id, ())),
            tuple(owners.get(row.task_id or 0, ())), tuple(measures.get(row.case_id, ())), *words.get(row.case_id, (None, None)),
        )
        for row in rows
    ]  # fmt: skip


def _grouped(rows: Iterable[tuple[int, Any]]) -> Found:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for key, value in rows:
        found[key].append(value)
    return found


async def _families(work: Work, students: Sequence[int]) -> Found:
    query = select(Guardianship.student_id, Guardianship.relation, Person.name).join(Person, Person.id == Guardianship.person_id)
    rows = await work.session.execute(query.where(Guardianship.student_id == func.any(students)).order_by(Guardianship.rank))
    return _grouped((student, (relation, name)) for student, relation, name in rows)


async def _categories(work: Work, students: Sequence[int]) -> Found:
    query = select(StudentCategory.student_id, StudentCategory.category).where(
        StudentCategory.student_id == func.any(students), StudentCategory.until.is_(None)
    )
    return _grouped((student, category) for student, category in await work.session.execute(query.order_by(StudentCategory.id)))


async def _owners(work: Work, tasks: Sequence[int]) -> Found:
    query = select(TaskHolder.task_id, Person.name).join(Person, Person.id == TaskHolder.person_id)
    held = query.where(TaskHolder.task_id == func.any(tasks), TaskHolder.until.is_(None), TaskHolder.why != "copy")
    return _grouped((task, name) for task, name in await work.session.execute(held.order_by(TaskHolder.since, Person.id)))


def shown_kinds(plan: Plan) -> frozenset[str]:
    """Not those whose very name tells what a family said in confidence, nor those kept from a school, nor those told by their paper."""
    private = {answer.task for answer in plan.answers.values() if answer.sensitive} | PAPERS
    return frozenset(name for name, kind in plan.tasks.items() if name not in private and not kind.outside_school and not kind.apart)


async def _measures(work: Work, plan: Plan, calendar: Calendar, cases: Sequence[int]) -> Found:
    done = select(Task.case_id, Task.ended_at, Task.kind, Person.name).outerjoin(Person, Person.id == Task.ended_by)
    done = done.where(
        Task.case_id == func.any(cases),
        Task.state == "done",
        Task.kind.in_(shown_kinds(plan)),
        Task.facts["outside_school"].astext.is_(None),
    )
    found = [(case or 0, Measure(calendar.day_of(at), kind, name)) for case, at, kind, name in await work.session.execute(done) if at]
    found += [pair async for pair in papers_of(work, calendar, cases)]
    sent = select(Referral.case_id, Referral.decided_at, Referral.department, Person.name).outerjoin(
        Person, Person.id == Referral.decided_by
    )
    sent = sent.where(Referral.case_id == func.any(cases), Referral.state.in_(("approved", "sent", "answered")))
    found += [
        (case, Measure(calendar.day_of(at), f"referral:{department}", name))
        for case, at, department, name in await work.session.execute(sent) if at
    ]  # fmt: skip
    return _grouped(sorted(found, key=lambda pair: (pair[0], pair[1].on)))


async def papers_of(work: Work, calendar: Calendar, cases: Sequence[int]) -> AsyncIterator[tuple[int, Measure]]:
    """Each issued by name; delivered on the day that its first receipt tells, by whoever recorded it."""
    query = select(Notice, Person.name).outerjoin(Person, Person.id == Notice.issued_by)
    rows = (await work.session.execute(query.where(Notice.case_id == func.any(cases), Notice.issued_at.is_not(None)))).all()
    told = (
        select(Receipt.notice_id, Person.name, Receipt.facts["on"].astext)
        .outerjoin(Person, Person.id == Receipt.recorded_by)
        .where(Receipt.notice_id == func.any([notice.id for notice, _ in rows]))
        .order_by(Receipt.id)
    )
    receipts: dict[int, tuple[str | None, str | None]] = {}
    for notice_id, recorder, told_day in await work.session.execute(told):
        receipts.setdefault(notice_id, (recorder, told_day))
    for notice, name in rows:
        if notice.issued_at is not None:
            yield notice.case_id, Measure(calendar.day_of(notice.issued_at), f"notice:{notice.kind}", name, notice.number)
        if notice.delivered_at is not None:
            by, on = receipts.get(notice.id, (None, None))
            day = date.fromisoformat(on) if on else calendar.day_of(notice.delivered_at)
            yield notice.case_id, Measure(day, f"delivered:{notice.kind}", by, notice.number)


Words = tuple[Confirmation | None, Confirmation | None]


async def _confirmations(work: Work, cases: Sequence[int]) -> dict[int, Words]:
    """Case → (the school's or officer's word, the family's word or the days at school that stand for it)."""
    ended = (await work.session.scalars(select(CaseFile).where(CaseFile.id == func.any(cases)))).all()
    schools, families = await _seen_by(work, ended), await _family_said(work, cases)
    decided = [case.exit_facts["by"] for case in ended if case.exit_facts and case.exit_facts.get("by")]
    rows = await work.session.execute(select(Person.id, Person.name).where(Person.id == func.any(decided)))
    names: dict[int, str] = dict(rows.all())
    return {case.id: _words(case, schools, families, names) for case in ended}


def _words(case: CaseFile, schools: Mapping[int, Confirmation], families: Mapping[int, Confirmation], names: Mapping[int, str]) -> Words:
    facts = case.exit_facts or {}
    evidence = facts.get("evidence", {})
    if case.exit == NOT_ABSENT:
        return schools.get(case.id) or Confirmation(None, case.closed_at, "sheet_corrected"), None
    if case.exit != "returned":
        said = "；".join(str(value) for value in evidence.values())
        return Confirmation(names.get(facts.get("by") or 0), case.closed_at, "officer", said or None), None
    school = schools.get(case.id) or Confirmation(None, None, "sheet", case.back_on.isoformat() if case.back_on else None)
    if "attended_days" in evidence:
        return school, Confirmation(None, case.closed_at, "attended", "、".join(evidence["attended_days"]))
    return school, families.get(case.id) or Confirmation(None, case.closed_at, "family")


async def _seen_by(work: Work, cases: Sequence[CaseFile]) -> dict[int, Confirmation]:
    """Who answered the sheet of the first day on which the child was there again; else who said so in answer to a task."""
    ids = [case.id for case in cases]
    sheets = (
        select(CaseFile.id, Person.name, AttendanceSheet.answered_at, CaseFile.back_on)
        .join(AttendanceSheet, (AttendanceSheet.class_id == CaseFile.class_id) & (AttendanceSheet.on == CaseFile.back_on))
        .join(Person, Person.id == AttendanceSheet.answered_by)
        .where(CaseFile.id == func.any(ids))
    )
    checks = (
        select(Task.case_id, Person.name, Task.ended_at, CaseFile.back_on)
        .join(CaseFile, CaseFile.id == Task.case_id)
        .join(Person, Person.id == Task.ended_by)
        .where(Task.case_id == func.any(ids), Task.kind.in_(("check_return", "confirm_return")), Task.state == "done")
        .order_by(Task.ended_at)
    )
    found: dict[int, Confirmation] = {}
    for ground, query in (("task", checks), ("sheet", sheets)):
        for case_id, name, at, back_on in await work.session.execute(query):
            if case_id is not None:
                found[case_id] = Confirmation(name, at, ground, back_on.isoformat() if back_on else None)
    return found


async def _family_said(work: Work, cases: Sequence[int]) -> dict[int, Confirmation]:
    """The last time that the family confirmed, and which of them."""
    said = select(Event.case_id, Event.actor, Event.at).where(Event.case_id == func.any(cases), Event.action == "guardian_confirmed")
    rows = [(case, actor, at) for case, actor, at in await work.session.execute(said.order_by(Event.at, Event.id))]
    people = [int(actor.removeprefix("guardian:")) for _, actor, _ in rows]
    found = await work.session.execute(select(Person.id, Person.name).where(Person.id == func.any(people)))
    names: dict[int, str] = dict(found.all())
    return {
        case: Confirmation(names.get(int(actor.removeprefix("guardian:"))), at, "family") for case, actor, at in rows if case is not None
    }
