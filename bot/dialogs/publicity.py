"""What comes back after publicity: that it was read, a plain "seen", a question, or the story of a child who is not at school."""

from __future__ import annotations

from sqlalchemy import select

from bot.dialogs.clarifying import ask_back
from bot.dialogs.reading_along import is_kept_from_school
from bot.dialogs.speaker import Speaker
from bot.dialogs.talk import Talk
from bot.outbox.progress import advance
from bot.replies import is_acknowledgement, tells_of_absence
from cases.triage import hand_over
from storage.tables import Inbound, Message
from storage.work import Work

KIND = "publicity"
"""What a text answers, to the reader, when publicity was the last that we said and nothing is asked."""


async def publicity_before(work: Work, inbound: Inbound) -> Message | None:
    """The publicity that a text answers: what it quotes, else what was the last that we said at this contact."""
    said = select(Message).where(Message.contact_id == inbound.contact_id)
    if inbound.reply_to is not None:
        said = said.where(Message.channel == inbound.channel, Message.provider_id == inbound.reply_to)
    last = await work.session.scalar(said.order_by(Message.queued_at.desc(), Message.id.desc()).limit(1))
    return last if last is not None and last.urgency == "bulk" else None


async def hear_publicity(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Notes that publicity was read. A plain "seen" needs no answer; every other text is heard as always."""
    said = await publicity_before(work, inbound)
    if said is None or speaker.questions:
        return None
    advance(said, "answered", work.now)
    return "acknowledged" if is_acknowledgement(inbound.body) else None


async def hear_of_absence(talk: Talk) -> str | None:
    """A child is not at school, nobody says why: a person reads it, and the family is asked as on any day of absence."""
    if talk.question is not None or not tells_of_absence(talk.inbound.body):
        return None
    if len(talk.children) != 1 or await publicity_before(talk.work, talk.inbound) is None:
        return None
    await hand_over(talk.work, talk.child().id, talk.inbound, county=await is_kept_from_school(talk))
    ask_back(talk, talk.child(), "absence")
    return "asked_back"
