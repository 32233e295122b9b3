"""Several children of one family, several steps of one officer: one message, and everything in it counts once."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, update

from cases.consents import keep_refusals
from cases.tasks import alert
from storage.tables import Consent, GuardianAnswer, Intent, Question, School, Student, Task
from storage.work import working
from tests.stories.county import County, Phone


@pytest.fixture
async def siblings(county: County) -> County:
    """Two children of one father were missing this morning, and he has been asked."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("马阿依莎", guardians=["father"])
    await county.others(8)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1 2")
    await county.stage.advance(minutes=5)
    return county


async def _answers(county: County) -> dict[int, str]:
    async with county.database.session() as session:
        rows = await session.scalars(select(GuardianAnswer).where(GuardianAnswer.undone_at.is_(None)))
        return {row.student_id: row.intent for row in rows}


async def test_a_family_is_asked_about_all_its_children_in_one_message(siblings: County) -> None:
    (text,) = await siblings.phones["father"].new()
    assert "小龙" in text
    assert "阿依莎" in text
    async with siblings.database.session() as session:
        asked = list(await session.scalars(select(Question).where(Question.kind == "absence", Question.state == "open")))
    assert len({question.student_id for question in asked}) == 2
    assert len({question.message_id for question in asked}) == 1
    assert text.endswith("学校电话0930-7120001")


