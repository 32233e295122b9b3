"""Brings waiting deliveries to their hooks: at least once, in order within a lane, again after a failure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, select, true, update
from sqlalchemy.orm import aliased

from bot.hooks.calling import Call, Outcome, call
from cases.outward.hooks import hook_failed
from storage.clock import Clock
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import ApiHook, CaseFile, Event, HookDelivery
from storage.work import Work, working

log = structlog.get_logger("hooks")
BATCH = 20
"""Of one hook, at the same time."""
CLAIMED = timedelta(minutes=1)
"""Longer than a call may take: whoever has not concluded by then has died, and another tries again."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
IDLE_SECONDS = 1.0
TOLD = ("level", "episode", "kind", "on", "absent", "version", "exit")
"""Facts of an event that are told outside."""


class HookDeliverer:
    """Several may run. `allow_private`: also to this machine and network (tests, a county's own server)."""

    def __init__(self, database: Database, clock: Clock, cipher: Cipher, *, allow_private: bool = False) -> None:
        self._database, self._clock, self._cipher = database, clock, cipher
        self._allow_private = allow_private

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Hooks that fail have a round of their own: their time-outs hold up nobody else."""
        await asyncio.gather(*(self._rounds(stop, failing=failing) for failing in (False, True)))

    async def _rounds(self, stop: asyncio.Event, *, failing: bool) -> None:
        """An error is logged and waited out: the database may be gone."""
        while not stop.is_set():
            try:
                done = await self._round(await self._clock.now(), failing=failing)
            except Exception as error:  # noqa: BLE001 - a loop never ends but by `stop`
                done = 0
                log.error("hooks failed", action="step_failed", step="hooks", error=type(error).__name__)
            if not done:
                await _rest(stop)

    async def deliver(self, now: datetime) -> int:
        """One round of each kind; gives how many were tried."""
        return sum([await self._round(now, failing=failing) for failing in (False, True)])

    async def _round(self, now: datetime, *, failing: bool) -> int:
        ids = await claim(self._database, now, failing=failing)
        await asyncio.gather(*(self._one(delivery_id, now) for delivery_id in ids))
        return len(ids)

    async def _one(self, delivery_id: int, now: datetime) -> None:
        async with self._database.session() as session:
            delivery = await session.get_one(HookDelivery, delivery_id)
            hook = await session.get_one(ApiHook, delivery.hook_id)
            event = await session.get_one(Event, delivery.event_id)
            number = await session.scalar(select(CaseFile.number).where(CaseFile.id == event.case_id))
            asked = Call(f"evt_{delivery.id}", hook.url, self._cipher.decrypt(hook.secret_encrypted), body_of(delivery.id, event, number))
        outcome = await call(asked, allow_private=self._allow_private)
        async with working(self._database, now) as work:
            await conclude(work, delivery_id, outcome)


def body_of(delivery_id: int, event: Event, case_number: str | None) -> bytes:
    """What happened, when and where: ids, codes and days only."""
    told = {name: event.facts[name] for name in TOLD if name in event.facts}
    body = {
        "id": f"evt_{delivery_id}", "kind": event.action, "at": event.at.isoformat(), "area": event.area_code,
        "case_number": case_number, "subject": event.subject, "facts": told,
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False, sort_keys=True).encode()


async def claim(database: Database, now: datetime, *, failing: bool = False) -> Sequence[int]:
    """The oldest waiting of each lane that is due: of each hook that answers so many, of each that is `failing` one.

    They are not due again until the claim has lapsed, whoever dies.
    """
    earlier = aliased(HookDelivery)
    blocked = exists().where(
        earlier.hook_id == HookDelivery.hook_id, earlier.lane == HookDelivery.lane, earlier.state == "waiting", earlier.id < HookDelivery.id
    )
    heads = (
        select(HookDelivery.id)
        .where(HookDelivery.hook_id == ApiHook.id, HookDelivery.state == "waiting", HookDelivery.next_at <= now, ~blocked)
        .order_by(HookDelivery.id)
        .limit(1 if failing else BATCH)
        .with_for_update(skip_locked=True)
        .correlate(ApiHook)
        .lateral()
    )
    fails = ApiHook.failing_since.is_not(None) if failing else ApiHook.failing_since.is_(None)
    due = select(heads.c.id).select_from(ApiHook).join(heads, true()).where(ApiHook.state == "open", fails)
    async with database.session() as session, session.begin():
        ids = list(await session.scalars(due))
        claimed = update(HookDelivery).where(HookDelivery.id.in_(ids))
        await session.execute(claimed.values(next_at=now + CLAIMED, tries=HookDelivery.tries + 1))
    return ids


async def conclude(work: Work, delivery_id: int, outcome: Outcome) -> None:
    """Keeps what came of a try; the hook's row is locked first, so that two outcomes agree on when it began to fail."""
    hook_id = select(HookDelivery.hook_id).where(HookDelivery.id == delivery_id).scalar_subquery()
    hook = (await work.session.scalars(select(ApiHook).where(ApiHook.id == hook_id).with_for_update())).one()
    delivery = await work.session.get_one(HookDelivery, delivery_id, with_for_update=True)
    if delivery.state != "waiting":
        return
    delivery.status, delivery.error = outcome.status, outcome.error
    if outcome.is_taken:
        delivery.state, delivery.done_at, hook.failing_since = "delivered", work.now, None
        return
    log.warning("hook not taken", action="hook_failed", hook_id=hook.id, status=outcome.status, error=outcome.error)
    delivery.next_at = work.now + min(FIRST_PAUSE * 2 ** min(delivery.tries - 1, 10), LONGEST_PAUSE)
    await hook_failed(work, hook)


async def _rest(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), IDLE_SECONDS)
    except TimeoutError:
        return
