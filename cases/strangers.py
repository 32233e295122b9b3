"""Which county somebody belongs to whom nobody knows: by the place or school they name, else by who wrote to them last."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, literal, select, union_all

from cases.desk import Desk, desk_of_area
from cases.letter_numbers import county_of
from cases.responsible import CODE_LENGTH
from cases.support_words import support_words
from storage.tables import Area, Inbound, Message, School
from storage.work import Work

SHORTEST = 3
"""Characters of a name that counts: shorter ones are parts of too many words."""


async def desk_of_stranger(work: Work, inbound: Inbound) -> Desk:
    """The county's desk that reads this text: the one that it names, that wrote to its sender last, or the first of the tree."""
    county = await county_named(work, inbound.body) or inbound.area_code or await county_that_wrote(work, inbound.contact_id)
    return await desk_of_area(work, county_of(county)) if county else await county_desk(work)


async def county_named(work: Work, text: str) -> str | None:
    """The only county of a place or school that is named in the text; the longest name counts. None where it may be several."""
    said = literal("".join(text.split()))
    village = func.regexp_replace(Area.name, "村(民)?委(员)?会$", "村")
    queries = [_named(said, Area.name, Area.code), _named(said, village, Area.code), _named(said, School.name, School.area_code)]
    called = support_words().called_in_short(text)
    queries.append(select(Area.name, Area.code).where(Area.name.in_(called)))
    found = (await work.session.execute(union_all(*queries))).all()
    return _only((name, county_of(code)) for name, code in found if len(code) >= CODE_LENGTH["county"])


def _named(said: ColumnElement[str], name: SQLColumnExpression[str], code: SQLColumnExpression[str]) -> Select[str, str]:
    return select(name, code).where(func.length(name) >= SHORTEST, func.strpos(said, name) > 0)


def _only(found: Iterable[tuple[str, str]]) -> str | None:
    """Of each length of name the counties; a shorter one only tells apart what a longer one leaves open."""
    left: set[str] = set()
    for _, same in groupby(sorted(found, key=lambda one: -len(one[0])), key=lambda one: len(one[0])):
        counties = {county for _, county in same}
        left = left & counties or left or counties
        if len(left) == 1:
            return left.pop()
    return None


async def county_that_wrote(work: Work, contact_id: int | None) -> str | None:
    """The county in whose name this contact was last written to."""
    of_county = func.length(Message.area_code) >= CODE_LENGTH["county"]
    query = (
        select(Message.area_code)
        .where(Message.contact_id == contact_id, of_county)
        .order_by(Message.queued_at.desc(), Message.id.desc())
        .limit(1)
    )
    area = await work.session.scalar(query)
    return county_of(area) if area is not None else None


async def county_desk(work: Work) -> Desk:
    """The first county of the tree, else its top: where nothing tells which area a text belongs to."""
    first = await work.session.scalar(select(Area.code).where(Area.level == "county").order_by(Area.code).limit(1))
    top = await work.session.scalar(select(Area.code).order_by(Area.code).limit(1))
    return await desk_of_area(work, first or top or "")
