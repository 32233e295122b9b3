"""Messages that reach nobody: the next guardian, the last one, and who is told of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update

from bot.channels.base import Outcome, Outgoing, Result
from bot.channels.registry import MAIN
from bot.channels.simulator import SMS, Simulator
from storage.tables import Contact, GuardianAnswer, Guardianship, PersonContact, Question, StandIn, Task
from storage.work import working
from tests.stories.county import County

AREA = "622926100201"


class Telephones(Simulator):
    """Of which some are switched off: what is sent there is accepted, and reported as not delivered."""

    def __init__(self) -> None:
        super().__init__(SMS)
        self.off: set[str] = set()

    async def send(self, message: Outgoing) -> Outcome:
        accepted = await super().send(message)
        return Outcome(Result.ACCEPTED, provider_id=accepted.provider_id, status="failed") if message.to in self.off else accepted


@pytest.fixture
async def quiet(county: County) -> County:
    """A child with three guardians, on a Monday on which nobody has been asked anything."""
    await county.begin("2026-11-02 09:00")
    await county.student("马小龙", guardians=["father", "mother", "grandmother"])
    return county


def _switch_off(county: County, *people: str) -> None:
    telephones = Telephones()
    telephones.off = {county.phones[key].number for key in people}
    county.settings.channels["simulator", MAIN] = telephones  # type: ignore[index]


async def _say(county: County, *people: str, key: str = "case:0", hours: float = 9) -> None:
    now = await county.stage.now()
    async with working(county.database, now) as work:
        for who in people:
            work.say(
                f"{key}:{county.people[who]}", county.people[who], "welcome_back", area_code=AREA, expires_at=now + timedelta(hours=hours),
                student_id=county.students["马小龙"],
            )  # fmt: skip


async def _tasks(county: County, kind: str) -> list[Task]:
    return [task for task in await county.tasks() if task.kind == kind]


async def test_when_every_guardian_s_telephone_is_off_each_is_tried_and_then_a_person_is_told(quiet: County) -> None:
    """Nothing is held against a number that is switched off, so all three count as reachable all the time."""
    _switch_off(quiet, "father", "mother", "grandmother")
    await _say(quiet, "father")
    await quiet.stage.advance(hours=3)
    assert len(await _tasks(quiet, "find_contact")) == 1
    await quiet.phones["class_teacher"].expects("小龙", "电话")


async def test_the_third_guardian_is_told_what_the_first_two_could_not_be(quiet: County) -> None:
    _switch_off(quiet, "father", "mother")
    await _say(quiet, "father")
    await quiet.stage.advance(hours=3)
    await quiet.phones["grandmother"].expects("小龙")
    assert await _tasks(quiet, "find_contact") == []


async def test_two_who_were_told_together_and_neither_reached(quiet: County) -> None:
    _switch_off(quiet, "father", "mother", "grandmother")
    await _say(quiet, "father", "mother", "grandmother")
    await quiet.stage.advance(hours=3)
    assert len(await _tasks(quiet, "find_contact")) == 1


async def test_a_wrong_number_is_the_whole_family_s_and_comes_back_to_all_of_it(county: County) -> None:
    """Father and mother share a phone that is a stranger's by now: the mother is not asked for there."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("同学", guardians=["neighbour"], shares="father")
    await county.person("mother", "马母", phone="father")
    async with county.database.session() as session, session.begin():
        mother = county.people["mother"]
        session.add(Guardianship(student_id=county.students["马小龙"], person_id=mother, relation="mother", rank=2))
    await county.others(4)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.stage.advance(minutes=5)
    await county.phones["father"].expects("小龙")
    await county.phones["father"].replies("7")
    assert await _at_phone(county) == {"neighbour"}
    await county.phones["father"].new()
    await county.to("2026-11-02 20:00")
    assert not any("小龙" in text for text in await county.phones["father"].new())
    await county.phones["father"].replies("不对")
    assert await _at_phone(county) == {"father", "mother", "neighbour"}


