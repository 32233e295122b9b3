"""What the demo page may do: read as the web role, write as a phone does, and move the clock through the stage."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select

from bot.channels import simulator
from bot.channels.base import Incoming
from bot.inbox.receive import receive
from bot.rendering import Catalogue
from plan.model import Plan
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import Contact, Event, Inbound, Message

TYPING_MINUTES = 0.5
MOST_MOMENTS = 40
"""Due moments at which nothing shows that one press of "next event" passes over."""


class Stepping(Protocol):
    """The clock of the demo with everything that hangs on it."""

    async def now(self) -> datetime: ...

    async def settle(self) -> None: ...

    async def next_event(self) -> datetime: ...

    async def advance(self, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None: ...


@dataclass(frozen=True)
class Mark:
    """How far everything has come; equal marks show equal pages. Only a case's events show."""

    now: datetime
    event: int
    message: int
    inbound: int

    def __str__(self) -> str:
        return f"{self.now:%Y%m%d%H%M%S}-{self.event}-{self.message}-{self.inbound}"


@dataclass
class Stand:
    """The demo's parts. `played`: classes whose children a visitor may choose; `watched`: those one looks at.

    One action at a time, whoever presses.
    """

    web: Database
    cipher: Cipher
    stage: Stepping
    plan: Plan
    catalogue: Catalogue
    area_code: str
    played: Collection[int]
    watched: set[int]
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def mark(self) -> Mark:
        """Where everything stands now."""
        counted = select(
            select(func.max(Event.id)).where(Event.case_id.is_not(None)).scalar_subquery(),
            select(func.max(Message.id)).scalar_subquery(),
            select(func.max(Inbound.id)).scalar_subquery(),
        )
        async with self.web.reading(self.area_code) as session:
            event, message, inbound = (await session.execute(counted)).one()
        return Mark(await self.stage.now(), event or 0, message or 0, inbound or 0)

    async def sent_since(self, before: Mark) -> int:
        """Texts made since then."""
        made = select(func.count()).select_from(Message).where(Message.id > before.message)
        async with self.web.reading(self.area_code) as session:
            return await session.scalar(made) or 0

    async def reply(self, contact_id: int, text: str) -> None:
        """Sends a text from this phone, half a minute later, and does all that follows from it."""
        async with self._one_at_a_time:
            await self.stage.advance(minutes=TYPING_MINUTES)
            async with self.web.reading(self.area_code) as session:
                address = (await session.scalars(select(Contact.address_encrypted).where(Contact.id == contact_id))).one()
            incoming = Incoming(f"demo-{uuid.uuid4().hex}", self.cipher.decrypt(address), "", text)
            await receive(self.web, self.cipher, simulator.SMS, incoming, await self.stage.now())
            await self.stage.settle()

    async def next_event(self) -> None:
        """To the next moment at which something shows."""
        async with self._one_at_a_time:
            before = await self.mark()
            for _ in range(MOST_MOMENTS):
                await self.stage.next_event()
                after = await self.mark()
                if (after.event, after.message) != (before.event, before.message):
                    return

    async def next_hour(self) -> None:
        async with self._one_at_a_time:
            await self.stage.advance(hours=1)

    async def next_day(self) -> None:
        async with self._one_at_a_time:
            await self.stage.advance(days=1)
