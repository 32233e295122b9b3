"""Publicity refused, or asked for again, by whoever writes: a family, a responsible person, or somebody nobody knows."""

from __future__ import annotations

from bot.dialogs.answering import answer
from bot.dialogs.publicity import publicity_before
from bot.dialogs.speaker import Speaker, area_of
from bot.dialogs.talk import ASKED
from bot.outbox.progress import advance
from bot.replies import choice_in, kind_chosen
from cases.consents import choose_at, choose_topic_at
from cases.publicity_texts import library
from cases.strangers import desk_of_stranger
from storage.tables import Contact, Inbound, Question, Student
from storage.work import Work


async def hear_choice(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Takes a text that says nothing else; None where it is none. No publicity goes by WeCom, so there is nothing to refuse there."""
    if inbound.kind == "wecom":
        return None
    if (topic := await _hear_topic(work, inbound, speaker)) is not None:
        return topic
    if choice_in(inbound.body, after_publicity=True) is None:
        return None
    said = await publicity_before(work, inbound)
    choice = choice_in(inbound.body, after_publicity=said is not None)
    if choice is None:
        return None
    if said is not None:
        advance(said, "answered", work.now)
    question = speaker.question(*ASKED)
    child = await work.session.get(Student, question.student_id) if question and question.student_id else None
    return await take_choice(work, inbound, speaker, choice, question if child else None, child)


async def _hear_topic(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """One kind of publicity, called by a name of the library; None where no such kind is named."""
    chosen = kind_chosen(inbound.body)
    topic = library().topic_named(chosen[1]) if chosen is not None else None
    if chosen is None or topic is None or not speaker.people:
        return None
    contact = await work.session.get_one(Contact, speaker.contact_id)
    await choose_topic_at(work, contact, topic, wanted=chosen[0] == "opt_in")
    done = "topic_in_done" if chosen[0] == "opt_in" else "topic_out_done"
    facts = {"topic": library().topics[topic]["zh"]}
    answer(work, inbound, speaker, done, area_code=await _area(work, inbound, speaker, None), facts=facts)
    return chosen[0]


async def take_choice(work: Work, inbound: Inbound, speaker: Speaker, choice: str, question: Question | None, child: Student | None) -> str:
    """Publicity can be refused and asked for again; what the law makes us say cannot, and the answer to a `question` says so."""
    contact = await work.session.get_one(Contact, speaker.contact_id)
    await choose_at(work, contact, wanted=choice == "opt_in", source="reply")
    refused = "opt_out_done" if question is None else "statutory_not_optional"
    answer(
        work, inbound, speaker, "opt_in_done" if choice == "opt_in" else refused, area_code=await _area(work, inbound, speaker, child),
        about={"student_id": child.id if child else None, "case_id": question.case_id if question else None},
    )  # fmt: skip
    return choice


async def _area(work: Work, inbound: Inbound, speaker: Speaker, child: Student | None) -> str:
    if child is not None:
        return child.area_code
    return await area_of(work, speaker.person_id) if speaker.people else (await desk_of_stranger(work, inbound)).place.area_code
