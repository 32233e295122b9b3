"""What becomes of an intent before it leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.tables import Absence, Contact, Guardianship, Intent, PersonContact, Question, Sender
from tests.bot.world import NOW, World

Trouble = list[tuple[str, object]]


async def test_a_message_goes_out_and_arrives(world: World) -> None:
    await world.sender()
    key = await world.say(await world.person("+8613893010001"), facts={"say": "你好"}, student_id=world.student_id)
    await world.worker().drain(NOW)
    (message,) = await world.messages()
    assert message.body == "【东乡县教育局】welcome_back/sms 小龙 你好"
    assert (message.state, message.provider_id, message.parts) == ("delivered", f"sim-{message.id}", 1)
    assert message.sent_at == message.delivered_at == NOW
    assert ((await world.intent(key)).state, (await world.intent(key)).message_id) == ("queued", message.id)


async def test_what_is_not_due_yet_waits(world: World) -> None:
    await world.sender()
    await world.say(await world.person("+8613893010001"), due_at=NOW + timedelta(minutes=3))
    assert await world.worker().drain(NOW + timedelta(minutes=2)) == 0
    await world.worker().drain(NOW + timedelta(minutes=3))
    assert len(await world.messages()) == 1


async def test_what_expired_is_not_sent_and_its_owner_is_told(world: World, trouble: Trouble) -> None:
    await world.sender()
    key = await world.say(await world.person("+8613893010001"), expires_at=NOW + timedelta(hours=1))
    await world.say(await world.person("+8613893010002"), expires_at=NOW + timedelta(hours=1), urgency="bulk")
    await world.worker().drain(NOW + timedelta(hours=1))
    intent = await world.intent(key)
    assert await world.messages() == []
    assert intent.state == "expired"
    assert trouble == [("expired", intent.id)]


async def test_what_is_no_longer_true_is_dropped(world: World, trouble: Trouble) -> None:
    await world.sender()
    absence = await world.absent()
    await world.change(Absence, absence, state="arrived")
    key = await world.say(
        await world.person("+8613893010001"),
        "absence_question",
        still="absence_open",
        student_id=world.student_id,
        facts={"on": "2026-11-24"},
    )
    await world.worker().drain(NOW)
    assert (await world.intent(key)).state == "dropped"
    assert trouble == []


async def test_it_is_checked_again_just_before_sending(world: World) -> None:
    await world.sender()
    absence = await world.absent()
    key = await world.say(
        await world.person("+8613893010001"), "absence_question", still="absence_open", question="absence",
        student_id=world.student_id, facts={"on": "2026-11-24"},
    )  # fmt: skip
    worker = world.worker()
    await worker._dispatch(NOW)
    await world.change(Absence, absence, state="withdrawn")
    await worker.drain(NOW)
    (message,) = await world.messages()
    assert (message.state, message.failure, message.provider_id) == ("failed", "no_longer_true", None)
    assert (await world.intent(key)).state == "dropped"
    assert [question.state for question in await world.questions()] == ["withdrawn"]


async def test_a_barred_guardian_hears_nothing_about_the_child(world: World) -> None:
    await world.sender()
    person = await world.person("+8613893010001")
    async with world.database.session() as session, session.begin():
        session.add(Guardianship(student_id=world.student_id, person_id=person, relation="father", no_contact=True))
    key = await world.say(person, student_id=world.student_id)
    await world.worker().drain(NOW)
    assert (await world.intent(key)).state == "dropped"


async def test_nobody_reachable_is_told(world: World, trouble: Trouble) -> None:
    await world.sender()
    key = await world.say(await world.person())
    await world.worker().drain(NOW)
    intent = await world.intent(key)
    assert intent.state == "unaddressable"
    assert trouble == [("unreachable", intent.id)]


async def test_retired_outdated_and_bad_contacts_are_passed_over(world: World) -> None:
    await world.sender()
    phones = ["+8613893010001", "+8613893010002", "+8613893010003", "+8613893010004"]
    person = await world.person(*phones)
    async with world.database.session() as session, session.begin():
        ids = [(await world.contact(phone)).id for phone in phones]
        (await session.get_one(PersonContact, (person, ids[0]))).retired_reason = "wrong_number"
        (await session.get_one(PersonContact, (person, ids[1]))).valid_until = NOW.date() - timedelta(days=1)
        (await session.get_one(Contact, ids[2])).state = "bad"
    await world.say(person)
    await world.worker().drain(NOW)
    assert [message.contact_id for message in await world.messages()] == [ids[3]]


async def test_an_answer_goes_back_where_the_question_came_from(world: World) -> None:
    await world.sender()
    person = await world.person("+8613893010001", "+8613893010002")
    second = await world.contact("+8613893010002")
    await world.say(person, contact_id=second.id)
    await world.worker().drain(NOW)
    assert [message.contact_id for message in await world.messages()] == [second.id]


async def test_a_call_is_made_where_there_is_a_voice_and_a_text_where_there_is_none(world: World) -> None:
    await world.sender()
    person = await world.person("+8613893010001")
    await world.say(person, "absence_call")
    await world.worker().drain(NOW)
    await world.sender("simulator_voice", "10691")
    await world.say(person, "absence_call", facts={"say": "2"})
    await world.say(person, "absence_reminder")
    await world.worker().drain(NOW)
    assert [message.channel for message in await world.messages()] == ["simulator", "simulator_voice", "simulator"]


async def test_while_every_sender_is_stopped_it_waits(world: World, trouble: Trouble) -> None:
    sender = await world.sender()
    key = await world.say(await world.person("+8613893010001"))
    await world.change(Sender, sender, state="paused")
    await world.worker().drain(NOW)
    assert ((await world.intent(key)).state, trouble) == ("pending", [])
    await world.change(Sender, sender, state="open")
    await world.worker().drain(NOW + timedelta(minutes=10))
    assert [message.state for message in await world.messages()] == ["delivered"]


@pytest.mark.parametrize(("urgency", "leaves"), [("duty", False), ("bulk", False), ("safety", True)])
async def test_the_night_is_quiet_but_for_safety(world: World, urgency: str, leaves: bool) -> None:
    await world.sender()
    night = NOW.replace(hour=14)  # 22:00 local
    world.clock.time = night
    await world.say(await world.person("+8613893010001"), urgency=urgency, expires_at=night + timedelta(minutes=30))
    await world.worker().drain(night)
    assert bool(await world.messages()) is leaves
    await world.worker().drain(night + timedelta(hours=9))
    (message,) = await world.messages()
    assert message.state == "delivered"


async def test_one_question_at_a_time_on_a_shared_phone(world: World) -> None:
    await world.sender()
    first, second = await world.person("+8613893010001"), await world.person("+8613893010001")
    await world.say(first, "absence_question", question="absence", student_id=world.student_id)
    waiting = await world.say(second, "return_confirm", question="confirm_return")
    worker = world.worker()
    await worker.drain(NOW)
    await world.say(second, "safety_alert", question="choose", urgency="safety")
    await worker.drain(NOW)
    assert sorted(message.body.split("】")[1].split("/")[0] for message in await world.messages()) == ["absence_question", "safety_alert"]
    assert (await world.intent(waiting)).state == "pending"
    for question in await world.questions():
        await world.change(Question, question.id, state="answered")
    await worker.drain(NOW)
    assert (await world.intent(waiting)).state == "queued"


async def test_a_question_that_expired_makes_room(world: World) -> None:
    await world.sender()
    person = await world.person("+8613893010001")
    expires = (NOW + timedelta(hours=2)).isoformat()
    await world.say(person, "absence_question", question="absence", student_id=world.student_id, facts={"question_expires": expires})
    waiting = await world.say(person, "return_confirm", question="confirm_return")
    await world.worker().drain(NOW)
    await world.worker().drain(NOW + timedelta(hours=2))
    assert (await world.intent(waiting)).state == "queued"
    assert [question.state for question in await world.questions()] == ["expired", "open"]


async def test_what_is_not_answered_holds_nothing_until_it_is_lost(world: World) -> None:
    """Half of its time a question waits for another child's; its readers may never answer that one."""
    await world.sender()
    person, second = await world.person("+8613893010001"), await world.another_child()
    await world.say(person, "absence_question", question="absence", student_id=world.student_id)
    waiting = await world.say(person, "absence_question", question="absence", student_id=second, expires_at=NOW + timedelta(hours=3))
    for minutes, state in ((0, "pending"), (89, "pending"), (90, "queued")):
        await world.worker().drain(NOW + timedelta(minutes=minutes))
        assert (await world.intent(waiting)).state == state
    assert [question.state for question in await world.questions()] == ["open", "open"]


