"""What the demo page may do: read as the web role, write as a phone does, and move the clock through the stage."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select

from bot.channels import simulator
from bot.channels.base import Capabilities, Incoming
from bot.inbox.receive import receive
from bot.rendering import Catalogue
from console.demo.picker import free_child
from console.demo.scripts import Script
from plan.calendar import Calendar
from plan.model import Plan
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import AttendanceSheet, Contact, Event, Inbound, Message

TYPING_MINUTES = 0.5
PRESSED = {simulator.CHAT.name: simulator.CHAT, simulator.VOICE.name: simulator.VOICE}
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


def chat_of(contact_id: int) -> str:
    """The chat of this phone's owner with the bot."""
    return f"demo-{contact_id}"


@dataclass
class Stand:
    """The demo's parts. `played`: classes whose children a visitor may choose; `watched`: those one looks at.
    `lines`: the simulated channels, on which phones can be put out of order. `scripts`: what is played by itself, by child.

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
    lines: Sequence[simulator.Simulator] = ()
    scripts: dict[int, Script] = field(default_factory=dict)
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
        """Sends a text from this phone or chat, half a minute later, and does all that follows from it."""
        kind, address = await self._address(contact_id)
        await self._write(simulator.CHAT if kind == simulator.CHAT.contact else simulator.SMS, address, text)

    async def press(self, message_id: int, key: str, contact_ids: Collection[int]) -> bool:
        """A button below a message at one of these contacts, or a key while it is being read out on the telephone.

        False where there is no such message.
        """
        query = select(Message.channel, Message.provider_id, Contact.address_encrypted).join(Contact, Contact.id == Message.contact_id)
        query = query.where(Message.id == message_id, Message.channel.in_(PRESSED), Message.contact_id.in_(contact_ids))
        async with self.web.reading(self.area_code) as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            return False
        await self._write(PRESSED[row.channel], self.cipher.decrypt(row.address_encrypted), key, reply_to=row.provider_id)
        return True

    async def open_chat(self, contact_id: int) -> None:
        """The owner of this phone finds the bot and shares their number with it, as Telegram lets them."""
        _, number = await self._address(contact_id)
        await self._write(simulator.CHAT, chat_of(contact_id), "", phone=number)

    async def block_chat(self, contact_id: int) -> None:
        """The owner of this phone blocks the bot: from now on texts again."""
        await self._write(simulator.CHAT, chat_of(contact_id), "", choice="out")

    async def afflict(self, contact_id: int, plight: simulator.Plight | None) -> None:
        """Does something to this phone and its chat, or mends it."""
        _, number = await self._address(contact_id)
        for line in self.lines:
            for address in (number, chat_of(contact_id)):
                if plight is None:
                    line.plights.pop(address, None)
                else:
                    line.plights[address] = plight

    def plight(self, number: str) -> simulator.Plight | None:
        """What has been done to this phone."""
        return next((line.plights[number] for line in self.lines if number in line.plights), None)

    async def _address(self, contact_id: int) -> tuple[str, str]:
        async with self.web.reading(self.area_code) as session:
            row = (await session.execute(select(Contact.kind, Contact.address_encrypted).where(Contact.id == contact_id))).one()
        return row.kind, self.cipher.decrypt(row.address_encrypted)

    async def _write(self, line: Capabilities, sender: str, text: str, **more: str | None) -> None:
        async with self._one_at_a_time:
            await self.stage.advance(minutes=TYPING_MINUTES)
            incoming = Incoming(f"demo-{uuid.uuid4().hex}", sender, "", text, **more)
            await receive(self.web, self.cipher, line, incoming, await self.stage.now())
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

    async def begin(self, script: Script, child_id: int | None) -> int | None:
        """Plays the script with this child, or with a classmate where it has a case already; None where everybody has one.

        It begins today where the class's sheet is still to come, else on the next school day.
        """
        async with self._one_at_a_time:
            today = Calendar(self.plan).day_of(await self.stage.now())
            async with self.web.reading(self.area_code) as session:
                child = await free_child(session, self.played, child_id, self.scripts)
                if child is None:
                    return None
                sheet = select(AttendanceSheet.state).where(AttendanceSheet.class_id == child.class_id, AttendanceSheet.on == today)
                is_answered = await session.scalar(sheet) not in (None, "asked")
            first = today + timedelta(days=1) if is_answered else today
            self.scripts[child.id] = replace(script, since=Calendar(self.plan).nth_school_day(first, 1))
            if child.class_id is not None:
                self.watched.add(child.class_id)
            await self.stage.settle()
            return child.id
