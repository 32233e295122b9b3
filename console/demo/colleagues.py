"""The teachers of all the classes that no visitor plays: they answer their sheets, so that only the played ones need anybody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from sqlalchemy import select

from bot.channels import simulator
from bot.channels.base import Incoming
from bot.inbox.receive import receive
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import AttendanceSheet, Contact, Question

ALL_PRESENT = "0"


class Draining(Protocol):
    """A worker that does everything that is due."""

    async def drain(self, now: datetime) -> int: ...


class Colleagues:
    """A worker among colleagues. They look at the tables as the web role does, and write as phones do."""

    def __init__(self, worker: Draining, web: Database, cipher: Cipher, area_code: str, played: Collection[int]) -> None:
        self._worker = worker
        self._web = web
        self._cipher = cipher
        self._area_code = area_code
        self._played = tuple(played)

    async def drain(self, now: datetime) -> int:
        """Does everything that is due, and what follows from the colleagues' answers."""
        done = await self._worker.drain(now)
        while await self._answer(now):
            done += await self._worker.drain(now)
        return done

    async def _answer(self, now: datetime) -> int:
        """Each question is answered once; gives how many were."""
        answered = 0
        for question_id, address in await self._asked():
            incoming = Incoming(f"colleague-{question_id}", self._cipher.decrypt(address), "", ALL_PRESENT)
            answered += await receive(self._web, self._cipher, simulator.SMS.name, simulator.SMS, incoming, now) is not None
        return answered

    async def _asked(self) -> list[tuple[int, bytes]]:
        query = (
            select(Question.id, Contact.address_encrypted)
            .join(AttendanceSheet, AttendanceSheet.id == Question.sheet_id)
            .join(Contact, Contact.id == Question.contact_id)
            .where(Question.state == "open", Question.kind == "sheet", AttendanceSheet.class_id.not_in(self._played))
            .order_by(Question.id)
        )
        async with self._web.reading(self._area_code) as session:
            return list((await session.execute(query)).tuples())
