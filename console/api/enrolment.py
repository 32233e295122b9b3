"""What another system says of a child's enrolment, in its officer's name: the same use cases as `fanxiao enrolment`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import select

from cases.child_search import schools_named
from cases.new_child import enter_by_number
from cases.rooms import room_named
from cases.said import Said
from cases.school_roll import graduate_class, resume, suspend
from cases.transfers import Destination, arrive, transfer_out
from console.api.caller import Caller, Enrolling, Once
from console.api.fields import Body, ByNumber, Child, Day, Name, Number, RoomRef, SchoolRef, Words, meaning
from console.api.problems import Problem
from storage.tables import School, SchoolClass, Student
from storage.work import Work

Room = Annotated[RoomRef, Field(alias="class")]


class _Told(Body):
    evidence: Words
    on: Day | None = Field(default=None, description=meaning("happened_on"))


class Entered(_Told):
    """`name` (and `born`) for a child that is not known here yet."""

    number: Number
    school: SchoolRef
    room: Room
    name: Name | None = None
    born: Day | None = None


class Suspended(_Told):
    """Until a day; not back after it, the child becomes a case."""

    child: Child
    until: Day


class Resumed(_Told):
    """Back in its class, or in another of its school."""

    child: Child
    room: Annotated[RoomRef | None, Field(alias="class")] = None


class Transferred(_Told):
    """Left for another school, which need not be one of ours."""

    child: Child
    to: SchoolRef


class Arrived(_Told):
    """The receiving school has the child. By its number only: it need not have been of the key's area so far."""

    child: ByNumber
    school: SchoolRef
    room: Room


class Graduated(_Told):
    """A class of the last grade finishes."""

    school: SchoolRef
    room: Room


class EnrolmentTaken(Body):
    """The child's number here, and how it is enrolled now."""

    student_id: int
    status: str


class ClassGraduated(Body):
    """How many finished."""

    graduated: int


router = APIRouter(prefix="/enrolment", tags=["enrolment"])


@router.post("/enter")
async def child_enters(call: Enrolling, told: Entered, once: Once) -> EnrolmentTaken:
    """入学 · A child enters a school: one that is known and on no roll, or a new one."""
    school = await call.seen_school(told.school)

    async def use(work: Work) -> dict[str, Any]:
        room, word = await room_named(work, call.plan, told.room, [school]), call.said(told.evidence, told.on)
        student = await enter_by_number(work, call.parts.cipher, word, told.number, room, name=told.name, born=told.born)
        return _done(student)

    return EnrolmentTaken(**await call.once(once, told, use))


@router.post("/suspend")
async def child_is_suspended(call: Enrolling, told: Suspended, once: Once) -> EnrolmentTaken:
    """休学 · The bureau suspends a child until a day."""

    async def use(work: Work, word: Said, student: Student) -> None:
        await suspend(work, word, student, told.until)

    return await _about_child(call, told, told.child, once, use)


@router.post("/resume")
async def child_resumes(call: Enrolling, told: Resumed, once: Once) -> EnrolmentTaken:
    """复学 · A suspended child is back."""

    async def use(work: Work, word: Said, student: Student) -> None:
        await resume(work, word, student, await _room_of(work, call, student, told.room) if told.room else None)

    return await _about_child(call, told, told.child, once, use)


@router.post("/transfer")
async def child_leaves(call: Enrolling, told: Transferred, once: Once) -> EnrolmentTaken:
    """转出 · The child has left for another school, which is asked to confirm."""

    async def use(work: Work, word: Said, student: Student) -> None:
        found = await schools_named(work, told.to.strip(), "")
        await transfer_out(work, word, student, Destination(found[0].name, found[0]) if len(found) == 1 else Destination(told.to))

    return await _about_child(call, told, told.child, once, use)


@router.post("/arrive")
async def child_arrives(call: Enrolling, told: Arrived, once: Once) -> EnrolmentTaken:
    """转入 · The receiving school has the child in a class."""
    school = await call.seen_school(told.school)

    async def use(work: Work) -> dict[str, Any]:
        room = await room_named(work, call.plan, told.room, [school])
        student = await _locked(work, call.named(told.child))
        if student is None:
            raise Problem("not_found")
        await arrive(work, call.said(told.evidence, told.on), student, room)
        return _done(student)

    return EnrolmentTaken(**await call.once(once, told, use))


@router.post("/graduate")
async def class_graduates(call: Enrolling, told: Graduated, once: Once) -> ClassGraduated:
    """毕业 · A class of the last grade finishes."""
    school = await call.seen_school(told.school)

    async def use(work: Work) -> dict[str, Any]:
        room = await room_named(work, call.plan, told.room, [school])
        return {"graduated": len(await graduate_class(work, call.said(told.evidence, told.on), room))}

    return ClassGraduated(**await call.once(once, told, use))


async def _about_child(
    call: Caller, told: _Told, child: Child, once: str, use: Callable[[Work, Said, Student], Awaitable[None]]
) -> EnrolmentTaken:
    """For a child that the key sees."""
    student_id = await call.seen_child(child)

    async def carried_out(work: Work) -> dict[str, Any]:
        student = await work.session.get_one(Student, student_id, with_for_update=True)
        await use(work, call.said(told.evidence, told.on), student)
        return _done(student)

    return EnrolmentTaken(**await call.once(once, told, carried_out))


async def _locked(work: Work, named: Any) -> Student | None:
    return await work.session.scalar(select(Student).where(named).with_for_update())


async def _room_of(work: Work, call: Caller, student: Student, named: str) -> SchoolClass:
    school = await work.session.get(School, student.school_id) if student.school_id is not None else None
    return await room_named(work, call.plan, named, [school] if school is not None else [])


def _done(student: Student) -> dict[str, Any]:
    return {"student_id": student.id, "status": student.status}
