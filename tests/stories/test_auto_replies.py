"""Who is answered how often: people as often as they write, machines until they are known for one. All is read and acted on."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from storage.tables import Absence, Contact, Event, Inbound, Task
from tests.stories.classes import room
from tests.stories.county import County, Phone, local

STRANGER = "+8613999999999"
MACHINE = "【自动回复】您好，我正在开车，稍后与您联系"


@pytest.fixture
async def morning(county: County) -> County:
    await county.begin("2026-11-02 08:00")
    await county.student("马小龙", guardians=["father"])
    return county


async def _outcomes(county: County) -> list[str | None]:
    async with county.database.session() as session:
        return list(await session.scalars(select(Inbound.outcome).order_by(Inbound.id)))


async def _told(county: County) -> list[Task]:
    return [task for task in await county.tasks() if task.key.startswith("loop:")]


async def test_an_officer_is_answered_however_many_orders_come_in_a_row(morning: County) -> None:
    """Also where eight of them are refused in the same words, and where silence was noted for the phone before."""
    officer = morning.phones["county_officer"]
    async with morning.database.session() as session, session.begin():
        await session.execute(update(Contact).values(silent_until=local("2026-11-02 09:00")))
    for code in ("A2", "B3", "C4", "D5", "E6", "F7", "G8", "H9"):
        await officer.replies(f"{code} 3 已办")
        assert len(await officer.new()) == 1, code
    for order in ("我的待办",) * 6:
        await officer.replies(order)
        assert len(await officer.new()) == 1, order
    assert await _told(morning) == []


async def test_a_teacher_of_eight_classes_is_told_of_each_sheet(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙")
    for number in range(3, 10):
        await room(county, str(number), [f"祁{number}甲"])
    await county.to("2026-11-02 08:32")
    teacher = county.phones["class_teacher"]
    await teacher.new()
    for number in range(2, 10):
        await teacher.replies(f"三{number}班 1")
        assert f"三({number})班" in "".join(await teacher.new()), number
    async with county.database.session() as session:
        assert len((await session.scalars(select(Absence.id))).all()) == 8


async def test_a_telephone_that_answers_by_itself_is_answered_three_times_and_read_all_the_same(morning: County) -> None:
    stranger = Phone(morning, STRANGER)
    for _ in range(7):
        await stranger.replies(MACHINE)
        await morning.stage.advance(minutes=1)
    assert len(await stranger.new()) <= 3
    assert len(await _outcomes(morning)) == 7
    assert None not in await _outcomes(morning)


async def test_a_family_that_floods_is_silenced_but_what_it_answers_counts(morning: County) -> None:
    """Seven different texts in a row silence the phone; the answer to our question is acted on and confirmed, danger raises its alarm."""
    father = morning.phones["father"]
    for word in ("退订", "恢复订阅", "TD", "START", "STOP", "恢复", "td", "stop"):
        await father.replies(word)
    assert len(await father.new()) == 5
    assert (await _outcomes(morning))[-2:] == ["opt_out", "opt_out"]
    assert len(await _told(morning)) == 1
    async with morning.database.session() as session:
        assert (await session.scalars(select(Event).where(Event.action == "loop_stopped"))).one()
    await morning.to("2026-11-02 08:31")
    await morning.phones["class_teacher"].replies("1")
    await father.expects("小龙")
    await father.replies("2")
    assert (await _outcomes(morning))[-1] not in {None, "failed"}
    assert await father.new()
    await father.replies("娃被人打了，流血了")
    assert any(task.kind == "safety" for task in await morning.tasks())
