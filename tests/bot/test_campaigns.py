"""A campaign is written in one statement, and said once to each family."""

from __future__ import annotations

from sqlalchemy import select

from cases.campaigns import compose
from storage.tables import Consent, Guardianship, Intent, Message, Student
from storage.work import working
from tests.bot.world import AREA, NOW, World


async def _guardian(world: World, phone: str, **link: object) -> int:
    person = await world.person(phone)
    async with world.database.session() as session, session.begin():
        session.add(Guardianship(student_id=world.student_id, person_id=person, relation="father", **link))
    return person


async def _compose(world: World, area_code: str = "6229") -> int:
    async with working(world.database, NOW) as work:
        return await compose(work, "law-month", "publicity", {"say": "免费"}, area_code=area_code)


async def test_everybody_under_the_area_once_and_only_those(world: World) -> None:
    await _guardian(world, "+8613893010001")
    await _guardian(world, "+8613893010002", no_contact=True)
    await _guardian(world, "+8613893010003", is_guardian=False)
    assert await _compose(world, "6230") == 0
    assert await _compose(world) == 1
    assert await _compose(world) == 0
    later = await _guardian(world, "+8613893010004")
    assert await _compose(world, AREA) == 1
    assert (await world.all(select(Intent.person_id).order_by(Intent.id)))[-1] == later


async def test_a_child_that_left_brings_no_publicity(world: World) -> None:
    await _guardian(world, "+8613893010001")
    await world.change(Student, world.student_id, status="transferred")
    assert await _compose(world) == 0


async def test_it_leaves_as_publicity_and_respects_a_refusal(world: World) -> None:
    await world.sender()
    first, second = await _guardian(world, "+8613893010001"), await _guardian(world, "+8613893010002")
    await _compose(world)
    async with world.database.session() as session, session.begin():
        session.add(Consent(person_id=second, kind="publicity", given=False, at=NOW, source="reply"))
    await world.worker().drain(NOW)
    assert await world.all(select(Message.person_id)) == [first]
    assert await world.all(select(Message.urgency)) == ["bulk"]
