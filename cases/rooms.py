"""A class as somebody names it in a message or on the command line."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from cases.enrolment_words import NotTaken
from cases.imports.classes import read_class, school_year
from cases.imports.texts import Unreadable, squeezed
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import School, SchoolClass
from storage.work import Work


async def room_named(work: Work, plan: Plan, text: str, schools: Sequence[School]) -> SchoolClass:
    """The one class of these schools that the text names. Raises NotTaken: no_class, other_class."""
    said = squeezed(text).replace("（", "(").replace("）", ")")
    query = select(SchoolClass).where(SchoolClass.school_id.in_([school.id for school in schools])).order_by(SchoolClass.id)
    rooms = list(await work.session.scalars(query))
    named = [room for room in rooms if room.name in said] or _read(plan, work, said, schools, rooms)
    if len(named) == 1:
        return named[0]
    if not said or named:
        raise NotTaken("no_class", example=rooms[0].name if rooms else "三(2)班")
    raise NotTaken("other_class", said=text.strip())


def _read(plan: Plan, work: Work, said: str, schools: Sequence[School], rooms: Sequence[SchoolClass]) -> list[SchoolClass]:
    year = school_year(Calendar(plan).day_of(work.now))
    found: list[SchoolClass] = []
    for school in schools:
        try:
            name, _ = read_class(None, said, stage=school.stage, year=year)
        except Unreadable:
            continue
        found += [room for room in rooms if (room.school_id, room.grade, room.number) == (school.id, name.grade, name.number)]
    return found
