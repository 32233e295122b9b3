"""The unit of work: state, events and message intents in one transaction, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.rows import insert_rows

DEFAULT_LIFE = timedelta(hours=20)


class Work:
    """One use case's transaction. `now` is the time at which everything in it happens."""

    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self.session = session
        self.now = now
        self._events: list[dict[str, Any]] = []
        self._intents: list[dict[str, Any]] = []
        self._later: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)

    def record(
        self,
        action: str,
        subject: str,
        *,
        area_code: str,
        actor: str = "system",
        case_id: int | None = None,
        at: datetime | None = None,
        **facts: Any,
    ) -> None:
        """Appends to the record. `subject` is "case:5"; `facts` hold ids, codes and dates, never names, numbers or texts."""
        self._events.append(
            {
                "at": at or self.now,
                "actor": actor,
                "action": action,
                "subject": subject,
                "area_code": area_code,
                "case_id": case_id,
                "facts": facts,
            }
        )

    def say(
        self,
        key: str,
        person_id: int | None,
        template: str,
        *,
        area_code: str,
        urgency: str = "duty",
        facts: dict[str, Any] | None = None,
        due_at: datetime | None = None,
        expires_at: datetime | None = None,
        still: str | None = None,
        question: str | None = None,
        case_id: int | None = None,
        student_id: int | None = None,
        sheet_id: int | None = None,
        task_id: int | None = None,
        notice_id: int | None = None,
        contact_id: int | None = None,
    ) -> None:
        """Writes a message intent. The same `key` again is the same intent: it is said once.

        The ids say what it is about; with `contact_id` it is an answer, and goes back where the text came from.
        Without `person_id` it answers somebody whom nobody knows.
        Without `expires_at` it may leave until 20 hours after `due_at` (default: now).
        """
        due = due_at or self.now
        self._intents.append(
            {
                "dedupe_key": key, "person_id": person_id, "template": template, "urgency": urgency, "facts": facts or {},
                "still": still, "question": question, "area_code": area_code, "created_at": self.now, "due_at": due,
                "expires_at": expires_at or due + DEFAULT_LIFE, "case_id": case_id, "student_id": student_id,
                "sheet_id": sheet_id, "task_id": task_id, "notice_id": notice_id, "contact_id": contact_id,
            }
        )  # fmt: skip

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """What happens in this block happens whole: when it raises, its rows, events and intents are gone, and the rest stands."""
        await self.flush()
        try:
            async with self.session.begin_nested():
                yield
        except BaseException:
            self._events.clear()
            self._intents.clear()
            self._later.clear()
            raise

    def later(self, table: str, row: dict[str, Any], known: str) -> None:
        """Inserts a row at the end, many in one statement: one that nobody looks for before. `known`: as of `insert_rows`."""
        self._later[table, known].append(row)

    async def flush(self) -> None:
        """Writes what has been recorded and said so far, still inside the transaction."""
        await self.session.flush()
        for (table, known), rows in self._later.items():
            await insert_rows(self.session, table, rows, known=known)
        self._later.clear()
        await insert_rows(self.session, "event", self._events)
        self._events.clear()
        await insert_rows(self.session, "intent", self._intents, known="on conflict (dedupe_key) do nothing")
        self._intents.clear()


@asynccontextmanager
async def working(database: Database, now: datetime) -> AsyncIterator[Work]:
    """`async with working(database, now) as work:` commits all of it at the end, or nothing."""
    async with database.session() as session, session.begin():
        work = Work(session, now)
        yield work
        await work.flush()
