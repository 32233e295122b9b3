"""From intents to messages on the queues: one batch, one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.outbox.batch import Batch
from bot.outbox.claim import Due, claim, claim_one, companions, due_ids
from bot.outbox.settings import OutboxSettings
from storage.database import Database
from storage.tables import Intent
from storage.work import working

log = structlog.get_logger("outbox")
AFTER_ERROR = timedelta(minutes=10)

Claim = Callable[[AsyncSession], Awaitable[Sequence[Due]]]


async def dispatch(database: Database, now: datetime, settings: OutboxSettings) -> int:
    """Takes up to one batch of due intents and settles each: queued, held, dropped, expired or unaddressable. Gives their number."""
    try:
        return await _settle(database, now, settings, partial(claim, now=now, limit=settings.batch))
    except OperationalError:  # the database's trouble, not an intent's
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, the others of the batch must still go
        log.error("batch failed", action="dispatch_failed", error=type(error).__name__)
        return await _one_by_one(database, now, settings)


async def _settle(database: Database, now: datetime, settings: OutboxSettings, claimed: Claim) -> int:
    async with working(database, now) as work:
        intents = list(await claimed(work.session))
        if intents:
            intents += await _joining(work.session, now, settings, intents)
            await Batch(work, settings).settle(intents)
        return len(intents)


async def _joining(session: AsyncSession, now: datetime, settings: OutboxSettings, intents: Sequence[Due]) -> list[Due]:
    """What is due a little later and may go along."""
    merging = {intent.template for intent in intents if settings.catalogue.traits(intent.template).merge is not None}
    return await companions(session, now, settings.policy.merge_ahead, intents, merging) if merging else []


async def _one_by_one(database: Database, now: datetime, settings: OutboxSettings) -> int:
    """One intent that cannot be handled must not hold up the others: it is put off, and expires before a person."""
    async with database.session() as session:
        ids = await due_ids(session, now, settings.batch)
    for intent_id in ids:
        try:
            await _settle(database, now, settings, partial(claim_one, now=now, intent_id=intent_id))
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001
            log.error("intent failed", action="intent_failed", intent_id=intent_id, error=type(error).__name__)
            await _put_off(database, now, intent_id)
    return len(ids)


async def _put_off(database: Database, now: datetime, intent_id: int) -> None:
    async with database.session() as session, session.begin():
        later = update(Intent).where(Intent.id == intent_id, Intent.state == "pending")
        await session.execute(later.values(due_at=now + AFTER_ERROR, reason="error"))
