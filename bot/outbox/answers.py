"""Loops between machines: too many automatic answers to one contact, and we fall silent there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.outbox.quiet import DeliveryPolicy
from storage.tables import Contact, Intent, Message


class AnswerCount:
    """How many automatic answers each contact got of late."""

    def __init__(self, policy: DeliveryPolicy, now: datetime) -> None:
        self._policy = policy
        self._now = now
        self._counts: Counter[int] = Counter()

    async def load(self, session: AsyncSession, contact_ids: Iterable[int]) -> None:
        wanted = set(contact_ids)
        if not wanted:
            return
        rows = await session.execute(
            select(Message.contact_id, func.count(Message.id.distinct()))
            .join(Intent, Intent.message_id == Message.id)
            .where(
                Message.contact_id.in_(wanted), Message.queued_at > self._now - self._policy.answers_within,
                Intent.contact_id == Message.contact_id,
            )
            .group_by(Message.contact_id)
        )  # fmt: skip
        self._counts.update(dict(rows.all()))

    def may_answer(self, contact: Contact) -> bool:
        """Counts one more answer, unless it is one too many or the contact is silenced."""
        if contact.silent_until is not None and contact.silent_until > self._now:
            return False
        if self._counts[contact.id] >= self._policy.answers:
            return False
        self._counts[contact.id] += 1
        return True

    def silence(self, contact: Contact) -> bool:
        """Falls silent there for a while; False when it is silent already."""
        if contact.silent_until is not None and contact.silent_until > self._now:
            return False
        contact.silent_until = self._now + self._policy.silence
        return True
