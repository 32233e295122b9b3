"""The accounts and numbers that messages leave from, and what an operator changes about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.registry import MAIN
from storage import queue
from storage.tables import Contact, Message, Sender, is_waiting
from storage.work import Work

URGENCIES = ("safety", "duty", "bulk")
"""In the order in which they leave."""
NUMBER = ("channel", "account", "address")
"""What makes a sender the same sender."""
DROP_QUEUE = text("select pgmq.drop_queue(:name)")


def queue_name(sender_id: int, urgency: str) -> str:
    return f"out_{sender_id}_{urgency}"


async def ensure_sender(session: AsyncSession, channel: str, address: str, *, account: str = MAIN, rate_per_second: float) -> int:
    """Makes the sender and its queues, or only sets its rate when it is there; gives its id."""
    row = {"channel": channel, "account": account, "address": address, "rate_per_second": rate_per_second}
    made = insert(Sender).values(row).on_conflict_do_update(index_elements=NUMBER, set_={"rate_per_second": rate_per_second})
    sender_id = (await session.scalars(made.returning(Sender.id))).one()
    await _make_queues(session, sender_id)
    return sender_id


async def add_sender(work: Work, channel: str, account: str, address: str, terms: Mapping[str, Any]) -> int | None:
    """A new sender with its queues; `terms` are columns of the table. None when it is there already: nothing has changed then."""
    row = {"channel": channel, "account": account, "address": address, **terms}
    made = insert(Sender).values(row).on_conflict_do_nothing(index_elements=NUMBER).returning(Sender.id)
    sender_id = (await work.session.scalars(made)).one_or_none()
    if sender_id is not None:
        await _make_queues(work.session, sender_id)
        work.record("sender_added", f"sender:{sender_id}", area_code="", actor="operator", channel=channel, account=account)
    return sender_id


async def _make_queues(session: AsyncSession, sender_id: int) -> None:
    for urgency in URGENCIES:
        await queue.create(session, queue_name(sender_id, urgency))


@dataclass(frozen=True)
class SenderState:
    """A sender as an operator looks at it. `used`: of the day's cap, on the day that was asked for. `waiting`: messages by urgency.

    `is_held`: a worker that runs sends from it. `try_at`: when it is tried again, where it is stopped.
    """

    id: int
    channel: str
    account: str
    address: str
    state: str
    stopped_reason: str | None
    rate_per_second: float
    daily_cap: int | None
    used: int
    hours_from: time | None
    hours_until: time | None
    price: Decimal | None
    waiting: Mapping[str, int]
    is_held: bool
    try_at: datetime | None


async def sender_states(session: AsyncSession, today: date) -> list[SenderState]:
    """Every sender, with what waits for it and what it has used up of `today`'s cap."""
    counted = select(Message.sender_id, Message.urgency, func.count()).where(is_waiting())
    waiting: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(URGENCIES, 0))
    for sender_id, urgency, count in await session.execute(counted.group_by(Message.sender_id, Message.urgency)):
        waiting[sender_id][urgency] = count
    is_held = func.coalesce(Sender.lease_until > func.clock_timestamp(), False)
    senders = await session.execute(select(Sender, is_held).order_by(Sender.id))
    return [
        SenderState(
            sender.id, sender.channel, sender.account, sender.address, sender.state, sender.stopped_reason, sender.rate_per_second,
            sender.daily_cap, used_on(sender, today), sender.hours_from, sender.hours_until, sender.price, waiting[sender.id],
            held, sender.try_at if sender.state == "stopped" else None,
        )
        for sender, held in senders
    ]  # fmt: skip


def used_on(sender: Sender, today: date) -> int:
    """How much of its cap is used up on the local day `today`."""
    return sender.used if sender.used_on == today else 0


def use_up(sender: Sender, today: date, quantity: int) -> bool:
    """Counts so much against its cap on the local day `today`; False, and nothing is counted, when the cap does not hold it."""
    used = used_on(sender, today) + quantity
    if sender.daily_cap is not None and used > sender.daily_cap:
        return False
    sender.used, sender.used_on = used, today
    return True


async def find_sender(work: Work, sender_id: int) -> Sender | None:
    """Locked until the end of the unit of work, so that nobody else changes it meanwhile."""
    return await work.session.get(Sender, sender_id, with_for_update=True)


def change_terms(work: Work, sender: Sender, terms: Mapping[str, Any]) -> None:
    """Sets columns (rate, cap, hours, price); what is the same already is not recorded."""
    changed = {name: value for name, value in terms.items() if getattr(sender, name) != value}
    for name, value in changed.items():
        setattr(sender, name, value)
    if changed:
        values = {name: None if value is None else str(value) for name, value in changed.items()}
        work.record("sender_changed", f"sender:{sender.id}", area_code="", actor="operator", to=values)


def pause_sender(work: Work, sender: Sender) -> None:
    """Nothing leaves from it until it is resumed."""
    if sender.state != "paused":
        sender.state = "paused"
        work.record("sender_paused", f"sender:{sender.id}", area_code="", actor="operator")


def drain_sender(work: Work, sender: Sender) -> None:
    """It takes nothing new, and sends what waits for it."""
    if sender.state != "draining":
        sender.state = "draining"
        work.record("sender_draining", f"sender:{sender.id}", area_code="", actor="operator")


def resume_sender(work: Work, sender: Sender) -> None:
    """Messages may leave from it again, and why it was stopped is forgotten."""
    if sender.state != "open":
        sender.state, sender.stopped_reason, sender.try_at, sender.tries = "open", None, None, 0
        work.record("sender_resumed", f"sender:{sender.id}", area_code="", actor="operator")


async def was_used(work: Work, sender: Sender) -> bool:
    """Whether any message waits for it or ever left from it."""
    return bool(await work.session.scalar(select(exists().where(Message.sender_id == sender.id))))


async def remove_sender(work: Work, sender: Sender) -> None:
    """One that was never used, with its queues. The unit of work must be the owner's: only the owner may drop queues."""
    await work.session.execute(update(Contact).where(Contact.sender_id == sender.id).values(sender_id=None))
    await work.session.execute(delete(Sender).where(Sender.id == sender.id))
    for urgency in URGENCIES:
        await work.session.execute(DROP_QUEUE, {"name": queue_name(sender.id, urgency)})
    work.record("sender_removed", f"sender:{sender.id}", area_code="", actor="operator", channel=sender.channel, account=sender.account)
