"""Messages whose time ends while they wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.exc import OperationalError

from bot.outbox.aftermath import expire
from bot.outbox.settings import OutboxSettings
from storage.database import Database
from storage.tables import Message, Sender, is_in_doubt, is_waiting
from storage.work import working

log = structlog.get_logger("courier")
NOBODY_ASKS = timedelta(days=1)
"""How long after its time a message in doubt waits for somebody who sends for its account at all."""


async def expire_waiting(database: Database, now: datetime, settings: OutboxSettings) -> int:
    """Ends messages whose time is over while they waited: for a retry, or for a sender that is stopped.

    What is in doubt is looked into first, as long as its sender works: whoever holds it gives it up in the end (`doubt`), and where
    nobody has held it for a day, its account is not set up any more. One that cannot be ended does not keep the others from it.
    """
    async with database.session() as session:
        late = (await session.scalars(_late(now).limit(settings.batch))).all()
    try:
        return await _expired(database, now, late, settings) if late else 0
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001
        log.error("messages not ended", action="expire_failed", messages=len(late), error=type(error).__name__)
        return sum([await _expired_alone(database, now, message_id, settings) for message_id in late])


def _late(now: datetime) -> Select[int]:
    asked = or_(Sender.lease_until > func.clock_timestamp(), Message.expires_at > now - NOBODY_ASKS)
    works = exists().where(Sender.id == Message.sender_id, Sender.state.in_(("open", "draining")), asked)
    return select(Message.id).where(is_waiting(), Message.expires_at <= now, ~(is_in_doubt() & works))


async def _expired(database: Database, now: datetime, message_ids: Sequence[int], settings: OutboxSettings) -> int:
    async with working(database, now) as work:
        locked = _late(now).where(Message.id == func.any(list(message_ids))).with_for_update(skip_locked=True)
        ids = (await work.session.scalars(locked)).all()
        await expire(work, ids, settings.policy)
        return len(ids)


async def _expired_alone(database: Database, now: datetime, message_id: int, settings: OutboxSettings) -> int:
    try:
        return await _expired(database, now, [message_id], settings)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - it is tried again in the next round, and holds up nobody
        log.error("message not ended", action="expire_failed", message_id=message_id, error=type(error).__name__)
        return 0
