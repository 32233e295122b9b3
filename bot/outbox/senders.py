"""The accounts and numbers that messages leave from."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage import queue
from storage.tables import Sender

URGENCIES = ("safety", "duty", "bulk")
"""In the order in which they leave."""


def queue_name(sender_id: int, urgency: str) -> str:
    return f"out_{sender_id}_{urgency}"


async def ensure_sender(session: AsyncSession, channel: str, address: str, *, account: str, rate_per_second: float) -> int:
    """Makes the sender and its queues, or only sets its account and rate when it is there; gives its id."""
    row = {"channel": channel, "address": address, "account": account, "rate_per_second": rate_per_second}
    changed = {"account": account, "rate_per_second": rate_per_second}
    await session.execute(insert(Sender).values(row).on_conflict_do_update(index_elements=["channel", "address"], set_=changed))
    sender_id = (await session.scalars(select(Sender.id).where(Sender.channel == channel, Sender.address == address))).one()
    for urgency in URGENCIES:
        await queue.create(session, queue_name(sender_id, urgency))
    return sender_id
