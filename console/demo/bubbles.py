"""The texts on a phone, both ways, in the order in which its owner saw them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import simulator
from bot.rendering import Catalogue
from plan.calendar import Calendar
from storage.tables import WAITING, Inbound, Intent, Message, Question, Task

KEYPAD = (*range(1, 10), 0)
ARRIVED = ("sent", "delivered", "answered")
SHOWN = (*ARRIVED, *WAITING, "failed")
MOST = 40
PAPERWORK = ("report_", "still_you")
"""So begin the messages that are about no child."""
ANSWER = "inbound:"
"""So begins the key of what is said in answer to a text; its id follows."""
FIRST = (0, 0)
WAYS = {simulator.VOICE.name: "call", simulator.CHAT.name: "chat"}
Bubble = dict[str, Any]


async def last_texts(session: AsyncSession, contact_ids: Collection[int], child_id: int) -> dict[int, int]:
    """Contact → id of the newest text that arrived there, of those that are not aside."""
    query = select(Message.contact_id, func.max(Message.id)).join(Intent, Intent.message_id == Message.id)
    query = query.outerjoin(Task, Task.id == Intent.task_id).where(Message.contact_id.in_(contact_ids), Message.state.in_(ARRIVED))
    paperwork = or_(*(Intent.template.startswith(name) for name in PAPERWORK))
    query = query.where(~paperwork, func.coalesce(Intent.student_id, Task.student_id, child_id) == child_id)
    return dict((await session.execute(query.group_by(Message.contact_id))).all())


async def bubbles_on(
    session: AsyncSession, catalogue: Catalogue, calendar: Calendar, contact_ids: Collection[int], child_id: int
) -> list[Bubble]:
    """The last texts on this phone, oldest first; `gloss` says in English what a text of ours is about.

    `aside`: about another child, or paperwork; so is what its owner wrote right before it, which it answers.
    `way`: text, chat or call. `state`: arrived, unconfirmed (nobody has said that it arrived), waiting, failed.
    `keys`: what may be pressed below it (answer, label); a call's keypad only while its question is open.
    """
    said = select(Message).where(Message.contact_id.in_(contact_ids), Message.state.in_(SHOWN))
    texts = list(await session.scalars(said.order_by(Message.id.desc()).limit(MOST)))
    written = list(
        await session.scalars(select(Inbound).where(Inbound.contact_id.in_(contact_ids)).order_by(Inbound.id.desc()).limit(MOST))
    )
    glosses, aside = await _glosses(session, catalogue, texts), await _aside(session, texts, child_id)
    asking = await _asking(session, [text.id for text in texts])
    answers = await _answers(session, texts, written)
    rows = [
        (text.sent_at or text.queued_at, text.id, 1, _ours(text, glosses.get(text.id, ""), text.id in asking, text.id in aside))
        for text in texts
    ]
    rows += [(text.received_at, *answers.get(text.id, FIRST), _theirs(text)) for text in written if text.body]
    rows.sort(key=lambda row: row[:3])
    bubbles = [{**bubble, "at": f"{calendar.local(at):%m-%d %H:%M}"} for at, _, _, bubble in rows[-MOST:]]
    for bubble, following in pairwise(bubbles):
        bubble["aside"] |= bubble["mine"] and following["aside"]
    return bubbles


async def _answers(session: AsyncSession, texts: Sequence[Message], written: Sequence[Inbound]) -> dict[int, tuple[int, int]]:
    """Where a text of theirs stands among ours of the same moment: right before ours that answers it, else behind the one it answers."""
    asked = select(Question.id, Question.message_id).where(Question.id.in_([text.question_id for text in written]))
    asking = dict((await session.execute(asked)).all())
    places = {text.id: (asking[text.question_id] or 0, 2) for text in written if text.question_id in asking}
    answering = select(Intent.dedupe_key, Intent.message_id).where(Intent.message_id.in_([text.id for text in texts]))
    for key, message_id in await session.execute(answering.where(Intent.dedupe_key.startswith(ANSWER)).order_by(Intent.message_id.desc())):
        places[int(key.split(":")[1])] = (message_id or 0, 0)
    return places


async def _aside(session: AsyncSession, texts: Sequence[Message], child_id: int) -> set[int]:
    """Those of these texts that say nothing of the child, but of another or of paperwork."""
    said = select(Intent.message_id, Intent.template, func.coalesce(Intent.student_id, Task.student_id))
    said = said.outerjoin(Task, Task.id == Intent.task_id).where(Intent.message_id.in_([text.id for text in texts]))
    found: dict[int, list[bool]] = defaultdict(list)
    for message_id, template, student_id in await session.execute(said):
        found[message_id or 0].append(student_id not in {None, child_id} or template.startswith(PAPERWORK))
    return {message_id for message_id, asides in found.items() if all(asides)}


async def _asking(session: AsyncSession, message_ids: Collection[int]) -> set[int]:
    """Messages whose question may still be answered."""
    return set(await session.scalars(select(Question.message_id).where(Question.message_id.in_(message_ids), Question.state == "open")))


def _ours(text: Message, gloss: str, is_asking: bool, is_aside: bool) -> Bubble:
    way = WAYS.get(text.channel, "text")
    keys = text.options or [] if way == "chat" else [[str(digit), str(digit)] for digit in KEYPAD] if way == "call" else []
    return {
        "mine": False, "text": text.body, "gloss": gloss, "way": way, "state": _fate(text),
        "id": text.id, "keys": keys if is_asking and text.state in ARRIVED else [], "aside": is_aside,
    }  # fmt: skip


def _fate(text: Message) -> str:
    if text.state in WAITING:
        return "waiting"
    return {"failed": "failed", "sent": "unconfirmed"}.get(text.state, "arrived")


def _theirs(text: Inbound) -> Bubble:
    way = WAYS.get(text.channel, "text")
    return {"mine": True, "text": text.body, "gloss": "", "way": way, "state": "arrived", "id": 0, "keys": [], "aside": False}


async def _glosses(session: AsyncSession, catalogue: Catalogue, texts: Sequence[Message]) -> dict[int, str]:
    query = select(Intent.message_id, Intent.template).where(Intent.message_id.in_([text.id for text in texts])).order_by(Intent.id)
    found: dict[int, list[str]] = defaultdict(list)
    for message_id, template in await session.execute(query):
        gloss = catalogue.templates[template].gloss if template in catalogue.templates else template
        if message_id is not None and gloss not in found[message_id]:
            found[message_id].append(gloss)
    return {message_id: " + ".join(glosses) for message_id, glosses in found.items()}
