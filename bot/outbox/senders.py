"""The accounts and numbers that messages leave from."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.registry import MAIN
from storage import queue
from storage.tables import Message, Sender
from storage.work import Work

URGENCIES = ("safety", "duty", "bulk")
"""In the order in which they leave."""


def queue_name(sender_id: int, urgency: str) -> str:
    return f"out_{sender_id}_{urgency}"


async def ensure_sender(session: AsyncSession, channel: str, address: str, *, account: str = MAIN, rate_per_second: float) -> int:
    """Makes the sender and its queues, or only sets its rate when it is there; gives its id."""
    row = {"channel": channel, "account": account, "address": address, "rate_per_second": rate_per_second}
    made = (
        insert(Sender)
        .values(row)
        .on_conflict_do_update(index_elements=["channel", "account", "address"], set_={"rate_per_second": rate_per_second})
    )
    sender_id = (await session.scalars(made.returning(Sender.id))).one()
    for urgency in URGENCIES:
        await queue.create(session, queue_name(sender_id, urgency))
    return sender_id


@dataclass(frozen=True)
class SenderState:
    """A sender as an operator looks at it. `waiting`: messages that have not left yet."""

    id: int
    channel: str
    address: str
    state: str
    stopped_reason: str | None
    rate_per_second: float
    waiting: int


async def sender_states(session: AsyncSession) -> list[SenderState]:
    """Every sender, with what waits for it."""
    waiting = select(func.count()).where(Message.sender_id == Sender.id, Message.state.in_(("queued", "sending"))).scalar_subquery()
    found = await session.execute(select(Sender, waiting).order_by(Sender.id))
    return [
        SenderState(row.id, row.channel, row.address, row.state, row.stopped_reason, row.rate_per_second, count) for row, count in found
    ]


async def enable_sender(work: Work, sender_id: int) -> bool:
    """Messages may leave from it again, and why it was stopped is forgotten; False when there is no such sender."""
    sender = await work.session.get(Sender, sender_id, with_for_update=True)
    if sender is None:
        return False
    sender.state, sender.stopped_reason = "open", None
    work.record("sender_enabled", f"sender:{sender_id}", area_code="", actor="operator")
    return True


async def disable_sender(work: Work, sender_id: int) -> bool:
    """Nothing leaves from it until it is enabled again; False when there is no such sender."""
    sender = await work.session.get(Sender, sender_id, with_for_update=True)
    if sender is None:
        return False
    sender.state = "paused"
    work.record("sender_disabled", f"sender:{sender_id}", area_code="", actor="operator")
    return True
