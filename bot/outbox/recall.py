"""What waits on a sender from which nothing leaves goes another way, where there is one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.outbox.address import Line, Wanted, choose, open_lines
from bot.outbox.aftermath import say_anew
from bot.outbox.contacts import Reach
from bot.outbox.settings import OutboxSettings
from cases.responsible import usable
from storage.database import Database
from storage.tables import Contact, Intent, Message, PersonContact, Sender, is_in_doubt, is_waiting
from storage.work import Work, working

SHUT = ("paused", "stopped")
UNHELD = timedelta(minutes=2)
"""A sender without a worker for so long (database time) is shut, too: its account's settings are in no process's environment any more."""
LOOK = timedelta(minutes=1)
"""Between two looks at senders that have used up their day: no index leads to what matters on their queues."""


class Recall:
    """One for each process. What nobody has accepted is addressed anew; what is in doubt stays."""

    def __init__(self, database: Database, settings: OutboxSettings) -> None:
        self._database = database
        self._settings = settings
        self._looked_at: datetime | None = None

    async def run(self, now: datetime) -> int:
        """How many messages were taken back."""
        async with working(self._database, now) as work:
            lines = await open_lines(work.session, self._settings.channels, now, self._settings.policy.zone)
            taken = await self._shut(work, lines)
            if any(not line.ready for line in lines) and (self._looked_at is None or abs(now - self._looked_at) >= LOOK):
                self._looked_at = now
                taken += await self._spent(work, lines)
        return taken

    async def _shut(self, work: Work, lines: Sequence[Line]) -> int:
        """From senders that are shut. It stays where no other one reaches its reader: the sender may open again."""
        shut = or_(Sender.state.in_(SHUT), Sender.lease_until < func.clock_timestamp() - UNHELD)
        if not await work.session.scalar(select(exists().where(shut))):
            return 0
        today = work.now.astimezone(self._settings.policy.zone).date()
        other, link = aliased(Contact), aliased(PersonContact)
        kinds = {line.capabilities.contact for line in lines if line.capabilities.variant != "voice"}
        elsewhere = exists().where(
            link.person_id == Message.person_id, link.contact_id == other.id, link.contact_id != Message.contact_id,
            other.kind.in_(kinds), *usable(today, other, link),
        )  # fmt: skip
        known = [channel.capabilities.name for channel in self._settings.channels.values()]
        here = exists().where(Contact.id == Message.contact_id, Contact.kind.in_(kinds))
        other_way = or_(Message.channel.in_(self._alike(lines)), Message.channel.not_in(known) & here, elsewhere)
        return await self._say_anew(work, await self._locked(work, self._waiting().where(shut, other_way)))

    async def _spent(self, work: Work, lines: Sequence[Line]) -> int:
        """From senders that have used up their day or are closed at this hour, where another takes it now. Publicity waits for them.

        However many wait there that no other takes, those behind them are found.
        """
        spent = [line.sender_id for line in lines if not line.ready]
        alike = self._alike([line for line in lines if line.ready])
        stranded = self._waiting().where(Message.sender_id.in_(spent), Message.urgency != "bulk", Message.channel.in_(alike))
        moving: list[int] = []
        for start in count(0, self._settings.batch):
            ids = (await work.session.scalars(stranded.offset(start))).all() if alike else []
            moving = await self._with_another_way(work.session, ids, lines, work.now)
            if moving or len(ids) < self._settings.batch:
                break
        return await self._say_anew(work, await self._locked(work, self._waiting().where(Message.id.in_(moving))))

    async def _with_another_way(self, session: AsyncSession, ids: Collection[int], lines: Sequence[Line], now: datetime) -> list[int]:
        """Those of the messages that would be addressed to a line that is ready: the others would only come back here."""
        columns = (Intent.message_id, Intent.template, Intent.resting, Contact.id, Contact.kind, Contact.sender_id)
        inside = select(*columns).join(Message, Message.id == Intent.message_id).join(Contact, Contact.id == Message.contact_id)
        rows = (await session.execute(inside.where(Intent.message_id == func.any(list(ids)), Intent.state == "queued"))).all()
        stay = {row.message_id for row in rows if not self._has_way(row, lines, now)}
        return sorted({row.message_id for row in rows} - stay)

    def _has_way(self, row: Any, lines: Sequence[Line], now: datetime) -> bool:
        audience = self._settings.catalogue.traits(row.template).audience
        wanted = Wanted(audience, row.template, row.template in self._settings.spoken, row.resting or {})
        route = choose([Reach(row.id, row.kind, sender_id=row.sender_id)], lines, wanted, now)
        return route is not None and route.line.ready

    def _alike(self, lines: Iterable[Line]) -> list[str]:
        """The channels that reach the same contacts in the same way as one of these lines."""
        reached = {(line.capabilities.contact, line.capabilities.variant) for line in lines}
        channels = self._settings.channels.values()
        return [one.capabilities.name for one in channels if (one.capabilities.contact, one.capabilities.variant) in reached]

    def _waiting(self) -> Select[int]:
        return (
            select(Message.id)
            .join(Sender, Sender.id == Message.sender_id)
            .where(is_waiting(), ~is_in_doubt())
            .order_by(Message.urgency.desc(), Message.id)
            .limit(self._settings.batch)
        )

    async def _locked(self, work: Work, waiting: Select[int]) -> Sequence[int]:
        return (await work.session.scalars(waiting.with_for_update(of=Message, skip_locked=True))).all()

    async def _say_anew(self, work: Work, ids: Sequence[int]) -> int:
        """Looked at again now that they are locked: one may have been picked up since they were looked for."""
        if not ids:
            return 0
        called = set(await work.session.scalars(select(Message.id).where(Message.id == func.any(list(ids)), is_in_doubt())))
        await say_anew(work, [message_id for message_id in ids if message_id not in called], "sender_shut")
        return len(ids) - len(called)
