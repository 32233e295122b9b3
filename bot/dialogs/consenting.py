"""Publicity refused, or asked for again, by whoever writes: a family, a responsible person, or somebody nobody knows."""

from __future__ import annotations

from sqlalchemy import select

from bot.dialogs.answering import answer
from bot.dialogs.speaker import Speaker, area_of
from bot.dialogs.talk import ASKED
from bot.replies import choice_in
from cases.consents import choose_at
from cases.triage import county_desk
from storage.tables import Contact, Inbound, Message, Question, Student
from storage.work import Work


async def hear_choice(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Takes a text that says nothing else; None where it is none. No publicity goes by WeCom, so there is nothing to refuse there."""
    if inbound.kind == "wecom" or choice_in(inbound.body, after_publicity=True) is None:
        return None
    choice = choice_in(inbound.body, after_publicity=await _is_after_publicity(work, inbound))
    if choice is None:
        return None
    question = speaker.question(*ASKED)
    child = await work.session.get(Student, question.student_id) if question and question.student_id else None
    return await take_choice(work, inbound, speaker, choice, question if child else None, child)


async def take_choice(work: Work, inbound: Inbound, speaker: Speaker, choice: str, question: Question | None, child: Student | None) -> str:
    """Publicity can be refused and asked for again; what the law makes us say cannot, and the answer to a `question` says so."""
    contact = await work.session.get_one(Contact, speaker.contact_id)
    await choose_at(work, contact, wanted=choice == "opt_in", source="reply")
    refused = "opt_out_done" if question is None else "statutory_not_optional"
    answer(
        work, inbound, speaker, "opt_in_done" if choice == "opt_in" else refused, area_code=await _area(work, speaker, child),
        about={"student_id": child.id if child else None, "case_id": question.case_id if question else None},
    )  # fmt: skip
    return choice


async def _area(work: Work, speaker: Speaker, child: Student | None) -> str:
    if child is not None:
        return child.area_code
    return await area_of(work, speaker.person_id) if speaker.people else (await county_desk(work)).place.area_code


async def _is_after_publicity(work: Work, inbound: Inbound) -> bool:
    """Whether publicity was the last that we said at this contact."""
    said = select(Message.urgency).where(Message.contact_id == inbound.contact_id).order_by(Message.queued_at.desc()).limit(1)
    return await work.session.scalar(said) == "bulk"
