"""Off the queue, checked once more, and an attempt written: all before the provider is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from bot.channels.base import Capabilities, Outgoing
from bot.outbox.address import price_of
from bot.outbox.aftermath import drop, say_anew
from bot.outbox.hours import is_open, left_today
from bot.outbox.lease import Held, Standing, standing_if_held, use
from bot.outbox.quiet import delayed, quiet_end
from bot.outbox.recipients import Throttle, lock
from bot.outbox.senders import URGENCIES
from bot.outbox.settings import OutboxSettings
from bot.outbox.still import still_true
from bot.outbox.taking import Taken, pop, requeue
from bot.outbox.trials import begin_trial
from storage.database import Database
from storage.rows import new_ids, update_rows
from storage.tables import Attempt, Intent, Message
from storage.work import Work, working

log = structlog.get_logger("courier")
PUT_OFF = timedelta(minutes=10)

BEGIN = text("""
with begun as (
    insert into attempt (id, message_id, epoch, counted_on, started_at)
    select attempt_id, message_id, :epoch, :today, clock_timestamp()
    from unnest(cast(:attempts as bigint[]), cast(:messages as bigint[])) pair(attempt_id, message_id)
)
update message set state = 'sending' where id = any(cast(:messages as bigint[])) and state = 'queued'
""")


RESTORED = "restored"
"""Detail of an attempt that nobody remembers, and that may have been made before the installation was restored from its backup."""
DOUBTFUL = text("""
with doubtful as (
    insert into attempt (message_id, epoch, counted_on, started_at, called_at, finished_at, outcome, detail)
    select message_id, :epoch, :today, :since, :since, clock_timestamp(), 'unknown', :detail
    from unnest(cast(:messages as bigint[])) one(message_id)
)
update message set state = 'sending' where id = any(cast(:messages as bigint[])) and state = 'queued'
""")


class Written(Protocol):
    """A message as it is stored, as far as a channel is concerned."""

    @property
    def id(self) -> int: ...
    @property
    def body(self) -> str: ...
    @property
    def template(self) -> str: ...
    @property
    def options(self) -> list[list[str]] | None: ...
    @property
    def values(self) -> Mapping[str, Any] | None: ...
    @property
    def recording_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Ready:
    """One call that is about to be made. `rank`: smaller goes first; `units`: what it counts against rate and cap; `cost`: CNY.

    `is_trial`: its sender is stopped, and this shows whether it works again.
    """

    message_id: int
    attempt_id: int
    outgoing: Outgoing
    rank: int
    units: int
    cost: Decimal | None
    is_trial: bool = False


class PickUp:
    """Takes messages off the queues, for one worker. `holder` as in its leases."""

    def __init__(self, database: Database, settings: OutboxSettings, holder: str) -> None:
        self._database = database
        self._settings = settings
        self._holder = holder

    async def take(self, held: Held, now: datetime, quantity: int, lanes: Sequence[str] = URGENCIES) -> tuple[int, list[Ready]]:
        """How many messages were taken, and those of them that are to be sent now.

        When a batch fails, each is taken by itself, and the one that fails is put off: it must not hold up the others.
        """
        try:
            return await self._some(held, now, quantity, lanes)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001
            log.error("batch not picked up", action="pick_up_failed", sender_id=held.sender_id, error=type(error).__name__)
        picked: list[tuple[int, list[Ready]]] = []
        while len(picked) < quantity:
            picked.append(await self._one(held, now, lanes))
            if not picked[-1][0]:
                break
        return sum(taken for taken, _ in picked), [item for _, ready in picked for item in ready]

    async def _some(self, held: Held, now: datetime, quantity: int, lanes: Sequence[str]) -> tuple[int, list[Ready]]:
        async with working(self._database, now) as work:
            standing = await standing_if_held(work.session, held, self._holder, now)
            if standing is None or not is_open(standing.limits, now.astimezone(self._settings.policy.zone)):
                return 0, []
            return await _Pickup(work, self._settings, held, standing).take(1 if standing.is_trial else quantity, lanes)

    async def _one(self, held: Held, now: datetime, lanes: Sequence[str]) -> tuple[int, list[Ready]]:
        try:
            return await self._some(held, now, 1, lanes)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - tried again later, and its time ends before a person
            return await self._put_off(held, now, lanes, error), []

    async def _put_off(self, held: Held, now: datetime, lanes: Sequence[str], error: Exception) -> int:
        async with working(self._database, now) as work:
            today = now.astimezone(self._settings.policy.zone).date()
            taken = await pop(work.session, held.sender_id, 1, lanes, today)
            await update_rows(work.session, Message.__tablename__, [{"id": one.id, "retry_at": now + PUT_OFF} for one in taken])
        for one in taken:
            log.error("message not picked up", action="pick_up_failed", message_id=one.id, error=type(error).__name__)
        return len(taken)


class _Pickup:
    def __init__(self, work: Work, settings: OutboxSettings, held: Held, standing: Standing) -> None:
        self._work = work
        self._settings = settings
        self._held = held
        self._is_trial = standing.is_trial
        self._asks_since = standing.asks_since
        self._can: Capabilities = settings.channels[held.line].capabilities
        self._today = work.now.astimezone(settings.policy.zone).date()
        self._tomorrow = datetime.combine(self._today + timedelta(days=1), time(), settings.policy.zone).astimezone(work.now.tzinfo)
        self._cap = standing.limits.daily_cap
        self._left = left_today(standing.limits, work.now.astimezone(settings.policy.zone))

    async def take(self, quantity: int, lanes: Sequence[str]) -> tuple[int, list[Ready]]:
        await requeue(self._work, self._held.sender_id)
        most = quantity if self._left is None else min(quantity, self._left)
        taken = await pop(self._work.session, self._held.sender_id, most, lanes, self._today)
        # Whose time is over waits for `expiry`.
        alive = [message for message in taken if message.expires_at > self._work.now]
        by_day = await self._by_day(await self._within_a_day(await self._still_theirs(alive)))
        sendable = await self._within_cap(await self._not_too_often(await self._true(by_day)))
        return len(taken), await self._begin(await self._unsaid(sendable))

    async def _still_theirs(self, taken: Sequence[Taken]) -> list[Taken]:
        """What waited here may since have lost its reader: who has it now is a stranger, or wants no publicity. It is addressed anew."""
        await say_anew(self._work, [message.id for message in taken if message.astray], "addressed_anew")
        return [message for message in taken if not message.astray]

    async def _within_a_day(self, taken: Sequence[Taken]) -> list[Taken]:
        """Since it was queued, the cap may have become lower than what it counts: no day would ever hold it. It is addressed anew."""
        over = [message.id for message in taken if self._cap is not None and self._can.units(message.parts) > self._cap]
        await say_anew(self._work, over, "over_cap")
        return [message for message in taken if message.id not in over]

    async def _by_day(self, taken: Sequence[Taken]) -> list[Taken]:
        """What was made by day and comes to its turn at night waits for the morning."""
        policy, now = self._settings.policy, self._work.now
        if quiet_end(policy, now) is None:
            return list(taken)
        times = {
            # Made at night on purpose: an answer to somebody who has just written.
            message.id: None if quiet_end(policy, message.queued_at) else delayed(policy, message.urgency, now, message.expires_at)
            for message in taken
        }
        waits = [{"id": key, "retry_at": time[0], "expires_at": time[1]} for key, time in times.items() if time is not None]
        await update_rows(self._work.session, Message.__tablename__, waits)
        return [message for message in taken if times[message.id] is None]

    async def _true(self, taken: Sequence[Taken]) -> list[Taken]:
        """What is still true. Of a message about several, those that still are get a message of their own."""
        if not taken:
            return []
        ids = [message.id for message in taken]
        columns = (Intent.id, Intent.message_id, Intent.still, Intent.student_id)
        rows = await self._work.session.execute(select(*columns).where(Intent.message_id == func.any(ids), Intent.state == "queued"))
        inside = [(row.id, row.message_id, row.still, row.student_id) for row in rows]
        asked = {intent_id: still for intent_id, _, still, student_id in inside if still is not None or student_id is not None}
        true = await still_true(self._work.session, asked, self._settings.policy)
        some = {message_id for intent_id, message_id, _, _ in inside if intent_id not in asked or intent_id in true}
        untrue = {message_id for intent_id, message_id, _, _ in inside if intent_id in asked and intent_id not in true}
        await drop(self._work, [message_id for message_id in ids if message_id not in some], "no_longer_true")
        await say_anew(self._work, sorted(some & untrue), "partly_true")
        return [message for message in taken if message.id in some - untrue]

    async def _not_too_often(self, taken: list[Taken]) -> list[Taken]:
        """What waited for hours must not end in a burst: the rest of what one recipient would get now stays until it may leave."""
        session, limited = self._work.session, [message for message in taken if message.urgency != "safety" and not message.is_answer]
        if not limited or not self._settings.policy.windows:
            return taken
        contacts = {message.contact_id for message in limited}
        people = {message.person_id for message in limited if message.person_id is not None}
        throttle = Throttle(self._settings.policy, self._work.now)
        await lock(session, contacts, people)
        await throttle.load_sent(session, contacts, people, {message.id for message in taken})
        waits: dict[int, datetime] = {}
        for message in limited:
            free_at = throttle.free_at(message.contact_id, message.person_id)
            if free_at is None:
                throttle.count(message.contact_id, message.person_id)
            else:
                waits[message.id] = min(free_at, message.expires_at)
        await update_rows(session, Message.__tablename__, [{"id": key, "retry_at": at} for key, at in waits.items()])
        return [message for message in taken if message.id not in waits]

    async def _within_cap(self, taken: list[Taken]) -> list[Taken]:
        """What the sender may still send today; the rest waits for the next local day, or for another sender that takes it now.

        What is left of the day but too little for the next message counts as used up: else the sender seems open, and all stay with it.
        """
        if self._left is None:
            return taken
        left, inside = self._left, []
        for message in taken:
            if (units := self._can.units(message.parts)) > left:
                break
            left -= units
            inside.append(message)
        waits = [{"id": message.id, "retry_at": self._tomorrow} for message in taken[len(inside) :]]
        if waits:
            await use(self._work.session, self._held.sender_id, left, self._today)
        await update_rows(self._work.session, Message.__tablename__, waits)
        return inside

    async def _unsaid(self, taken: Sequence[Taken]) -> Sequence[Taken]:
        """After a restore: what may have left after the backup is in doubt, once, until its provider has been asked; gives the others."""
        if self._asks_since is None or not self._can.can_be_asked or not taken:
            return taken
        session, ids = self._work.session, [message.id for message in taken]
        looked = select(Attempt.message_id).where(Attempt.message_id == func.any(ids), Attempt.detail == RESTORED)
        known = set(await session.scalars(looked))
        if doubtful := [message for message in taken if message.id not in known]:
            ids = [message.id for message in doubtful]
            asked = {"messages": ids, "epoch": self._held.epoch, "today": self._today, "since": self._asks_since, "detail": RESTORED}
            await session.execute(DOUBTFUL, asked)
            await use(session, self._held.sender_id, sum(self._can.units(message.parts) for message in doubtful), self._today)
        return [message for message in taken if message.id in known]

    async def _begin(self, taken: Sequence[Taken]) -> list[Ready]:
        if not taken:
            return []
        session, decrypt = self._work.session, self._settings.cipher.decrypt
        if self._is_trial:
            await begin_trial(self._work, self._held.sender_id, self._settings.policy)
        attempts = await new_ids(session, Attempt.__tablename__, len(taken))
        begun = {"attempts": attempts, "messages": [message.id for message in taken], "epoch": self._held.epoch, "today": self._today}
        await session.execute(BEGIN, begun)
        await use(session, self._held.sender_id, sum(self._can.units(message.parts) for message in taken), self._today)
        return [
            Ready(
                message.id, attempt_id, outgoing(message, decrypt(message.address_encrypted), self._held, self._settings),
                URGENCIES.index(message.urgency), units, price_of(self._held.price, units), self._is_trial,
            )
            for message, attempt_id in zip(taken, attempts, strict=True)
            for units in (self._can.units(message.parts),)
        ]  # fmt: skip


def outgoing(message: Written, to: str, held: Held, settings: OutboxSettings) -> Outgoing:
    """The message as a channel takes it."""
    return Outgoing(
        message.id, to, held.address, message.body, hooks=settings.hooks(held.line),
        options=tuple((answer, label) for answer, label in message.options or ()), template=message.template,
        values=message.values or {}, recording=settings.recording(message.recording_id),
    )  # fmt: skip
