"""What the provider answered, written into the rows: acceptances in one statement, the rest one by one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.channels.base import Outcome, Result
from bot.outbox.aftermath import call_again, stop_sender, try_again, try_elsewhere
from bot.outbox.lease import give_back
from bot.outbox.pace import pause
from bot.outbox.pickup import Ready
from bot.outbox.settings import OutboxSettings
from bot.outbox.trials import end_trial
from cases.contacts import move_contact
from storage.rows import as_json, insert_rows
from storage.tables import WAITING_SQL, Attempt, DeliveryStatus, Message
from storage.work import Work

Answered = tuple[Ready, Outcome]
NOT_TAKEN = frozenset({Result.RETRY, Result.OUR_FAULT, Result.NO_ROUTE, Result.UNSAYABLE, Result.BAD_CONTACT, Result.BLOCKED})
"""Results after which the provider has counted nothing."""
NOT_CALLED = Outcome(Result.RETRY, code="lease_over")
"""What comes of a call that was not made, since its sender was taken by another, or shut."""

# An attempt that somebody else has settled meanwhile is left alone.
ACCEPT = text(f"""
with told as (
    select * from jsonb_to_recordset(cast(:rows as jsonb))
        as told(attempt_id bigint, message_id bigint, provider_id text, code text, cost numeric)
), settled as (
    update attempt set outcome = 'accepted', detail = told.code, finished_at = clock_timestamp()
    from told where attempt.id = told.attempt_id and attempt.outcome is null
    returning attempt.message_id
)
update message set
    provider_id = told.provider_id, cost = told.cost, sent_at = coalesce(message.sent_at, :now),
    state = case when message.state in {WAITING_SQL} then 'sent' else message.state end
from told join settled using (message_id) where message.id = told.message_id
""")


def is_plain(answered: Answered) -> bool:
    """Whether it says no more than that the message was accepted."""
    item, outcome = answered
    return outcome.result is Result.ACCEPTED and outcome.status is None and not item.is_trial


async def accept(database: AsyncSession | AsyncConnection, accepted: Sequence[Answered], now: datetime) -> None:
    """Writes acceptances, whatever their number, in one statement."""
    rows = [
        {
            "attempt_id": item.attempt_id, "message_id": item.message_id, "provider_id": outcome.provider_id,
            "code": outcome.code, "cost": item.cost,
        }
        for item, outcome in accepted
    ]  # fmt: skip
    await database.execute(ACCEPT, {"rows": as_json(rows), "now": now})


class Conclusion:
    """Writes what the provider answered to a batch."""

    def __init__(self, work: Work, sender_id: int, channel: str, settings: OutboxSettings) -> None:
        self._work = work
        self._sender_id = sender_id
        self._channel = channel
        self._policy = settings.policy
        self._cipher = settings.cipher

    async def write(self, answered: Sequence[Answered]) -> None:
        """Every message is sent, waits to be tried again, goes another way, or is in doubt."""
        await self._accept([(item, outcome) for item, outcome in answered if outcome.result is Result.ACCEPTED])
        await self._others([(item, outcome) for item, outcome in answered if outcome.result is not Result.ACCEPTED])
        await self._report([outcome for _, outcome in answered if outcome.status is not None])

    async def _accept(self, accepted: Sequence[Answered]) -> None:
        if accepted:
            await accept(self._work.session, accepted, self._work.now)
        if any(item.is_trial for item, _ in accepted):
            await end_trial(self._work, self._sender_id)

    async def _others(self, answered: Sequence[Answered]) -> None:
        if not answered:
            return
        told = {item.attempt_id: (item, outcome) for item, outcome in answered}
        rows = await self._work.session.execute(
            select(Attempt, Message)
            .join(Message, Message.id == Attempt.message_id)
            .where(Attempt.id == func.any(list(told)), Attempt.outcome.is_(None))
            .order_by(Message.id)
            .with_for_update()
        )
        ended = await self._work.session.scalar(text("select clock_timestamp()"))
        for attempt, message in rows.all():
            item, outcome = told[attempt.id]
            attempt.outcome, attempt.finished_at, attempt.detail = outcome.result.value, ended, outcome.code
            await self._one(message, outcome)
            await self._uncount(attempt, item.units, outcome)

    async def _one(self, message: Message, outcome: Outcome) -> None:
        match outcome.result:
            case Result.RETRY:
                await self._again(message, outcome)
            case Result.OUR_FAULT:
                message.retry_at = self._work.now
                await stop_sender(self._work, self._sender_id, outcome.code, self._policy)
            case Result.NOT_REACHED:
                await call_again(self._work, message, outcome.code, self._policy)
            case Result.NO_ROUTE | Result.UNSAYABLE | Result.BAD_CONTACT | Result.BLOCKED:
                await try_elsewhere(self._work, message, outcome.result, outcome.code, self._policy)

    async def _uncount(self, attempt: Attempt, units: int, outcome: Outcome) -> None:
        if outcome.result in NOT_TAKEN:
            await give_back(self._work.session, self._sender_id, units, attempt.counted_on)

    async def _again(self, message: Message, outcome: Outcome) -> None:
        if outcome.moved_to is not None and await self._moved(message, outcome.moved_to):
            message.retry_at = self._work.now
            return
        if outcome == NOT_CALLED:  # so nothing has failed, and nothing need rest
            message.retry_at = min(self._work.now + pause(1, None, random.random()), message.expires_at)
            return
        await try_again(self._work, message, outcome.code, self._policy, outcome.retry_after)

    async def _moved(self, message: Message, address: str) -> bool:
        return await move_contact(self._work, message.contact_id, self._cipher.encrypt(address), self._cipher.index(address))

    async def _report(self, reported: Sequence[Outcome]) -> None:
        """What the provider said along with its answer goes the way of all status reports."""
        told = {"channel": self._channel, "received_at": self._work.now}
        rows = [told | {"provider_id": outcome.provider_id, "status": outcome.status, "code": outcome.code} for outcome in reported]
        await insert_rows(self._work.session, DeliveryStatus.__tablename__, rows, known="on conflict do nothing")
