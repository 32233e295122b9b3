"""Days on which a child is known to be away."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select, update

from storage.tables import Leave
from storage.work import Work


async def leave_on(work: Work, student_id: int, on: date) -> Leave | None:
    """The leave that covers a day, if any."""
    return await work.session.scalar(
        select(Leave)
        .where(Leave.student_id == student_id, Leave.withdrawn_at.is_(None), Leave.starts_on <= on, Leave.ends_on >= on)
        .order_by(Leave.ends_on.desc())
        .limit(1)
    )


async def end_leave_on(work: Work, student_id: int, on: date) -> None:
    """The leave that covers a day is over with the day before; one that begins later stays."""
    covers = (Leave.student_id == student_id, Leave.starts_on <= on, Leave.ends_on >= on, Leave.withdrawn_at.is_(None))
    await work.session.execute(update(Leave).where(*covers, Leave.starts_on == on).values(withdrawn_at=work.now))
    await work.session.execute(update(Leave).where(*covers).values(ends_on=on - timedelta(days=1)))


async def end_leave(work: Work, student_id: int, today: date) -> None:
    """What covers today and later no longer holds; days that have passed stay accounted for."""
    yesterday = today - timedelta(days=1)
    running = (Leave.student_id == student_id, Leave.ends_on > yesterday, Leave.withdrawn_at.is_(None))
    await work.session.execute(update(Leave).where(*running, Leave.starts_on > yesterday).values(withdrawn_at=work.now))
    await work.session.execute(update(Leave).where(*running).values(ends_on=yesterday))
