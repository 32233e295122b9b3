"""What went to and fro between us and the contacts of a batch of late, and what becomes of the next answer there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.outbox.loops import Exchange, Verdict, verdict
from bot.outbox.policy import DeliveryPolicy
from cases.responsible import in_force, standing_in
from storage.tables import Contact, Inbound, Message, PersonContact, Responsibility, StandIn

COMPARED = 200
"""Characters by which two texts are told apart."""


@dataclass
class _Talk:
    """By words: how often each was said to the contact, and by it, within the shorter and the longer of the policy's times."""

    said: Counter[str] = field(default_factory=Counter)
    said_long: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    came_long: Counter[str] = field(default_factory=Counter)
    aimless: int = 0
    newest: tuple[int, str, bool] = (0, "", False)


class Answers:
    """How many automatic answers each contact got of late to what, and whether it gets another."""

    def __init__(self, policy: DeliveryPolicy, now: datetime) -> None:
        self._policy = policy
        self._now = now
        self._since = now - policy.answers.within
        self._long_since = now - max(policy.silence, policy.answers.within)
        self._talks: dict[int, _Talk] = defaultdict(_Talk)
        self._silent: dict[int, datetime] = {}
        self._staff: set[int] = set()

    async def load(self, session: AsyncSession, contact_ids: Iterable[int]) -> None:
        wanted = list(set(contact_ids))
        if not wanted:
            return
        await self._load_said(session, wanted)
        await self._load_texts(session, wanted)
        await self._load_staff(session, wanted)
        silent = select(Contact.id, Contact.silent_until).where(Contact.id == func.any(wanted), Contact.silent_until > self._now)
        self._silent = {contact_id: until for contact_id, until in await session.execute(silent) if until is not None}

    async def _load_said(self, session: AsyncSession, wanted: Collection[int]) -> None:
        counted = (
            select(Message.contact_id, Message.body, _count(Message.queued_at > self._since), func.count())
            .where(Message.contact_id == func.any(wanted), Message.is_answer.is_(True), Message.queued_at > self._long_since)
            .group_by(Message.contact_id, Message.body)
        )
        for contact_id, body, lately, longer in await session.execute(counted):
            talk = self._talks[contact_id]
            talk.said[body], talk.said_long[body] = lately, longer

    async def _load_texts(self, session: AsyncSession, wanted: Collection[int]) -> None:
        """What answers a question of ours, or a message by its button, has an aim."""
        words, aims = func.left(Inbound.body, COMPARED), or_(Inbound.question_id.is_not(None), Inbound.reply_to.is_not(None))
        lately = Inbound.received_at > self._since
        counted = (
            select(
                Inbound.contact_id, words, aims, _count(lately), func.count(), _count(lately & ~aims), func.max(Inbound.id)
            )
            .where(Inbound.contact_id == func.any(wanted), Inbound.received_at > self._long_since)
            .group_by(Inbound.contact_id, words, aims)
        )  # fmt: skip
        for contact_id, text, aimed, recent, longer, aimless, newest in await session.execute(counted):
            talk, plain = self._talks[contact_id], text.strip()
            talk.came[plain] += recent
            talk.came_long[plain] += longer
            talk.aimless += aimless
            talk.newest = max(talk.newest, (newest, plain, aimed))

    async def _load_staff(self, session: AsyncSession, wanted: Collection[int]) -> None:
        """Contacts of people who answer for something today, as substitutes and stand-ins too."""
        today = self._now.astimezone(self._policy.zone).date()
        person = PersonContact.person_id
        own = select(PersonContact.contact_id).join(
            Responsibility, or_(Responsibility.person_id == person, Responsibility.substitute_person_id == person)
        )
        standing = select(PersonContact.contact_id).join(StandIn, StandIn.substitute_person_id == person)
        at = (PersonContact.contact_id == func.any(wanted)) & PersonContact.retired_reason.is_(None)
        self._staff.update(await session.scalars(own.where(at, *in_force(today))))
        self._staff.update(await session.scalars(standing.where(at, *standing_in(today))))

    def is_silent(self, contact_id: int) -> bool:
        return contact_id in self._silent

    def next(self, contact_id: int, body: str) -> Verdict:
        """What becomes of an answer in these words; one that is said counts from now on."""
        talk = self._talks[contact_id]
        _, text, answers_us = talk.newest
        found = verdict(
            self._policy,
            Exchange(
                is_staff=contact_id in self._staff, is_silent=self.is_silent(contact_id), answers=talk.said.total(),
                same=talk.said[body], repeated=talk.came[text], echoed=talk.said_long[body], echoing=talk.came_long[text],
                aimless=talk.aimless, length=len(text), answers_us=answers_us,
            ),
        )  # fmt: skip
        if found is Verdict.SAY:
            talk.said[body] += 1
            talk.said_long[body] += 1
        return found

    def silence(self, contact_id: int) -> datetime:
        """Falls silent there until then."""
        self._silent[contact_id] = self._now + self._policy.silence
        return self._silent[contact_id]


def _count(condition: Any) -> Any:
    return func.count().filter(condition)
