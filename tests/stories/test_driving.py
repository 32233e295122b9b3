"""Officers answer from the road: two codes in one text, a name instead of a number, no code at all, thanks."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from storage.tables import Contact, Responsibility
from tests.stories.county import County
from tests.stories.staff import at_the_third_level


@pytest.fixture
async def asked(county: County) -> County:
    return await at_the_third_level(county)


async def test_one_text_answers_one_task_and_a_child_is_found_by_its_name(asked: County) -> None:
    """The same person answers for the school and for the village."""
    principal = asked.phones["principal"]
    async with asked.database.session() as session, session.begin():
        session.add(
            Responsibility(
                person_id=asked.people["principal"], role="village_committee", area_code="622926100201", valid_from=date(2026, 1, 1)
            )
        )
    contact, visit = await asked.task("principal_contact"), await asked.task("home_visit")
    await asked.phones["village_committee"].replies(f"{visit.code} 2 王校长")
    await principal.expects("入户家访")
    for words in (f"{contact.code} 1，{visit.code} 1", f"{contact.code} 3 见到家长 {visit.code} 收到"):
        await principal.replies(words)
        await principal.expects("一条短信请只写一个代号")
    assert {task.state for task in await asked.tasks() if task.level == 3} == {"open"}
    number = (await asked.case("马小龙")).number
    for words in ("查 马小龙", "查小龙"):
        await principal.replies(words)
        await principal.expects(number, "3级")
    await principal.replies("查 马小虎")
    await principal.expects("没有查到您负责区域内这个名字的台账")
    await asked.phones["department_liaison"].replies("查 马小龙")  # it sees only what was sent to it
    assert number not in await asked.phones["department_liaison"].expects("没有查到")


async def test_without_a_code_the_only_step_is_under_way_or_told_and_thanks_trouble_nobody(asked: County) -> None:
    village = asked.phones["village_committee"]
    await village.new()
    await village.replies("谢谢领导，辛苦了")
    await village.expects_nothing()
    async with asked.database.session() as session:
        index = asked.cipher.index(village.number)
        assert await session.scalar(select(Contact.misses).where(Contact.address_index == index)) == 0
    await village.replies("我在路上了")
    await village.expects("入户家访并记录情况由您办")
    assert (await asked.task("home_visit")).state == "acknowledged"
    await village.replies("今天跑了一趟家里就奶奶一个人在奶奶说娃跟他爸去新疆摘棉花了")
    await village.expects("办好了")
