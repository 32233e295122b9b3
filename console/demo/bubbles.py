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
from storage.tables import Inbound, Intent, Message, Question

KEYPAD = (*range(1, 10), 0)
ARRIVED = ("sent", "delivered", "answered")
SHOWN = (*ARRIVED, "queued", "sending", "failed")
MOST = 40
WAYS = {simulator.VOICE.name: "call", simulator.CHAT.name: "chat"}
Bubble = dict[str, Any]


async def last_texts(session: AsyncSession, contact_ids: Collection[int]) -> dict[int, int]:
    """Contact → id of the newest text that arrived there."""
    query = select(Message.contact_id, func.max(Message.id)).where(Message.contact_id.in_(contact_ids), Message.state.in_(ARRIVED))
    return dict((await session.execute(query.group_by(Message.contact_id))).all())


async def bubbles_on(session: AsyncSession, catalogue: Catalogue, calendar: Calendar, contact_ids: Collection[int]) -> list[Bubble]:
    """The last texts on this phone, oldest first; `gloss` says in English what a text of ours is about.

    `way`: text, chat or call. `state`: arrived, unconfirmed (nobody has said that it arrived), waiting, failed.
    `keys`: what may be pressed below it (answer, label); a call's keypad only while its question is open.
    """
    said = select(Message).where(Message.contact_id.in_(contact_ids), Message.state.in_(SHOWN))
    texts = list(await session.scalars(said.order_by(Message.id.desc()).limit(MOST)))
    written = list(
        await session.scalars(select(Inbound).where(Inbound.contact_id.in_(contact_ids)).order_by(Inbound.id.desc()).limit(MOST))
    )
    glosses = await _glosses(session, catalogue, texts)
    asking = await _asking(session, [text.id for text in texts])
    # An answer leaves in the same minute as the text it answers, so what came in stands first.
    rows = [(text.sent_at or text.queued_at, 1, text.id, _ours(text, glosses.get(text.id, ""), text.id in asking)) for text in texts]
    rows += [(text.received_at, 0, text.id, _theirs(text)) for text in written if text.body]
    rows.sort(key=lambda row: row[:3])
    return [{**bubble, "at": f"{calendar.local(at):%m-%d %H:%M}"} for at, _, _, bubble in rows[-MOST:]]


async def _asking(session: AsyncSession, message_ids: Collection[int]) -> set[int]:
    """Messages whose question may still be answered."""
    return set(await session.scalars(select(Question.message_id).where(Question.message_id.in_(message_ids), Question.state == "open")))


def _ours(text: Message, gloss: str, is_asking: bool) -> Bubble:
    way = WAYS.get(text.channel, "text")
    keys = text.options or [] if way == "chat" else [[str(digit), str(digit)] for digit in KEYPAD] if way == "call" else []
    return {
        "mine": False, "text": text.body, "gloss": gloss, "way": way, "state": _fate(text),
        "id": text.id, "keys": keys if is_asking and text.state in ARRIVED else [],
    }  # fmt: skip


def _fate(text: Message) -> str:
    if text.state in {"queued", "sending"}:
        return "waiting"
    return {"failed": "failed", "sent": "unconfirmed"}.get(text.state, "arrived")


def _theirs(text: Inbound) -> Bubble:
    return {"mine": True, "text": text.body, "gloss": "", "way": WAYS.get(text.channel, "text"), "state": "arrived", "id": 0, "keys": []}


async def _glosses(session: AsyncSession, catalogue: Catalogue, texts: Sequence[Message]) -> dict[int, str]:
    query = select(Intent.message_id, Intent.template).where(Intent.message_id.in_([text.id for text in texts])).order_by(Intent.id)
    found: dict[int, list[str]] = defaultdict(list)
    for message_id, template in await session.execute(query):
        gloss = catalogue.templates[template].gloss if template in catalogue.templates else template
        if message_id is not None and gloss not in found[message_id]:
            found[message_id].append(gloss)
    return {message_id: " + ".join(glosses) for message_id, glosses in found.items()}
