"""What waits on a sender from which nothing leaves goes another way, where there is one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, or_, select

from bot.outbox.address import open_lines
from bot.outbox.aftermath import say_anew
from bot.outbox.settings import OutboxSettings
from storage.database import Database
from storage.tables import Attempt, Message, Sender, is_waiting
from storage.work import working

SHUT = ("paused", "stopped")


async def recall_stranded(database: Database, now: datetime, settings: OutboxSettings) -> int:
    """Takes messages that nobody has accepted back from senders that are shut; gives how many.

    They stay where no other sender reaches the same kind of contact: it may open again.
    """
    async with working(database, now) as work:
        if not await work.session.scalar(select(exists().where(Sender.state.in_(SHUT)))):
            return 0
        lines = await open_lines(work.session, settings.channels, now, settings.policy.zone)
        reached = {(line.capabilities.contact, line.capabilities.variant) for line in lines}
        alike = [
            channel.capabilities.name
            for channel in settings.channels.values()
            if (channel.capabilities.contact, channel.capabilities.variant) in reached
        ]
        if not alike:
            return 0
        in_doubt = exists().where(Attempt.message_id == Message.id, or_(Attempt.outcome.is_(None), Attempt.outcome == "unknown"))
        stranded = (
            select(Message.id)
            .join(Sender, Sender.id == Message.sender_id)
            .where(is_waiting(), ~in_doubt, Sender.state.in_(SHUT), Message.channel.in_(alike))
            .order_by(Message.urgency.desc(), Message.id)
            .limit(settings.batch)
            .with_for_update(of=Message, skip_locked=True)
        )
        ids = (await work.session.scalars(stranded)).all()
        await say_anew(work, ids, "sender_shut")
        return len(ids)
