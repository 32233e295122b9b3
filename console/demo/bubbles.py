"""The texts on a phone, both ways, in the order in which its owner saw them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import simulator
from bot.rendering import Catalogue
from plan.calendar import Calendar
from storage.tables import Inbound, Intent, Message

ARRIVED = ("sent", "delivered", "answered")
MOST = 40
Bubble = dict[str, Any]


async def last_texts(session: AsyncSession, contact_ids: Collection[int]) -> dict[int, int]:
    """Contact → id of the newest text that arrived there."""
    query = select(Message.contact_id, func.max(Message.id)).where(Message.contact_id.in_(contact_ids), Message.state.in_(ARRIVED))
    return dict((await session.execute(query.group_by(Message.contact_id))).all())


async def bubbles_on(session: AsyncSession, catalogue: Catalogue, calendar: Calendar, contact_id: int) -> list[Bubble]:
    """The last texts on this phone, oldest first; `gloss` says in English what a text of ours is about."""
    arrived = select(Message).where(Message.contact_id == contact_id, Message.state.in_(ARRIVED), Message.sent_at.is_not(None))
    texts = list(await session.scalars(arrived.order_by(Message.id.desc()).limit(MOST)))
    written = list(await session.scalars(select(Inbound).where(Inbound.contact_id == contact_id).order_by(Inbound.id.desc()).limit(MOST)))
    glosses = await _glosses(session, catalogue, texts)
    # An answer leaves in the same minute as the text it answers, so what came in stands first.
    rows = [(text.sent_at, 1, text.id, _ours(text, glosses.get(text.id, ""))) for text in texts]
    rows += [(text.received_at, 0, text.id, {"mine": True, "text": text.body, "gloss": "", "call": False}) for text in written]
    rows.sort(key=lambda row: row[:3])
    return [{**bubble, "at": f"{calendar.local(at):%m-%d %H:%M}"} for at, _, _, bubble in rows[-MOST:] if at is not None]


def _ours(text: Message, gloss: str) -> Bubble:
    return {"mine": False, "text": text.body, "gloss": gloss, "call": text.channel == simulator.VOICE.name}


async def _glosses(session: AsyncSession, catalogue: Catalogue, texts: Sequence[Message]) -> dict[int, str]:
    query = select(Intent.message_id, Intent.template).where(Intent.message_id.in_([text.id for text in texts])).order_by(Intent.id)
    found: dict[int, list[str]] = defaultdict(list)
    for message_id, template in await session.execute(query):
        gloss = catalogue.templates[template].gloss if template in catalogue.templates else template
        if message_id is not None and gloss not in found[message_id]:
            found[message_id].append(gloss)
    return {message_id: " + ".join(glosses) for message_id, glosses in found.items()}
