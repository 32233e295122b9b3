"""Answers to a text just received: they go back to where it came from, once per text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from bot.dialogs.speaker import Speaker
from storage.tables import Inbound, Message, Question
from storage.work import Work

NOTHING: Mapping[str, int | None] = {}
About = Mapping[str, int | None]


def answer(
    work: Work,
    inbound: Inbound,
    speaker: Speaker,
    template: str,
    *,
    area_code: str,
    person_id: int | None = None,
    question: str | None = None,
    still: str | None = None,
    facts: dict[str, Any] | None = None,
    about: About = NOTHING,
) -> None:
    """Says something back at the same contact. `about`: case_id, student_id, sheet_id, task_id, notice_id.

    One text may be answered about several children or classes: student_id, else class_id, tells these answers apart.
    """
    to = person_id or (speaker.person_id if speaker.people else None)
    inbound.area_code = inbound.area_code or area_code
    inbound.person_id = inbound.person_id or to
    one = about.get("student_id") or about.get("class_id") or ""
    work.say(
        f"inbound:{inbound.id}:{template}:{one}", to, template, area_code=area_code, facts=facts, question=question, still=still,
        expires_at=work.now + speaker.plan.dialogs.answer_life, contact_id=speaker.contact_id, case_id=about.get("case_id"),
        student_id=about.get("student_id"), sheet_id=about.get("sheet_id"), task_id=about.get("task_id"), notice_id=about.get("notice_id"),
    )  # fmt: skip


async def answered(work: Work, inbound: Inbound, question: Question) -> None:
    """The question has its answer; so has the message that asked it."""
    inbound.question_id = question.id
    question.state, question.ended_at = "answered", work.now
    if question.message_id is not None:
        asked = update(Message).where(Message.id == question.message_id, Message.state.in_(("sent", "delivered", "sending")))
        await work.session.execute(asked.values(state="answered", answered_at=work.now))
