"""The search: children, people who answer for something, and places, by name, pinyin, number or telephone; a child's own page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from sqlalchemy import func, select
from starlette.responses import Response

from cases.finding import FoundPlace, children_found, places_found, posts_found
from cases.home_language import recorded_languages
from cases.home_teaching import lately, lessons_of
from cases.lesson_families import is_contested
from cases.pairing import contacts_of
from cases.responsible import in_force
from cases.school_roll import ENTERING
from console.pages.case import family_of
from console.pages.registers import categories_for, may_write
from console.sought import Sought
from console.visit import Visit, Visiting, gone, place_of, see_other
from storage.tables import (
    Absence,
    Area,
    Arrangement,
    CareCard,
    CaseFile,
    EnrolmentEvent,
    Leave,
    Pairing,
    Person,
    Responsibility,
    School,
    SchoolClass,
    Student,
    StudentCategory,
)  # fmt: skip
from storage.work import Work

router = APIRouter(prefix="/students")
MOST = 50
MOST_OTHERS = 20
MOST_LESSONS = 12
DAYS = 60


@router.get("")
async def search(visit: Visiting) -> Response:
    """Exactly one child that is found by a number, and nobody else, opens at once."""
    q = visit.sought.q
    rows = await _children(visit, q) if q else []
    people = await _people(visit, q) if q else []
    if len(rows) == 1 and not people and any(char.isdigit() for char in q):
        return see_other(f"/students/{rows[0][0].id}")
    places = await _places(visit, q) if q else []
    return await visit.show(
        "students", rows=rows, people=people, places=places, most=MOST, most_others=MOST_OTHERS,
        finding=lambda name: visit.seal.close(Sought(q=name)),
    )  # fmt: skip


async def _children(visit: Visit, q: str) -> Sequence[Any]:
    async with visit.acting() as work:
        ids = await children_found(work, visit.parts.cipher, q, visit.within(Student), most=MOST)
    query = (
        select(Student, func.coalesce(School.name, ""), func.coalesce(SchoolClass.name, ""))
        .outerjoin(School, School.id == Student.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Student.class_id)
        .where(Student.id.in_(ids))
        .order_by(Student.name, Student.id)
    )
    return (await visit.session.execute(query)).all()


async def _people(visit: Visit, q: str) -> Sequence[Any]:
    """(post, person, area, school, class) of those who answer for something."""
    async with visit.acting() as work:
        ids = await posts_found(work, visit.parts.cipher, q, visit.today, visit.within_posts(), most=MOST_OTHERS)
    query = (
        select(Responsibility, Person, Area.name, School.name, SchoolClass.name)
        .join(Person, Person.id == Responsibility.person_id)
        .outerjoin(Area, Area.code == Responsibility.area_code)
        .outerjoin(School, School.id == Responsibility.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Responsibility.class_id)
        .where(Responsibility.id.in_(ids))
        .order_by(func.length(Responsibility.area_code), Responsibility.id)
    )
    return (await visit.session.execute(query)).all()


async def _places(visit: Visit, q: str) -> list[FoundPlace]:
    """Only what the page of areas would open for this post."""
    scope = visit.me.scope
    found = await places_found(visit.session, q, visit.area, most=MOST_OTHERS)
    return [one for one in found if scope.area or (one.school_id is not None and scope.school_id == one.school_id)]


@router.get("/{student_id}")
async def show(visit: Visiting, student_id: int) -> Response:
    return await page_of(visit, student_id)


async def page_of(visit: Visit, student_id: int, *, refused: str | None = None, status: int = 200) -> Response:
    """`refused`: the sentence why what was said of the child was not taken."""
    child = await visit.session.get(Student, student_id)
    if child is None:
        raise gone()
    known, categories = categories_for(visit), await _of_child(visit, StudentCategory, student_id)
    return await visit.show(
        "student", child=child, school=await place_of(visit, School, child.school_id),
        room=await place_of(visit, SchoolClass, child.class_id), family=await family_of(visit, student_id),
        absences=await _absences(visit, student_id), crumbs=await visit.crumbs(child.school_area_code),
        cases=await _of_child(visit, CaseFile, student_id), leaves=await _of_child(visit, Leave, student_id),
        categories=[one for one in categories if one.category in known], known=known, may_write=may_write(visit),
        rules=visit.plan.registers, history=await _history(visit, student_id), care=await visit.session.get(CareCard, student_id),
        arrangement=next((one for one in await _of_child(visit, Arrangement, student_id) if one.until is None), None),
        lessons=await _lessons(visit, student_id), contested=is_contested, refused_text=refused, status=status, entering=ENTERING,
        pairing=await _paired(visit, student_id), contacts=await _contacts(visit, student_id), staff=await _staff(visit, child),
        languages=await _languages(visit, child),
    )  # fmt: skip


async def _lessons(visit: Visit, student_id: int) -> Sequence[Any]:
    """(visit of teaching at home, teacher): those that come next, and the latest."""
    return lately(await lessons_of(Work(visit.session, visit.now), student_id), visit.today, ahead=MOST_LESSONS, most=MOST_LESSONS)


async def _contacts(visit: Visit, student_id: int) -> Sequence[Any]:
    """(month's contact of whoever is paired with the child, who), the newest first."""
    return await contacts_of(Work(visit.session, visit.now), student_id)


async def _paired(visit: Visit, student_id: int) -> Any:
    """(pairing, who) of today; None for a child without."""
    query = select(Pairing, Person.name).join(Person, Person.id == Pairing.person_id)
    return (await visit.session.execute(query.where(Pairing.student_id == student_id, Pairing.until.is_(None)))).first()


async def _staff(visit: Visit, child: Student) -> list[str]:
    """The people of the child's school, as they are offered where somebody is to be named."""
    if child.school_id is None or not may_write(visit):
        return []
    query = select(Person.id, Person.name).join(Responsibility, Responsibility.person_id == Person.id)
    query = query.where(Responsibility.school_id == child.school_id, *in_force(visit.today)).distinct().order_by(Person.name, Person.id)
    return [offered(person_id, name) for person_id, name in await visit.session.execute(query.limit(MOST))]


async def _languages(visit: Visit, child: Student) -> Sequence[str]:
    """Languages of recordings, for whoever may say what a family speaks. The worker's log-in sees those of the areas above."""
    if not may_write(visit):
        return []
    async with visit.acting() as work:
        return await recorded_languages(work.session, child.area_code)


def offered(person_id: int, name: str) -> str:
    """With the number, since two may bear the same name."""
    return f"{name}（{person_id}）"


async def _history(visit: Visit, student_id: int) -> list[tuple[str, EnrolmentEvent, str]]:
    """(day, event, who) of the child's enrolment, the newest first."""
    query = select(EnrolmentEvent, Person.name).outerjoin(Person, Person.id == EnrolmentEvent.by_person_id)
    found = await visit.session.execute(query.where(EnrolmentEvent.student_id == student_id).order_by(EnrolmentEvent.id.desc()))
    return [(str(one.facts.get("on") or visit.calendar.day_of(one.at)), one, name or "") for one, name in found]


async def _of_child(visit: Visit, table: Any, student_id: int) -> Sequence[Any]:
    """The child's rows of a table, the newest first."""
    return (await visit.session.scalars(select(table).where(table.student_id == student_id).order_by(table.id.desc()))).all()


async def _absences(visit: Visit, student_id: int) -> Sequence[Absence]:
    query = select(Absence).where(Absence.student_id == student_id).order_by(Absence.on.desc()).limit(DAYS)
    return (await visit.session.scalars(query)).all()
