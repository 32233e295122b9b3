"""Carries the retention rule out: every night the children and the photographs whose time is over, every month the old texts."""

from __future__ import annotations

from datetime import date, time

from sqlalchemy.dialects.postgresql import insert

from cases.retention.pictures import pictured_long_ago, remove_pictures
from cases.retention.removal import forget_old_words, remove
from cases.retention.ripe import Ripe, all_of, ripe_children
from cases.shown import said
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import TickRun
from storage.work import Work

MONTHLY = "old_words"


async def keep_to_retention(work: Work, plan: Plan, day: date) -> None:
    """Once more changes nothing; nights that were left out are made good by the next one."""
    if plan.retention is None:
        return
    await anonymise(work, await ripe_children(work.session, plan, day), day)
    await remove_pictures(work, await pictured_long_ago(work.session, plan, day))
    if await _is_first_this_month(work, plan, day):
        old = date(day.year - plan.retention.words_years, day.month, 1)
        await forget_old_words(work.session, {"old": Calendar(plan).at(old, time.min)})
        work.record("old_words_removed", f"day:{day}", area_code="")


async def anonymise(work: Work, children: list[int], day: date) -> Ripe | None:
    """Removes what is personal of these children, and of relatives who are known for nobody else."""
    if not children:
        return None
    ripe = await all_of(work.session, children)
    await remove(work.session, {**ripe.ids, "now": work.now, "day": day, "nobody": said("anonymised")})
    for child in ripe.children:
        work.record("child_anonymised", f"student:{child}", area_code="")
    for person in ripe.people:
        work.record("guardian_anonymised", f"person:{person}", area_code="")
    return ripe


async def _is_first_this_month(work: Work, plan: Plan, day: date) -> bool:
    month = Calendar(plan).at(day.replace(day=1), time.min)
    mark = insert(TickRun).values(name=MONTHLY, due_at=month, ran_at=work.now).on_conflict_do_nothing().returning(TickRun.name)
    return await work.session.scalar(mark) is not None
