"""The children a visitor may choose: those with a case first, then the played classes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.words import Words
from storage.tables import Area, CaseFile, Contact, Guardianship, PersonContact, School, SchoolClass, Student

ON_ROLLS = ("enrolled", "resumed")


def _choosable(played: Collection[int]) -> Select[Student]:
    """Children of the played classes whose family has a number, and all who have a case."""
    has_number = exists().where(
        Guardianship.student_id == Student.id, PersonContact.person_id == Guardianship.person_id, Contact.id == PersonContact.contact_id
    )
    in_class = and_(Student.class_id.in_(tuple(played)), Student.status.in_(ON_ROLLS), has_number)
    return (
        select(Student)
        .where(or_(in_class, exists().where(CaseFile.student_id == Student.id)), Student.class_id.is_not(None))
        .order_by(Student.class_id, Student.seat_number)
    )


async def pick_child(session: AsyncSession, played: Collection[int], wanted: int | None) -> Student:
    """The wanted child, or the first. Raises LookupError when it is not one to choose."""
    children = _choosable(played)
    if wanted is not None:
        children = children.where(Student.id == wanted)
    found = await session.scalar(children.limit(1))
    if found is None:
        raise LookupError("no such child on the page")
    return found


async def free_child(session: AsyncSession, played: Collection[int], wanted: int | None, taken: Collection[int]) -> Student | None:
    """The wanted child where it has had no case, else the first such classmate of one of the played classes."""
    had = exists().where(CaseFile.student_id == Student.id)
    first = await pick_child(session, played, wanted)
    rooms = [*played, first.class_id] if first.class_id is not None else played
    free = _choosable(rooms).where(~had, Student.id.not_in(taken))
    return await session.scalar(
        free.order_by(None).order_by(Student.id != first.id, Student.class_id != first.class_id, Student.seat_number).limit(1)
    )


async def picker(session: AsyncSession, played: Collection[int], words: Words) -> list[dict[str, Any]]:
    """Groups of (id, label), in the order in which they are offered."""
    states = await _case_states(session)
    rooms = await _rooms(session, played)
    groups: dict[str, list[dict[str, Any]]] = {
        words.ui("open_cases"): [],
        **{name: [] for name in rooms.values()},
        words.ui("closed_cases"): [],
    }
    for child in await session.scalars(_choosable(played)):
        state = states.get(child.id)
        group = words.ui(f"{state}_cases") if state else rooms[child.class_id or 0]
        seat = f"{child.seat_number} " if child.seat_number is not None else ""
        groups[group].append({"id": child.id, "label": f"{seat}{child.name}"})
    return [{"group": name, "children": children} for name, children in groups.items() if children]


async def _case_states(session: AsyncSession) -> dict[int, str]:
    """Child → state of the newest case."""
    found = await session.execute(select(CaseFile.student_id, CaseFile.state).order_by(CaseFile.id))
    return dict(found.all())


async def _rooms(session: AsyncSession, played: Collection[int]) -> dict[int, str]:
    """Class → township, school and class, as they are called."""
    query = (
        select(SchoolClass.id, Area.name, School.name, SchoolClass.name)
        .join(School, School.id == SchoolClass.school_id)
        .join(Area, School.area_code.startswith(Area.code) & (Area.level == "township"))
        .where(SchoolClass.id.in_(tuple(played)))
        .order_by(SchoolClass.id)
    )
    rows = await session.execute(query)
    return {class_id: f"{school if school.startswith(town) else town + school} {room}" for class_id, town, school, room in rows}
