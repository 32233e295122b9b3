"""More classes and boarders for stories about teachers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import update

from storage.tables import Responsibility, School, SchoolClass, Student
from tests.stories.county import County

VILLAGE = "622926100201"


async def room(county: County, number: str, names: Iterable[str], *, teacher: str = "class_teacher", grade: int = 3) -> int:
    """Another class of the school, with its pupils in their seats from 1 on, taught by somebody who is there already."""
    async with county.database.session() as session, session.begin():
        added = SchoolClass(school_id=county.school_id, grade=grade, number=number, name=f"三({number})班", area_code=VILLAGE)
        session.add(added)
        await session.flush()
        session.add(
            Responsibility(
                person_id=county.people[teacher],
                role="class_teacher",
                area_code=VILLAGE,
                valid_from=date(2026, 1, 1),
                school_id=county.school_id,
                class_id=added.id,
            )
        )
        for seat, name in enumerate(names, start=1):
            pupil = Student(
                register_index=f"{number}-{seat}".encode(), register_number_encrypted=b"x", name=name, name_pinyin=name, seat_number=seat,
                school_id=county.school_id, class_id=added.id, area_code=VILLAGE, school_area_code=VILLAGE,
            )  # fmt: skip
            session.add(pupil)
            await session.flush()
            county.students[name] = pupil.id
        return added.id


async def board(county: County, names: Iterable[str]) -> None:
    """The school takes boarders, and these are some."""
    async with county.database.session() as session, session.begin():
        await session.execute(update(School).values(boarding=True))
        await session.execute(update(Student).where(Student.id.in_([county.students[name] for name in names])).values(boarder=True))


async def answer_sheet(county: County, day: str, answer: str) -> None:
    """The class teacher's answer to the sheet of this day."""
    await county.to(f"{day} 08:31")
    await county.phones["class_teacher"].replies(answer)
