"""Providers' reports on messages, applied in whatever order and number they came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update

from bot.channels.base import Result
from bot.outbox.aftermath import stop_sender, try_elsewhere
from bot.outbox.progress import advance, is_ahead
from bot.outbox.settings import OutboxSettings
from storage.database import Database
from storage.tables import DeliveryStatus, Message, Sender
from storage.work import Work, working


async def apply_statuses(database: Database, now: datetime, settings: OutboxSettings) -> int:
    """Applies stored reports to their messages; gives how many.

    A report that came before our own commit waits for its message; one about nothing of ours is put aside in the end.
    """
    async with working(database, now) as work:
        rows = await work.session.execute(
            select(DeliveryStatus, Message, Sender)
            .join(Message, (Message.channel == DeliveryStatus.channel) & (Message.provider_id == DeliveryStatus.provider_id))
            .join(Sender, Sender.id == Message.sender_id)
            .where(DeliveryStatus.applied_at.is_(None))
            .order_by(DeliveryStatus.id)
            .limit(settings.batch)
            .with_for_update(skip_locked=True, of=DeliveryStatus)
        )
        reports = rows.all()
        for report, message, sender in reports:
            report.applied_at = now
            await _apply(work, report, message, _failures(settings, sender))
        lost = update(DeliveryStatus).where(DeliveryStatus.applied_at.is_(None), DeliveryStatus.received_at < now - settings.lost_after)
        await work.session.execute(lost.values(applied_at=now))
        return len(reports)


def _failures(settings: OutboxSettings, sender: Sender) -> Mapping[str, Result]:
    channel = settings.channels.get((sender.channel, sender.account))
    return channel.capabilities.failures if channel else {}


async def _apply(work: Work, report: DeliveryStatus, message: Message, failures: Mapping[str, Result]) -> None:
    if report.status == "failed":
        await _failed(work, report, message, failures)
    elif report.status in ("sent", "delivered"):
        advance(message, report.status, report.received_at)


async def _failed(work: Work, report: DeliveryStatus, message: Message, failures: Mapping[str, Result]) -> None:
    if not is_ahead("failed", message.state):
        return
    result = failures.get(report.code or "", Result.RETRY)
    await try_elsewhere(work, message, result, report.code)
    if result is Result.OUR_FAULT:
        await stop_sender(work, message.sender_id, report.code)