async def test_each_school_of_the_family_can_be_called(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    second = await county.student("马阿依莎", guardians=["father"])
    await county.others(8)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1 2")
    async with county.database.session() as session, session.begin():
        school = School(code="2162000002", name="锁南初中", stage="junior", area_code="622926100201", phone="0930-7120002")
        session.add(school)
        await session.flush()
        (await session.get_one(Student, second)).school_id = school.id
    await county.stage.advance(minutes=5)
    assert (await county.phones["father"].new())[0].endswith("学校电话0930-7120001、0930-7120002")


async def test_one_digit_answers_for_all_of_them(siblings: County) -> None:
    await siblings.phones["father"].new()
    await siblings.phones["father"].replies("1")
    text = await siblings.phones["father"].expects("小龙", "阿依莎", "生病")
    assert text.count("生病") == 2
    assert sorted((await _answers(siblings)).values()) == ["sick", "sick"]
    assert await siblings.phones["father"].new() == []


async def test_names_with_digits_answer_for_each(siblings: County) -> None:
    await siblings.phones["father"].new()
    await siblings.phones["father"].replies("小龙1，阿依莎3")
    await siblings.phones["father"].expects("小龙", "生病", "大概哪天能来上学")
    await siblings.phones["father"].expects("阿依莎", "11月3日送孩子到校")
    assert sorted((await _answers(siblings)).values()) == ["sick", "will_return"]


async def test_an_answer_for_one_leaves_the_other_open(siblings: County) -> None:
    await siblings.phones["father"].new()
    await siblings.phones["father"].replies("阿依莎生病了")
    assert list((await _answers(siblings)).values()) == ["sick"]
    async with siblings.database.session() as session:
        assert len(list(await session.scalars(select(Question).where(Question.kind == "absence", Question.state == "open")))) == 1


async def test_what_was_said_of_both_can_be_taken_back(siblings: County) -> None:
    await siblings.phones["father"].replies("1")
    await siblings.phones["father"].new()
    await siblings.phones["father"].replies("不对")
    await siblings.phones["father"].expects("已取消", "小龙", "阿依莎")
    assert await _answers(siblings) == {}
    await siblings.phones["father"].replies("明天送来")
    await siblings.phones["father"].expects("小龙", "阿依莎", "11月3日")
    assert sorted((await _answers(siblings)).values()) == ["will_return", "will_return"]


async def test_what_is_unclear_is_asked_back_once_about_both(siblings: County) -> None:
    await siblings.phones["father"].new()
    await siblings.phones["father"].replies("那个啥")
    await siblings.phones["father"].expects("没看明白", "小龙", "阿依莎")
    assert await siblings.phones["father"].new() == []
    await siblings.phones["father"].replies("1")
    assert sorted((await _answers(siblings)).values()) == ["sick", "sick"]


async def test_a_child_that_came_meanwhile_is_not_asked_about(county: County) -> None:
    """Both questions wait on the queue when one child turns out to be there: the other's still goes, alone."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("马阿依莎", guardians=["father"])
    await county.others(8)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1 2")
    await county.phones["class_teacher"].replies("2到了")
    await county.stage.advance(minutes=5)
    (text,) = await county.phones["father"].new()
    assert "小龙" in text
    assert "阿依莎" not in text


async def test_an_officer_gets_the_steps_of_several_children_in_one_list(siblings: County) -> None:
    await siblings.to("2026-11-03 08:31")
    await siblings.phones["class_teacher"].replies("1 2")
    await siblings.phones["village_committee"].new()
    await siblings.to("2026-11-03 12:01")
    text = await siblings.phones["village_committee"].expects("小龙", "阿依莎")
    async with siblings.database.session() as session:
        visits = list(await session.scalars(select(Task).where(Task.kind == "home_visit")))
        intents = list(await session.scalars(select(Intent).where(Intent.task_id.in_([task.id for task in visits]))))
    assert [task.code in text for task in visits] == [True, True]
    assert len({intent.message_id for intent in intents if intent.template == "escalation_alert"}) == 1
    await siblings.phones["village_committee"].replies(f"{visits[1].code} 1")
    async with siblings.database.session() as session:
        states = [(await session.get_one(Task, task.id)).state for task in visits]
    assert states == ["open", "acknowledged"]


async def _consents(county: County) -> dict[int, bool]:
    async with county.database.session() as session:
        return {consent.person_id: consent.given for consent in await session.scalars(select(Consent))}


async def test_on_a_shared_phone_publicity_is_refused_for_all(county: County) -> None:
    await county.begin("2026-11-02 10:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("张阿依莎", guardians=["neighbour"], shares="father")
    await county.phones["father"].replies("退订")
    assert await _consents(county) == {county.people["father"]: False, county.people["neighbour"]: False}


async def test_whoever_has_no_child_can_refuse_publicity_too(county: County) -> None:
    await county.begin("2026-11-02 10:00")
    await county.phones["class_teacher"].replies("TD")
    await county.phones["class_teacher"].expects("宣传类消息不再发")
    await county.phones["class_teacher"].replies("n")
    await county.phones["class_teacher"].replies("START")
    await county.phones["class_teacher"].expects("宣传类消息会再发")
    assert await _consents(county) == {county.people["class_teacher"]: True}


async def test_what_a_stranger_refused_is_kept_for_whoever_they_turn_out_to_be(county: County) -> None:
    await county.begin("2026-11-02 10:00")
    stranger = Phone(county, "+8613893019999")
    await stranger.replies("退订")
    await stranger.expects("宣传类消息不再发")
    await county.phones["county_officer"].expects_nothing()
    county.phones["stranger"] = stranger
    person = await county.person("father", "马父", phone="stranger")
    async with working(county.database, await county.stage.now()) as work:
        await keep_refusals(work)
    assert await _consents(county) == {person: False}


async def test_a_reminder_says_nothing_beside_what_was_held_through_the_night(siblings: County) -> None:
    await siblings.to("2026-11-03 12:01")
    await siblings.phones["principal"].new()
    await siblings.to("2026-11-03 22:30")
    await siblings.phones["principal"].new()
    task = await siblings.task("principal_contact")
    async with working(siblings.database, await siblings.stage.now()) as work:
        for key, template, still in (("again", "task_new", "task_open"), ("half", "task_reminder", "task_told")):
            alert(work, task, siblings.people["principal"], template, key=key, still=still)
    await siblings.stage.settle()
    await siblings.phones["principal"].expects_nothing()
    await siblings.to("2026-11-04 07:15")
    told = [line for text in await siblings.phones["principal"].new() for line in text.splitlines() if task.code in line]
    assert not [line for line in told if "提醒" in line]
    assert told


@pytest.mark.parametrize(("last", "refused"), [("publicity", True), ("welcome_back", False)])
async def test_the_letter_r_refuses_after_publicity_only(county: County, last: str, refused: bool) -> None:
    await county.begin("2026-11-02 10:00")
    await county.student("马小龙", guardians=["father"])
    async with working(county.database, await county.stage.now()) as work:
        work.say(
            "said", county.people["father"], last, area_code="622926", urgency="bulk" if refused else "duty",
            facts={"words": "冬季安全提醒。"}, student_id=county.students["马小龙"],
        )  # fmt: skip
    await county.stage.settle()
    await county.phones["father"].replies("R")
    assert await _consents(county) == ({county.people["father"]: False} if refused else {})


async def test_publicity_is_refused_and_asked_for_again(siblings: County) -> None:
    await siblings.phones["father"].replies("1")
    await siblings.phones["father"].new()
    await siblings.phones["father"].replies("退订")
    await siblings.phones["father"].expects("宣传类消息不再发")
    await siblings.phones["father"].replies("是")
    async with siblings.database.session() as session:
        assert (await session.scalars(select(Consent.given))).all() == [False]
    await siblings.phones["father"].replies("恢复订阅")
    await siblings.phones["father"].expects("宣传类消息会再发")
    async with siblings.database.session() as session:
        assert (await session.scalars(select(Consent.given))).all() == [True]


async def test_the_elder_and_the_girl_are_told_apart(siblings: County) -> None:
    async with siblings.database.session() as session, session.begin():
        for name, sex, born in (("马小龙", "male", date(2014, 5, 1)), ("马阿依莎", "female", date(2016, 5, 1))):
            await session.execute(update(Student).where(Student.id == siblings.students[name]).values(sex=sex, birth_date=born))
    await siblings.phones["father"].new()
    await siblings.phones["father"].replies("老大发烧了，丫头明天去学校")
    assert await _answers(siblings) == {
        siblings.students["马小龙"]: "sick", siblings.students["马阿依莎"]: "will_return",
    }  # fmt: skip