async def _at_phone(county: County) -> set[str]:
    names = {person_id: key for key, person_id in county.people.items()}
    family = [county.people[key] for key in ("father", "mother", "neighbour")]
    theirs = select(PersonContact.person_id).where(PersonContact.retired_reason.is_(None), PersonContact.person_id.in_(family))
    async with county.database.session() as session:
        return {names[person_id] for person_id in await session.scalars(theirs)}


@pytest.mark.parametrize("is_dead", [True, False])
async def test_what_a_teacher_was_told_outside_any_step_is_passed_on_when_no_number_of_theirs_works(quiet: County, is_dead: bool) -> None:
    now = await quiet.stage.now()
    if is_dead:
        async with quiet.database.session() as session, session.begin():
            theirs = select(PersonContact.contact_id).where(PersonContact.person_id == quiet.people["class_teacher"])
            await session.execute(update(Contact).where(Contact.id.in_(theirs)).values(state="bad"))
    else:
        _switch_off(quiet, "class_teacher")
    async with working(quiet.database, now) as work:
        work.say("told:1", quiet.people["class_teacher"], "sender_works", area_code=AREA, facts={"number": 1, "channel": "短信"})
        work.say("told:2", quiet.people["class_teacher"], "sender_works", area_code=AREA, facts={"number": 2, "channel": "短信"})
    await quiet.stage.advance(hours=3)
    (step,) = await _tasks(quiet, "resend_expired")
    assert step.school_id == quiet.school_id
    await quiet.phones["attendance_officer"].expects("转告没有发到的消息")


async def test_after_an_outage_a_stand_in_is_told_once_of_each_child_until_it_is_done(quiet: County) -> None:
    """A week of messages has expired by one midnight, and more expire after it."""
    stand_in = await quiet.person("stand_in", "代班老师")
    async with quiet.database.session() as session, session.begin():
        teacher = quiet.people["class_teacher"]
        session.add(StandIn(person_id=teacher, substitute_person_id=stand_in, starts_on=date(2026, 11, 4), ends_on=date(2026, 11, 20)))
    for day in range(3):
        await _say(quiet, "father", "mother", key=f"day:{day}", hours=0.5)
    await quiet.after_outage("2026-11-09 23:55")
    await quiet.to("2026-11-10 00:30")
    await _say(quiet, "father", key="night", hours=-1)
    await quiet.to("2026-11-10 10:00")
    (task,) = await _tasks(quiet, "resend_expired")
    told = [text for text in await quiet.phones["stand_in"].new() if "转告" in text]
    assert (len(told), await quiet.phones["class_teacher"].new()) == (1, [])
    await quiet.phones["stand_in"].replies(f"{task.code} 3 已打电话告诉家长")
    await _say(quiet, "mother", key="later", hours=-1)
    await quiet.stage.advance(minutes=2)
    (again,) = await _tasks(quiet, "resend_expired")
    assert again.id != task.id


async def _asked(county: County) -> None:
    """Ma Xiaolong is absent on Monday, and his father, who has two telephones, is asked on the first."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("同学", guardians=["neighbour"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")


async def _hand_phone_over(county: County, to: str, *, keeps: bool) -> None:
    """The roster says that the father's number is (also) this person's."""
    number = county.phones["father"].number
    async with county.database.session() as session, session.begin():
        contact_id = await session.scalar(select(Contact.id).where(Contact.address_index == county.cipher.index(number)))
        session.add(PersonContact(person_id=county.people[to], contact_id=contact_id))
        if not keeps:
            (await session.get_one(PersonContact, (county.people["father"], contact_id))).retired_reason = "replaced"


@pytest.mark.parametrize("digit", ["1", "3", "7"])
async def test_whoever_has_the_number_by_now_does_not_answer_for_whoever_was_asked_there(county: County, digit: str) -> None:
    """Else the new family's own child, who sits in class, is written down as ill."""
    await _asked(county)
    await county.stage.advance(minutes=5)
    await county.phones["father"].expects("小龙")
    await _hand_phone_over(county, "neighbour", keeps=False)
    await county.phones["father"].replies(digit)
    assert await _answers(county) in ([], [(county.students["同学"], "unknown")])