async def test_children_who_were_asked_about_together_do_not_wait_for_each_other(world: World) -> None:
    """Both reminders would expire, each waiting for the other child's question of the same message."""
    await world.sender()
    person, second = await world.person("+8613893010001"), await world.another_child()
    for template in ("merging_question", "merging_reminder"):
        for child in (world.student_id, second):
            await world.say(person, template, question="absence", student_id=child, facts={"say": f"{template}{child}"})
        await world.worker().drain(NOW)
    assert [message.template for message in await world.messages()] == ["several", "several"]
    assert [(one.student_id, one.state) for one in await world.questions()] == [
        (child, state) for state in ("withdrawn", "open") for child in (world.student_id, second)
    ]


async def test_a_newer_question_about_the_same_child_replaces_the_older(world: World) -> None:
    await world.sender()
    person = await world.person("+8613893010001")
    await world.say(person, "absence_question", question="absence", student_id=world.student_id)
    await world.worker().drain(NOW)
    await world.say(person, "absence_reminder", question="absence", student_id=world.student_id)
    await world.worker().drain(NOW)
    assert [question.state for question in await world.questions()] == ["withdrawn", "open"]


async def test_an_officers_tasks_do_not_wait_for_each_other(world: World) -> None:
    await world.sender()
    person = await world.person("+8613893010001")
    for text in ("A7", "B2", "C3"):
        await world.say(person, "task_new", question="task", facts={"say": text})
    await world.worker().drain(NOW)
    assert [question.state for question in await world.questions()] == ["open"] * 3


