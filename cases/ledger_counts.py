"""The ledger of a place in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from sqlalchemy import ColumnElement, func, select

from cases.history.away import absent_days, children_away
from cases.history.moment import as_of
from cases.ledger import NOT_ABSENT
from plan.calendar import Calendar
from plan.model import Plan
from plan.targets import list_of
from storage.tables import CaseFile
from storage.work import Work


@dataclass(frozen=True)
class Tally:
    """Open cases with those back but not yet struck off, suspected and dropouts among them; opened and struck off since the 1st.

    `levels`: (level, open cases that stand there), the lowest first.
    """

    open: int
    back: int
    suspected: int
    dropouts: int
    opened: int
    closed: int
    levels: list[tuple[int, int]]


async def ledger_tally(work: Work, plan: Plan, area_code: str, school_id: int | None = None, class_id: int | None = None) -> Tally:
    """The numbers of an area, a school or a class. A case that was none (the child had come that day) is not counted."""
    calendar = Calendar(plan)
    first = calendar.at(calendar.day_of(work.now).replace(day=1), time.min)
    is_open, is_real = CaseFile.state == "open", func.coalesce(CaseFile.exit, "") != NOT_ABSENT
    own: list[ColumnElement[bool]] = [CaseFile.area_code.startswith(area_code) | CaseFile.school_area_code.startswith(area_code)]
    own += [column == value for column, value in ((CaseFile.school_id, school_id), (CaseFile.class_id, class_id)) if value is not None]
    counted = select(
        func.count().filter(is_open), func.count().filter(is_open, CaseFile.back_on.is_not(None)),
        func.count().filter(CaseFile.opened_at >= first, is_real), func.count().filter(CaseFile.closed_at >= first, is_real),
    ).where(*own)  # fmt: skip
    standing, back, opened, closed = (await work.session.execute(counted)).one()
    levels = select(CaseFile.level, func.count()).where(*own, is_open).group_by(CaseFile.level).order_by(CaseFile.level)
    suspected, dropouts = await _listed(work, plan, area_code, school_id, class_id)
    found = [(level, number) for level, number in await work.session.execute(levels)]
    return Tally(standing, back, suspected, dropouts, opened, closed, found)


async def _listed(work: Work, plan: Plan, area_code: str, school_id: int | None, class_id: int | None) -> tuple[int, int]:
    when = as_of(work, plan)
    away = [
        child
        for child in await children_away(work, when, area_code)
        if school_id in {None, child.school_id} and class_id in {None, child.class_id}
    ]
    lists = [list_of(days, plan.lists) for days in (await absent_days(work, plan, when, away)).values()]
    return lists.count("suspected"), lists.count("dropout")