async def test_on_a_phone_of_two_families_the_one_that_was_asked_is_answered_for(county: County) -> None:
    await _asked(county)
    await _hand_phone_over(county, "neighbour", keeps=True)
    await county.stage.advance(minutes=5)
    await county.phones["father"].replies("1")
    assert await _answers(county) == [(county.students["马小龙"], "sick")]


async def test_whoever_answers_what_is_said_to_have_failed_has_read_it_and_is_not_asked_again(county: County) -> None:
    await _asked(county)
    _switch_off(county, "father")
    await county.stage.advance(minutes=5)
    await county.phones["father"].replies("1")
    assert await _answers(county) == [(county.students["马小龙"], "sick")]
    county.settings.channels["simulator", MAIN] = Simulator(SMS)  # type: ignore[index]
    await county.phones["father"].new()
    await county.stage.advance(hours=2)
    assert not any("没到校" in text for text in await county.phones["father"].new())


async def test_a_digit_from_a_number_that_is_nobody_s_any_more_calls_nothing_off(county: County) -> None:
    """The father has another number by now, on which he is still to be asked."""
    await _asked(county)
    _switch_off(county, "father")
    await county.stage.advance(minutes=5)
    await _hand_phone_over(county, "neighbour", keeps=False)
    async with county.database.session() as session, session.begin():
        await session.execute(delete(PersonContact).where(PersonContact.person_id == county.people["neighbour"]))
    new = await county.person("new", "马父")
    async with county.database.session() as session, session.begin():
        await session.execute(update(PersonContact).where(PersonContact.person_id == new).values(person_id=county.people["father"]))
    await county.phones["father"].replies("1")
    await county.stage.advance(hours=1)
    await county.phones["new"].expects("小龙", "没到校")


async def _second_phone(county: County) -> None:
    """Of the father, tried after the first."""
    second = await county.person("second", "马父")
    async with county.database.session() as session, session.begin():
        number = county.cipher.index(county.phones["second"].number)
        contact_id = await session.scalar(select(Contact.id).where(Contact.address_index == number))
        await session.execute(delete(PersonContact).where(PersonContact.person_id == second))
        session.add(PersonContact(person_id=county.people["father"], contact_id=contact_id, preference=5))


async def test_a_digit_on_the_first_phone_answers_what_was_asked_on_the_second_meanwhile(county: County) -> None:
    await _asked(county)
    await _second_phone(county)
    _switch_off(county, "father")
    await county.stage.advance(minutes=5)
    await county.phones["second"].expects("小龙", "没到校")
    await county.phones["father"].replies("1")
    assert await _answers(county) == [(county.students["马小龙"], "sick")]
    async with county.database.session() as session:
        assert set(await session.scalars(select(Question.state).where(Question.kind == "absence"))) == {"withdrawn", "answered"}


async def test_a_digit_on_the_first_phone_is_heard_also_where_the_second_is_said_to_have_failed_too(county: County) -> None:
    await _asked(county)
    await _second_phone(county)
    _switch_off(county, "father", "second")
    await county.stage.advance(minutes=5)
    await county.phones["father"].replies("1")
    assert await _answers(county) == [(county.students["马小龙"], "sick")]
    county.settings.channels["simulator", MAIN] = Simulator(SMS)  # type: ignore[index]
    for phone in ("father", "second"):
        await county.phones[phone].new()
    await county.stage.advance(hours=2)
    for phone in ("father", "second"):
        assert not any("没到校" in text for text in await county.phones[phone].new())


async def _answers(county: County) -> list[tuple[int | None, str]]:
    async with county.database.session() as session:
        return [(one.student_id, one.intent) for one in await session.scalars(select(GuardianAnswer).order_by(GuardianAnswer.id))]
