"""A child of school age that no school has: it is found, read and listed like every other."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from cases.aid import request_aid
from cases.aid_register import aid_rows
from cases.notice_papers import notice_papers
from storage.tables import CaseFile, Notice, Student
from storage.work import working
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County

__all__ = ["county"]


@pytest.fixture
async def unplaced(county: County) -> County:
    """Ten days away, with a notice; then no school has the child any more."""
    await county.begin("2026-11-02 08:25")
    await county.student("马小龙", guardians=["father"])
    await county.others(2)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-05 12:01")
    child = county.students["马小龙"]
    async with working(county.database, await county.stage.now()) as work:
        await request_aid(work, await work.session.get_one(Student, child), await work.session.scalar(select(CaseFile)))
        nowhere = {"school_id": None, "class_id": None}
        await work.session.execute(update(CaseFile).values(nowhere))
        await work.session.execute(update(Student).where(Student.id == child).values(nowhere))
    return county


async def test_the_console_shows_it(unplaced: County) -> None:
    officer = await Officer(unplaced, console_of(unplaced)).enters("county_officer")
    case = await unplaced.case("马小龙")
    found = await officer.looks_for("/students", q="马小龙")
    for path in ("/ledger?state=all", found, f"/students/{case.student_id}", f"/cases/{case.id}"):
        page = await officer.sees(path)
        assert "马小龙" in page, path
        assert "None" not in page, path


async def test_its_aid_and_its_notices_are_listed(unplaced: County) -> None:
    async with working(unplaced.database, await unplaced.stage.now()) as work:
        (row,) = await aid_rows(work.session, "622926")
        assert (row.student, row.school) == ("马小龙", "")
        assert len(await notice_papers(work, state="all")) == len(list(await work.session.scalars(select(Notice)))) > 0
