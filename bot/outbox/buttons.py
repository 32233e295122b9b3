"""Buttons of a question that has ended, however it ended, are taken away: nobody presses what is not asked any more."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import and_, exists, func, or_, select, update

from bot.channels.base import Clears
from bot.outbox.settings import OutboxSettings
from cases.tasks import LIVING
from storage.database import Database
from storage.tables import Message, Question, Sender, Task
from storage.work import working

log = structlog.get_logger("outbox")
AT_ONCE = 20
"""A courtesy must not take the provider's rate away from messages."""


async def clear_buttons(database: Database, now: datetime, settings: OutboxSettings) -> int:
    """Asks the providers once for each message, whatever comes of it; gives for how many."""
    clearing = {line: channel for line, channel in settings.channels.items() if isinstance(channel, Clears)}
    if not clearing:
        return 0
    ended = await _take(database, now, sorted({name for name, _ in clearing}))
    await asyncio.gather(*(_clear(clearing[line], provider_id) for line, provider_id in ended if line in clearing))
    return len(ended)


async def _take(database: Database, now: datetime, channels: list[str]) -> list[tuple[tuple[str, str], str]]:
    """Account and provider's id of messages whose questions have all ended. They are not taken again."""
    asks = Question.message_id == Message.id
    over = exists().where(Task.id == Question.task_id, Task.state.not_in(LIVING))
    asked_still = exists().where(asks, Question.state == "open", Question.expires_at > now, or_(Question.task_id.is_(None), ~over))
    shown = and_(Message.options.is_not(None), Message.cleared_at.is_(None), Message.provider_id.is_not(None))
    async with working(database, now) as work:
        found = await work.session.execute(
            select(Message.id, Sender.channel, Sender.account, Message.provider_id)
            .join(Sender, Sender.id == Message.sender_id)
            .where(shown, Message.channel == func.any(channels), exists().where(asks), ~asked_still)
            .order_by(Message.id)
            .limit(AT_ONCE)
            .with_for_update(of=Message, skip_locked=True)
        )
        rows = found.all()
        await work.session.execute(update(Message).where(Message.id == func.any([row.id for row in rows])).values(cleared_at=now))
        return [((channel, account), provider_id or "") for _, channel, account, provider_id in rows]


async def _clear(channel: Clears, provider_id: str) -> None:
    try:
        await channel.clear(provider_id)
    except Exception as error:  # noqa: BLE001 - the buttons stay; a press on them is known to be late
        log.warning("buttons not taken away", action="clear_failed", error=type(error).__name__)
