"""Children between two enrolments or on no roll at all: since when, where they are expected and when, and their case.

A child enters a class here, and a class of the last grade finishes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy import Select, func, select
from starlette.responses import Response

from cases.enrolment_words import NotTaken
from cases.new_child import enter_by_number
from cases.rooms import room_named
from cases.said import Said, said_by
from cases.school_roll import graduate_class
from console.pages.child_acts import Day, Text, school_named
from console.paging import After, piece
from console.security import require_csrf_form
from console.visit import Visit, Visiting, see_other
from storage.tables import CaseFile, EnrolmentGap, School, SchoolClass, Student
from storage.work import Work

router = APIRouter(prefix="/enrolment")
ACTING = [Depends(require_csrf_form)]
KINDS = ("transfer", "leaver", "suspension", "unenrolled")


@dataclass(frozen=True)
class Refused:
    """Which act was not taken, why, and what had been typed."""

    act: str
    why: str
    typed: Mapping[str, object]


@router.get("")
async def show(visit: Visiting, kind: str = "", late: bool = False, after: After = "") -> Response:
    return await _page(visit, kind, late=late, after=after)


async def _page(visit: Visit, kind: str = "", *, late: bool = False, after: str = "", refused: Refused | None = None) -> Response:
    chosen = kind if kind in KINDS else ""
    found = await piece(visit.session, _gaps(visit, chosen, late=late), (EnrolmentGap.due_at, EnrolmentGap.id), after)
    return await visit.show(
        "enrolment", piece=found, kind=chosen, late=late, kinds=KINDS, counts=await _counts(visit),
        may_say=_may_say(visit), wrong=refused, own_school=await _own_school(visit), status=409 if refused else 200,
    )  # fmt: skip


def _may_say(visit: Visit) -> Sequence[str]:
    """Which of the two acts of this page the visitor's role may say."""
    rules = visit.plan.enrolment
    return [act for act in ("enter", "graduate") if rules is not None and visit.me.post.role in rules.by.get(act, [])]


async def _own_school(visit: Visit) -> str:
    """For a school's people, their own."""
    return await visit.session.scalar(select(School.name).where(School.id == visit.me.post.school_id)) or ""


@router.post("/enter", dependencies=ACTING)
async def child_enters(
    visit: Visiting, number: Text = "", name: Text = "", school: Text = "", room: Text = "", evidence: Text = "",
    born: Day = None, on: Day = None,
) -> Response:  # fmt: skip
    """By its number: a child that is known and on no roll, or one that is not known yet."""
    typed = {"number": number, "name": name, "school": school, "room": room, "evidence": evidence, "born": born, "on": on}
    try:
        async with visit.acting() as work:
            klass, said = await _class_of(visit, work, school, room, evidence, on)
            child = await enter_by_number(work, visit.parts.cipher, said, number, klass, name=name.strip() or None, born=born)
            student_id = child.id
    except NotTaken as refusal:
        return await _page(visit, refused=Refused("enter", refusal.text(visit.me.language), typed))
    return see_other(f"/students/{student_id}", said="noted")


@router.post("/graduate", dependencies=ACTING)
async def class_graduates(visit: Visiting, school: Text = "", room: Text = "", evidence: Text = "", on: Day = None) -> Response:
    """All of a class of the last grade, at once."""
    try:
        async with visit.acting() as work:
            klass, said = await _class_of(visit, work, school, room, evidence, on)
            await graduate_class(work, said, klass)
    except NotTaken as refusal:
        typed = {"school": school, "room": room, "evidence": evidence, "on": on}
        return await _page(visit, refused=Refused("graduate", refusal.text(visit.me.language), typed))
    return see_other("/enrolment", said="graduated")


async def _class_of(visit: Visit, work: Work, school: str, room: str, evidence: str, on: date | None) -> tuple[SchoolClass, Said]:
    """The class that is meant, and the visitor's word. Raises NotTaken."""
    said = await said_by(work, visit.plan, visit.me.person_id, today=visit.today, on=on, evidence=evidence)
    return await room_named(work, visit.plan, room, [await school_named(work, school.strip())]), said


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
