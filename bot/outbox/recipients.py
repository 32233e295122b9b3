"""What the recipients of a batch have had from us of late, and what they refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, TableValuedAlias, and_, cast, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from bot.outbox.policy import DeliveryPolicy
from bot.outbox.throttle import free_at
from storage.tables import Consent, Contact, Message, Person

LONGEST_WAIT = timedelta(days=7)
"""What stood on a queue for longer and left of late counts against nobody: all that a recipient ever got would be read for it."""


async def refusals(session: AsyncSession, person_ids: Collection[int]) -> dict[int, set[str]]:
    """The kinds of message that these persons do not want."""
    found: dict[int, set[str]] = defaultdict(set)
    if person_ids:
        query = select(Consent.person_id, Consent.kind).where(Consent.person_id == func.any(list(person_ids)), Consent.given.is_(False))
        for person_id, kind in await session.execute(query):
            found[person_id].add(kind)
    return found


async def lock(session: AsyncSession, contact_ids: Iterable[int], person_ids: Iterable[int]) -> None:
    """Nobody else counts what these recipients get, or asks them anything, before we are done; always in this order."""
    for table, ids in ((Contact, contact_ids), (Person, person_ids)):
        if wanted := sorted(set(ids)):
            rows = select(table.id).where(table.id == func.any(wanted)).order_by(table.id)
            await session.execute(rows.with_for_update(key_share=True))


def _each(ids: Collection[int]) -> TableValuedAlias:
    return func.unnest(cast(list(ids), ARRAY(BigInteger))).table_valued("id", name=None).render_derived()


class Throttle:
    """When each recipient may be written to next: by contact and by person, what this batch adds included."""

    def __init__(self, policy: DeliveryPolicy, now: datetime) -> None:
        self._windows = policy.windows
        self._now = now
        self._by_contact: dict[int, list[datetime]] = defaultdict(list)
        self._by_person: dict[int, list[datetime]] = defaultdict(list)

    async def load_queued(self, session: AsyncSession, contact_ids: Collection[int], person_ids: Collection[int]) -> None:
        """What was queued for them within the longest window; answers, safety and what did not arrive are not counted."""
        await self._load(session, Message.queued_at, contact_ids, person_ids, Message.state != "failed")

    async def load_sent(
        self, session: AsyncSession, contact_ids: Collection[int], person_ids: Collection[int], without: Collection[int]
    ) -> None:
        """The same for what has left, whenever it was queued; `without`: messages that are about to leave."""
        is_leaving = and_(Message.state == "sending", Message.retry_at.is_(None))
        left = and_(or_(Message.sent_at.is_not(None), is_leaving), Message.state != "failed")
        await self._load(session, func.coalesce(Message.sent_at, self._now), contact_ids, person_ids, left, without)

    async def _load(
        self,
        session: AsyncSession,
        at: Any,
        contact_ids: Collection[int],
        person_ids: Collection[int],
        counts: ColumnElement[bool],
        without: Collection[int] = (),
    ) -> None:
        if not self._windows or not contact_ids:
            return
        since = self._now - max(window.within for window in self._windows)
        lately = (at > since, Message.queued_at > since - LONGEST_WAIT)  # the latter is what the indexes go by
        others = (*lately, Message.is_answer.is_(False), Message.urgency != "safety", counts)
        # By a join for each, in which the server uses their indexes; over both columns at once it reads every message there is.
        to_them = union(
            *(
                select(Message.id, Message.contact_id, Message.person_id, at.label("at")).join(wanted, wanted.c.id == column).where(*others)
                for column, wanted in ((Message.contact_id, _each(contact_ids)), (Message.person_id, _each(person_ids)))
            )
        )
        for message_id, contact_id, person_id, when in await session.execute(to_them):
            if message_id not in without:
                self._add(contact_id, person_id, when)

    def free_at(self, contact_id: int, person_id: int | None) -> datetime | None:
        """None: now."""
        own = self._by_person[person_id] if person_id is not None else []
        ends = (free_at(self._windows, self._by_contact[contact_id], self._now), free_at(self._windows, own, self._now))
        return max((end for end in ends if end is not None), default=None)

    def count(self, contact_id: int, person_id: int | None) -> None:
        """One more leaves now."""
        self._add(contact_id, person_id, self._now)

    def _add(self, contact_id: int, person_id: int | None, at: datetime) -> None:
        self._by_contact[contact_id].append(at)
        if person_id is not None:
            self._by_person[person_id].append(at)
