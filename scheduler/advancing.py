"""Carries out rows that are due, many in one transaction; one that fails is put off and reported, and holds up nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from cases.casework import keep_locked
from storage.database import Database
from storage.tables import CaseFile
from storage.work import Work, working

log = structlog.get_logger("ticks")
BATCH = 500
PUT_OFF = timedelta(minutes=15)


async def _nothing(work: Work, rows: Sequence[Any]) -> None:
    """These rows need nothing read for them."""


@dataclass(frozen=True)
class Due:
    """A table whose rows say when they want looking at, and what is done with one.

    `together`: how many are done in one transaction; `ahead` reads for all of them what each will need.
    """

    name: str
    id: InstrumentedAttribute[int]
    next_at: InstrumentedAttribute[datetime | None]
    living: ColumnElement[bool]
    advance: Callable[[Work, Any], Awaitable[None]]
    case_id: InstrumentedAttribute[int | None] | InstrumentedAttribute[int] | None = None
    together: int = 100
    ahead: Callable[[Work, Sequence[Any]], Awaitable[None]] = _nothing


async def advance_all(database: Database, now: datetime, due: Due) -> int:
    """In order of time; a row whose step makes others due is followed by them at the next look. Returns how many rows it looked at."""
    seen: set[int] = set()
    while fresh := [row_id for row_id in await _due_rows(database, now, due, len(seen)) if row_id not in seen]:
        for first in range(0, len(fresh), due.together):
            await _advance(database, now, due, fresh[first : first + due.together])
        seen.update(fresh)
    return len(seen)


async def _due_rows(database: Database, now: datetime, due: Due, seen: int) -> list[int]:
    async with database.session() as session:
        query = select(due.id).where(due.living, due.next_at <= now).order_by(due.next_at, due.id).limit(BATCH + seen)
        return list(await session.scalars(query))


async def _advance(database: Database, now: datetime, due: Due, ids: Sequence[int]) -> None:
    """All in one transaction; when one of them fails, each in its own."""
    try:
        await _advance_together(database, now, due, ids)
    except Exception as error:
        if len(ids) > 1:
            for row_id in ids:
                await _advance(database, now, due, [row_id])
            return
        log.error("step failed", action="tick_failed", table=due.name, id=ids[0], error=type(error).__name__, exc_info=error)
        async with working(database, now) as work:
            await _put_off(work, due, ids[0], now)


async def _advance_together(database: Database, now: datetime, due: Due, ids: Sequence[int]) -> None:
    async with working(database, now) as work:
        rows = await _lock(work, due, ids, now)
        if not rows:
            return
        await due.ahead(work, rows)
        for row in rows:
            if row.next_at is not None and row.next_at <= now:  # an earlier one's step may have made this one needless
                await due.advance(work, row)
        await work.session.flush()
        for row_id in await _still_due(work, due, [row.id for row in rows], now):
            await _put_off(work, due, row_id, now)


async def _lock(work: Work, due: Due, ids: Collection[int], now: datetime) -> Sequence[Any]:
    """The rows, locked. A task's case is locked before the task, as everywhere: two workers never wait for each other crosswise.

    What somebody else holds is left to the next tick, so that many together wait for nobody.
    """
    table: Any = due.id.class_
    wanted = select(table).where(due.id == func.any(list(ids)), due.living, due.next_at <= now)
    column: Any = due.case_id
    if column is not None:
        of_rows = select(column).where(due.id == func.any(list(ids)))
        cases = select(CaseFile).where(CaseFile.id.in_(of_rows)).order_by(CaseFile.id).with_for_update(skip_locked=True)
        locked = (await work.session.scalars(cases)).all()
        keep_locked(work, locked)
        wanted = wanted.where(or_(column.is_(None), column == func.any([case.id for case in locked])))
    rows = (await work.session.scalars(wanted.order_by(due.next_at, due.id).with_for_update(skip_locked=True))).all()
    if table is CaseFile:
        keep_locked(work, rows)
    return rows


async def _still_due(work: Work, due: Due, ids: Collection[int], now: datetime) -> Sequence[int]:
    """Rows that are still due after their step: they would be looked at for ever."""
    return (await work.session.scalars(select(due.id).where(due.id == func.any(list(ids)), due.living, due.next_at <= now))).all()


async def _put_off(work: Work, due: Due, row_id: int, now: datetime) -> None:
    await work.session.execute(update(due.id.class_).where(due.id == row_id).values(next_at=now + PUT_OFF))
    work.record("step_put_off", f"{due.name}:{row_id}", area_code="")
