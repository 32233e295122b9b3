"""A sheet is changed after it was sent: whoever is there is left alone, and the receipt names all who are absent."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import Absence, Student
from tests.stories.county import County

PUPILS = {"father": "马小龙", "mother": "马小虎", "grandmother": "马小云"}


@pytest.fixture
async def school(county: County) -> County:
    await county.begin("2026-11-02 07:00")
    for seat, (guardian, name) in enumerate(PUPILS.items(), start=1):
        await county.student(name, guardians=[guardian], seat=seat)
    for seat, given in enumerate("甲乙丙丁戊己庚辛壬", start=4):
        await county.student(f"韩{given}", seat=seat)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].new()
    return county


async def absent(county: County) -> list[int]:
    async with county.database.session() as session:
        query = select(Student.seat_number).join(Absence, Absence.student_id == Student.id)
        found = await session.scalars(query.where(Absence.state.in_(("absent", "excused"))).order_by(Student.seat_number))
        return [seat for seat in found if seat is not None]


async def send(county: County, *texts: str) -> None:
    for text in texts:
        await county.phones["class_teacher"].new()
        await county.phones["class_teacher"].replies(text)


@pytest.mark.parametrize("text", ["更正 1到了", "更正：1到了", "写错了，1到了", "不对，1到了", "1报错了", "更正：全到"])
async def test_a_child_that_was_named_by_mistake(school: County, text: str) -> None:
    await send(school, "1")
    await school.stage.advance(minutes=5)
    await school.phones["father"].expects("小龙")
    await send(school, text)
    await school.phones["class_teacher"].expects("马小龙到了，现全到")
    await school.phones["father"].expects("小龙")
    assert await absent(school) == []


@pytest.mark.parametrize(
    ("text", "seats", "receipt"),
    [
        ("不是1，是2", [2], "马小龙到了，加上马小虎，现缺勤马小虎"),
        ("不对，是2号4号", [2, 4], "现缺勤马小虎、韩甲"),
        ("只有3没来", [3], "现缺勤马小云"),
        ("就3没来", [3], "现缺勤马小云"),
        ("写错了，应该是2", [2], "现缺勤马小虎"),
    ],
)
async def test_another_was_meant(school: County, text: str, seats: list[int], receipt: str) -> None:
    await send(school, "1")
    await school.stage.advance(minutes=5)
    await school.phones["father"].expects("小龙")
    await send(school, text)
    await school.phones["class_teacher"].expects(receipt)
    await school.phones["father"].expects("小龙")
    assert await absent(school) == seats
    await school.to("2026-11-02 19:00")
    await school.phones["father"].expects_nothing()


async def test_one_more_is_added_and_all_are_named(school: County) -> None:
    await send(school, "1", "2")
    await school.phones["class_teacher"].expects("加上马小虎，现缺勤马小龙、马小虎", "马小龙已在跟进", "马小虎家长马上会收到询问")
    assert await absent(school) == [1, 2]
    await send(school, "只有3没来")
    await school.phones["class_teacher"].expects("马小龙、马小虎到了，加上马小云，现缺勤马小云")
    assert await absent(school) == [3]
    await school.stage.advance(minutes=5)
    await school.phones["father"].expects_nothing()
    await school.phones["mother"].expects_nothing()
    await school.phones["grandmother"].expects("小云")


@pytest.mark.parametrize(("pick", "seats"), [("1", [2]), ("2", [1, 2])])
async def test_a_correction_that_may_mean_two_things_is_asked_back(school: County, pick: str, seats: list[int]) -> None:
    await send(school, "1", "更正：2没来")
    await school.phones["class_teacher"].expects("1只有马小虎", "2马小龙、马小虎都没到", "序号")
    assert await absent(school) == [1]
    await send(school, pick)
    await school.phones["class_teacher"].expects("现缺勤")
    assert await absent(school) == seats


async def test_sick_by_mistake_is_there_by_the_list_that_replaces_it(school: County) -> None:
    await send(school, "1病 2", "只有2没来")
    await school.phones["class_teacher"].expects("马小龙到了，现缺勤马小虎", "已在跟进")
    assert await absent(school) == [2]
