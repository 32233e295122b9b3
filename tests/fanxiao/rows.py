"""Rows as the product would have written them, for days that nobody wants to play hour by hour."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from sqlalchemy import select

from storage.tables import Absence, AttendanceSheet, Base, CaseFile, Event, PlanVersion, School, SchoolClass, Student
from tests.stories.county import ZONE, County

Row = TypeVar("Row", bound=Base)


def at(on: date, hour: int = 9) -> datetime:
    """A local hour."""
    return datetime.combine(on, time(hour), ZONE).astimezone(UTC)


async def rows(county: County, query: Any) -> list[Any]:
    """What a query finds, as it was written."""
    async with county.database.session() as session:
        return list((await session.scalars(query)).all())


async def put(county: County, row: Row) -> Row:
    async with county.database.session() as session, session.begin():
        session.add(row)
        await session.flush()
        session.expunge(row)
    return row


async def add_school(county: County, code: str, name: str, area: str, grades: Collection[int]) -> dict[int, int]:
    """Grade → its only class."""
    school = await put(county, School(code=code, name=name, stage="nine_year", area_code=area))
    rooms = [SchoolClass(school_id=school.id, grade=grade, number="1", name=f"{grade}年级1班", area_code=area) for grade in grades]
    return {room.grade: (await put(county, room)).id for room in rooms}


async def add_pupils(county: County, class_id: int, count: int, prefix: str, born: date | None = None) -> list[int]:
    """Children on a class's roll; their ids."""
    async with county.database.session() as session, session.begin():
        room = await session.get_one(SchoolClass, class_id)
        pupils = [
            Student(
                register_index=f"{prefix}{number}".encode(), register_number_encrypted=b"x", name=f"{prefix}{number}",
                name_pinyin=prefix, school_id=room.school_id, class_id=class_id, area_code=room.area_code,
                school_area_code=room.area_code, birth_date=born, seat_number=number + 1,
            )
            for number in range(count)
        ]  # fmt: skip
        session.add_all(pupils)
        await session.flush()
        return [pupil.id for pupil in pupils]


async def add_sheet(county: County, class_id: int, on: date, absent: Collection[int] = (), state: str = "answered") -> None:
    """A class's sheet of a day; those who were absent."""
    async with county.database.session() as session, session.begin():
        room = await session.get_one(SchoolClass, class_id)
        sheet = AttendanceSheet(
            class_id=class_id, school_id=room.school_id, area_code=room.area_code, on=on, state=state, enrolled=10, asked_at=at(on, 8),
            answered_at=at(on) if state == "answered" else None,
        )  # fmt: skip
        session.add(sheet)
        await session.flush()
        session.add_all(
            Absence(student_id=child, on=on, sheet_id=sheet.id, area_code=room.area_code, state="absent", recorded_at=at(on))
            for child in absent
        )


async def add_case(county: County, student_id: int, on: date, **columns: Any) -> CaseFile:
    """A case of a child that was first absent that day; opened by an event, as they are."""
    async with county.database.session() as session:
        student = await session.get_one(Student, student_id)
        plan = await session.scalar(select(PlanVersion.id))
    columns = {"state": "open", "level": 1, "opened_at": at(on), **columns}
    row = CaseFile(
        number=f"622926-2026-{student_id:05d}", student_id=student_id, school_id=student.school_id, class_id=student.class_id,
        area_code=student.area_code, school_area_code=student.school_area_code, plan_version_id=plan, first_absent_on=on, **columns,
    )  # fmt: skip
    case = await put(county, row)
    await add_event(county, case, "case_opened", at(on), on=on.isoformat())
    return case


async def add_event(county: County, case: CaseFile, action: str, moment: datetime, **facts: Any) -> None:
    event = Event(
        at=moment, actor="system", action=action, subject=f"case:{case.id}", area_code=case.area_code, case_id=case.id, facts=facts
    )
    await put(county, event)
