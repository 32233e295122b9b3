"""Years later: what is personal of a child and its family is gone from every table; what was counted and the record are not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text, update

from cases.record import broken_seals
from scheduler.ticks import run_daily
from storage.database import Database
from storage.tables import Base, CaseFile, EnrolmentEvent, SavedView, Student
from storage.work import working
from tests.stories.county import County

CHILD, FATHER = "马赛龙", "马克勤"
SIBLING = "马赛凤"
BEGUN = datetime(2026, 11, 2, 1, tzinfo=UTC)
EVE = datetime(2032, 11, 4, 19, 31, tzinfo=UTC)
GROWN, NIGHT = datetime(2032, 11, 5, 19, 31, tzinfo=UTC), datetime(2032, 11, 6, 19, 31, tzinfo=UTC)


async def _lived(county: County) -> None:
    """A case from the first absence to strike-off, with words of everybody's."""
    await county.begin("2026-11-02 07:00")
    await county.person("father", FATHER)
    await county.student(CHILD, guardians=["father"])
    await county.others(4)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies(CHILD)
    await county.to("2026-11-02 08:40")
    await county.phones["father"].replies("赛龙明天回学校")
    for day in (3, 4, 5):
        await county.to(f"2026-11-0{day} 08:31")
        await county.phones["class_teacher"].replies("0")
    assert (await county.case(CHILD)).state == "closed"
    await _born(county, CHILD, date(2013, 5, 1))
    async with county.database.session() as session, session.begin():
        looked_for = {"q": CHILD, "late": True}
        session.add(SavedView(person_id=county.people["principal"], page="ledger", name="1", filters=looked_for, saved_at=BEGUN))


async def _born(county: County, name: str, on: date) -> None:
    async with county.database.session() as session, session.begin():
        await session.execute(update(Student).where(Student.id == county.students[name]).values(birth_date=on))


async def _found(database: Database, *words: str) -> set[str]:
    """Tables that hold one of these words anywhere, also inside JSON; queues hold ids only."""
    found = set()
    async with database.session() as session:
        for table in Base.metadata.tables.values():
            like = " or ".join(f"one::text like '%{word}%'" for word in words)
            if await session.scalar(text(f'select count(*) from "{table.name}" one where {like}')):
                found.add(table.name)
    return found


async def test_nothing_personal_is_left_three_years_after_compulsory_age(county: County, owner: Database) -> None:
    await _lived(county)
    await _born(county, CHILD, date(2013, 11, 6))
    await run_daily(county.database, EVE)  # this month's old texts go; those of a child whose time is not over stay
    assert {"student", "message", "inbound", "person"} <= await _found(owner, "赛龙", FATHER)
    before = await _counts(owner)

    await run_daily(county.database, GROWN)

    assert await _found(owner, "赛龙", FATHER) == set()
    number = county.phones["father"].number
    assert await _found(owner, county.cipher.index(number).hex()) == set()
    assert await _counts(owner) == before
    case = await county.case(CHILD)
    assert (case.state, case.exit) == ("closed", "returned")
    async with working(county.database, GROWN) as work:
        assert await broken_seals(work) == []
    await run_daily(county.database, NIGHT)
    assert (await county.case(CHILD)).id == case.id


async def _counts(database: Database) -> dict[str, Any]:
    """What ledger, rates and deliveries count."""
    async with database.session() as session:
        return {
            name: await session.scalar(text(f'select count(*) from "{name}"'))
            for name in ("student", "case_file", "absence", "message", "inbound", "guardian_answer", "task", "attendance_sheet")
        }


@pytest.mark.long
async def test_who_has_something_open_or_is_too_young_is_left_alone(county: County, owner: Database) -> None:
    await _lived(county)
    await run_daily(county.database, datetime(2032, 4, 29, 19, 31, tzinfo=UTC))
    assert "student" in await _found(owner, CHILD)

    async with county.database.session() as session, session.begin():
        await session.execute(update(CaseFile).values(state="open"))
    await run_daily(county.database, GROWN)
    assert "student" in await _found(owner, CHILD)


async def test_a_child_without_a_birthday_counts_as_six_when_first_heard_of(county: County, owner: Database) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student(CHILD)
    async with county.database.session() as session, session.begin():
        await session.execute(update(Student).values(birth_date=None))
        session.add(EnrolmentEvent(student_id=county.students[CHILD], kind="enrolled", at=BEGUN, facts={}))

    await run_daily(county.database, datetime(2039, 11, 1, 19, 31, tzinfo=UTC))  # thirteen years later, but for a day
    assert "student" in await _found(owner, CHILD)
    await run_daily(county.database, datetime(2039, 11, 3, 19, 31, tzinfo=UTC))
    assert await _found(owner, CHILD) == set()


@pytest.mark.long
async def test_a_father_stays_known_for_the_younger_child(county: County, owner: Database) -> None:
    await _lived(county)
    await county.student(SIBLING, guardians=["father"])
    await _born(county, SIBLING, date(2019, 2, 1))
    await run_daily(county.database, GROWN)
    assert await _found(owner, "赛龙") == set()
    assert await _found(owner, FATHER) == {"person"}
    assert "guardianship" in await _found(owner, f"({county.students[SIBLING]},{county.people['father']},")


@pytest.mark.long
async def test_old_texts_of_no_childs_case_go_and_a_living_childs_stay(county: County, owner: Database) -> None:
    await _lived(county)
    await _born(county, CHILD, date(2019, 5, 1))
    await run_daily(county.database, GROWN)
    left = await _found(owner, "赛龙")
    assert {"student", "message"} <= left
    async with owner.session() as session:
        assert await session.scalar(text("select count(*) from message where template = 'daily_sheet' and body <> ''")) == 0
        assert await session.scalar(text("select count(*) from message where template = 'absence_question' and body = ''")) == 0