async def test_two_on_one_phone_read_the_same_words_once(world: World) -> None:
    await world.sender()
    first, second = await world.person("+8613893010001"), await world.person("+8613893010001")
    keys = [await world.say(person, student_id=world.student_id) for person in (first, second)]
    await world.worker().drain(NOW)
    (message,) = await world.messages()
    assert {(await world.intent(key)).message_id for key in keys} == {message.id}


async def test_too_many_answers_to_one_number_and_the_bot_falls_silent(world: World, trouble: Trouble) -> None:
    await world.sender()
    person = await world.person("+8613893010001")
    contact = await world.contact("+8613893010001")
    worker = world.worker()
    for number in range(8):
        await world.wrote(contact.id, f"自动回复 {number}")
        await world.say(person, contact_id=contact.id, facts={"say": str(number)})
        await worker.drain(NOW)
    assert len(await world.messages()) == 5
    assert trouble == [("loop_stopped", {"contact_id": contact.id})]
    assert (await world.contact("+8613893010001")).silent_until == NOW + timedelta(hours=1)
    await world.say(person, facts={"say": "asked by a case, not an answer"})
    await worker.drain(NOW)
    assert len(await world.messages()) == 6


async def test_one_broken_intent_does_not_hold_up_the_others(world: World) -> None:
    await world.sender()
    person = await world.person("+8613893010001")
    broken = await world.say(person, "broken")
    worse = await world.say(person, "absence_question", question="absence", facts={"question_expires": "soon"})
    await world.say(person)
    await world.worker().drain(NOW)
    assert [message.state for message in await world.messages()] == ["delivered"]
    for key in (broken, worse):
        intent: Intent = await world.intent(key)
        assert (intent.state, intent.due_at > NOW) == ("pending", True)
