"""Numbers of a county's letters, without gaps."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from cases.names import area_names
from cases.responsible import CODE_LENGTH
from cases.support_words import support_words
from storage.tables import LetterCounter
from storage.work import Work


def county_of(area_code: str) -> str:
    """The county of an area; the area itself where it lies above."""
    return area_code[: CODE_LENGTH["county"]]


async def next_number(work: Work, kind: str, area_code: str, year: int) -> str:
    """The next number of this kind in the area's county: see templates/support.yaml, numbers."""
    county = county_of(area_code)
    counter = insert(LetterCounter).values(area_code=county, kind=kind, year=year, last=1)
    counter = counter.on_conflict_do_update(index_elements=["area_code", "kind", "year"], set_={"last": LetterCounter.last + 1})
    last = (await work.session.execute(counter.returning(LetterCounter.last))).scalar_one()
    name = (await area_names(work.session, [county])).get(county, county)
    return support_words().number(kind, county, name, year, last)
