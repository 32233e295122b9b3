"""Names of places and people, as they are called and looked for."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.responsible import Place
from storage.tables import Area, Person, School, SchoolClass, Student

DOUBLE_SURNAMES = frozenset({"欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "司徒", "夏侯"})


def given_name(name: str, ethnicity: str | None) -> str:
    """What a family calls the child: without the surname, where there is one and at least two characters are left."""
    if ethnicity and ethnicity.startswith("藏"):
        return name
    first, dot, _ = name.partition("·")
    if dot:
        return first
    given = name[2:] if name[:2] in DOUBLE_SURNAMES else name[1:]
    return given if len(given) > 1 else name


async def place_name(session: AsyncSession, place: Place) -> str:
    """School and class where there are any, else the area's name."""
    if place.school_id is None:
        area = await session.get(Area, place.area_code)
        return area.name if area is not None else place.area_code
    school = await session.get_one(School, place.school_id)
    room = await session.get_one(SchoolClass, place.class_id) if place.class_id is not None else None
    return school.name + (room.name if room is not None else "")


async def area_path(session: AsyncSession, code: str) -> str:
    """The names of an area and of those above it, from the county down."""
    codes = [code[:length] for length in (6, 9, 12) if len(code) >= length]
    names = {found.code: found.name for found in await session.scalars(select(Area).where(Area.code.in_(codes)))}
    return "".join(names.get(part, "") for part in codes)


async def area_names(session: AsyncSession, codes: Collection[str]) -> dict[str, str]:
    """Code → name."""
    return {found.code: found.name for found in await session.scalars(select(Area).where(Area.code.in_(codes)))}


def named(table: type[Person] | type[Student], said: str) -> ColumnElement[bool]:
    """Whose name holds these characters, or whose pinyin begins like this, with or without blanks."""
    plain = said.strip()
    pinyin = func.replace(table.name_pinyin, " ", "").startswith(plain.lower().replace(" ", ""), autoescape=True)
    return or_(table.name.contains(plain, autoescape=True), pinyin)
