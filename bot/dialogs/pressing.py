"""A button below a message whose question has been answered already, there or below another message: nothing is answered twice."""

from __future__ import annotations

from sqlalchemy import select

from bot.dialogs.speaker import Speaker, asked_by, same_matter
from storage.tables import Inbound, Message, Question
from storage.work import Work


async def is_answered_before(work: Work, inbound: Inbound, speaker: Speaker) -> bool:
    """Whether the text is one of the answers that a message of ours offered, and nothing that it asked is open any more."""
    meant = await asked_by(work, inbound)
    if not meant or not await _is_offered(work, inbound):
        return False
    if any(same_matter(question, ended) for question in speaker.questions for ended in meant):
        return False
    since = min(question.asked_at for question in meant)
    answered = select(Question).where(Question.contact_id == inbound.contact_id, Question.state == "answered", Question.ended_at >= since)
    return any(same_matter(question, ended) for question in await work.session.scalars(answered) for ended in meant)


async def _is_offered(work: Work, inbound: Inbound) -> bool:
    offered = select(Message.options).where(Message.channel == inbound.channel, Message.provider_id == inbound.reply_to)
    return inbound.body in {answer for answer, _ in await work.session.scalar(offered) or ()}
