"""Answers to a text just received: they go back to where it came from, once per text."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from bot.dialogs.speaker import Speaker
from storage.tables import Inbound, Message, Question
from storage.work import Work

ANSWER_LIFE = timedelta(hours=2)


def answer(
    work: Work,
    inbound: Inbound,
    speaker: Speaker,
    template: str,
    *,
    area_code: str,
    person_id: int | None = None,
    question: str | None = None,
    facts: dict[str, Any] | None = None,
    **about: int | None,
) -> None:
    """Says something back at the same contact."""
    if inbound.area_code is None:
        inbound.area_code = area_code
    to = person_id or speaker.person_id
    inbound.person_id = inbound.person_id or to
    work.say(
        f"inbound:{inbound.id}:{template}:{about.get('student_id') or ''}", to, template, area_code=area_code, facts=facts,
        expires_at=work.now + ANSWER_LIFE, question=question, contact_id=speaker.contact_id, **about,
    )  # fmt: skip


async def answered(work: Work, inbound: Inbound, question: Question) -> None:
    """The question has its answer; so has the message that asked it."""
    inbound.question_id = question.id
    question.state, question.ended_at = "answered", work.now
    if question.message_id is not None:
        asked = update(Message).where(Message.id == question.message_id, Message.state.in_(("sent", "delivered", "sending")))
        await work.session.execute(asked.values(state="answered", answered_at=work.now))
