"""Messages of which their provider has never said a word are asked about: a phone that is switched off tells nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, exists, func, or_, select

from bot.channels.base import Channel, Heard, Traces
from bot.channels.registry import Line
from bot.inbox.receive import store
from bot.outbox.settings import OutboxSettings
from storage.database import Database
from storage.tables import DeliveryStatus, Message, Sender

log = structlog.get_logger("inbox")
AT_ONCE = 20
LOOK_BACK = timedelta(days=1)
"""What is older has been made good by people."""


async def ask_unheard(database: Database, now: datetime, settings: OutboxSettings) -> int:
    """Stores what became of them as if it had been reported; gives of how many something was learned."""
    asked = {line: channel for line, channel in settings.channels.items() if isinstance(channel, Traces)}
    if not asked:
        return 0
    found = await _unheard(database, now, [(line, channel.silent_after) for line, channel in asked.items()])
    learned = await asyncio.gather(*(_ask(database, settings, asked[line], provider_id, now) for line, provider_id in found))
    return sum(learned)


async def _unheard(database: Database, now: datetime, lines: Sequence[tuple[Line, timedelta]]) -> list[tuple[Line, str]]:
    late = [and_(Sender.channel == line[0], Sender.account == line[1], Message.sent_at <= now - silent) for line, silent in lines]
    told = exists().where(DeliveryStatus.channel == Message.channel, DeliveryStatus.provider_id == Message.provider_id)
    query = (
        select(Sender.channel, Sender.account, Message.provider_id)
        .join(Sender, Sender.id == Message.sender_id)
        .where(Message.state == "sent", Message.queued_at > now - LOOK_BACK, or_(*late), ~told)
        .order_by(func.random())  # an account that cannot be asked must not hold up the others
        .limit(AT_ONCE)
    )
    async with database.session() as session:
        return [((channel, account), provider_id or "") for channel, account, provider_id in await session.execute(query)]


async def _ask(database: Database, settings: OutboxSettings, channel: Channel, provider_id: str, now: datetime) -> bool:
    assert isinstance(channel, Traces)
    try:
        report = await channel.fate(provider_id)
    except Exception as error:  # noqa: BLE001 - the provider cannot be asked just now: it is asked again
        log.warning("message not asked about", action="fate_failed", error=type(error).__name__)
        return False
    await store(database, settings.cipher, channel.capabilities, Heard(statuses=(report,)), now)
    return True
