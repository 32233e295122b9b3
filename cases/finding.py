"""Children, people and places as somebody looks for them: by name, pinyin, case number or telephone.

A condition on a name may use no index under row-level security, as it could tell of rows that are not seen. So the ids are found without
it, within what the caller may see, and the rows are then read as the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from pypinyin import Style, lazy_pinyin
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.imports.phones import read_phones
from cases.names import named
from cases.responsible import in_force
from storage.crypto import Cipher
from storage.tables import Area, CaseFile, Contact, Guardianship, Person, PersonContact, Responsibility, School, Student
from storage.work import Work


@dataclass(frozen=True)
class FoundPlace:
    """An area, or a school of it."""

    name: str
    area_code: str
    school_id: int | None = None


async def children_found(work: Work, cipher: Cipher, said: str, within: ColumnElement[bool], *, most: int) -> list[int]:
    """Ids of at most so many children: by a telephone of their family, else by name, pinyin or the end of a case number."""
    if indexes := _phones(cipher, said):
        family = select(Guardianship.student_id).where(Guardianship.person_id.in_(_people_at(indexes)))
        return await _ids(work, select(Student.id).where(Student.id.in_(family), within), most)
    numbered = select(CaseFile.student_id).where(CaseFile.number.endswith(said, autoescape=True))
    ways = [
        Student.id.in_(numbered), Student.name.startswith(said, autoescape=True),
        Student.name_pinyin.startswith(said.lower().replace(" ", ""), autoescape=True),
    ]  # fmt: skip
    if not said.isascii():
        ways.append(Student.name.contains(said, autoescape=True))  # reads every name: asked last, and not of pinyin
    found: list[int] = []
    for condition in ways:
        if len(found) < most:
            new = await _ids(work, select(Student.id).where(condition, within), most)
            found = list(dict.fromkeys([*found, *new]))[:most]
    return found


async def _ids(work: Work, query: Select[int], most: int) -> list[int]:
    return list(await work.session.scalars(query.limit(most)))


def _phones(cipher: Cipher, said: str) -> list[bytes]:
    return [cipher.index(number) for number in read_phones(said).good]


def _people_at(indexes: Sequence[bytes]) -> Select[int]:
    return (
        select(PersonContact.person_id)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(Contact.address_index.in_(indexes), PersonContact.retired_reason.is_(None))
    )


async def posts_found(work: Work, cipher: Cipher, said: str, on: date, within: ColumnElement[bool], *, most: int) -> list[int]:
    """Ids of at most so many posts (responsibilities) whose holder has this telephone, name or pinyin."""
    indexes = _phones(cipher, said)
    who = Person.id.in_(_people_at(indexes)) if indexes else named(Person, said)
    query = select(Responsibility.id).join(Person, Person.id == Responsibility.person_id).where(who, within, *in_force(on))
    return await _ids(work, query.order_by(func.length(Responsibility.area_code), Responsibility.id), most)


async def places_found(session: AsyncSession, said: str, area_code: str, *, most: int) -> list[FoundPlace]:
    """Areas and schools from this area down: by a part of the name, the beginning of its pinyin or of its initials, or the code."""
    areas = select(Area.name, Area.code, Area.code).where(Area.code.startswith(area_code)).order_by(Area.code)
    schools = select(School.name, School.area_code, School.code, School.id).where(School.area_code.startswith(area_code))
    rows: list[Any] = [*await session.execute(areas), *await session.execute(schools.order_by(School.area_code, School.code))]
    plain = said.lower().replace(" ", "")
    found = [FoundPlace(row[0], row[1], row[3] if len(row) > 3 else None) for row in rows if _is_called(row[0], row[2], plain)]
    return found[:most]


def _is_called(name: str, code: str, said: str) -> bool:
    return said in name.lower() or said == code or any(spoken.startswith(said) for spoken in _spoken(name))


@lru_cache(maxsize=20_000)
def _spoken(name: str) -> tuple[str, str]:
    """(pinyin, its initials)."""
    return "".join(lazy_pinyin(name)).lower(), "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()
