"""Files that were handed in and never taken in or dropped: gone within a day or two, with what was found in them."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import delete

from plan.model import Plan
from storage.tables import ImportJob
from storage.work import Work

KEPT = timedelta(days=1)


async def forget_files(work: Work, plan: Plan, day: date) -> None:  # noqa: ARG001 - the shape of a daily job
    """Whoever's they were. Once more changes nothing."""
    await work.session.execute(delete(ImportJob).where(ImportJob.created_at < work.now - KEPT))
