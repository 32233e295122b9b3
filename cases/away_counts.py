"""How many children were on the two lists at the ends of past weeks, counted at night: the course that the page of an area draws."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from cases.history.away import absent_days, children_away
from cases.history.moment import as_of
from cases.responsible import CODE_LENGTH
from plan.model import Plan
from plan.targets import list_of
from storage.tables import Area, AwayCount, CaseFile
from storage.work import Work

WEEKS = 8
"""Points of the course: today and the Sundays before it."""
MANY = 300
"""Cases from which on the weeks are counted at night."""
MARKED = ("prefecture", "county")
"""Levels of which each area has a row for each day that was counted, whether anybody was away or not."""


def past_sundays(today: date) -> list[date]:
    """The ends of the weeks before this one, the oldest first."""
    last = today - timedelta(days=today.isoweekday())
    return [last - timedelta(weeks=number) for number in range(WEEKS - 2, -1, -1)]


async def count_weeks(work: Work, plan: Plan, day: date, *, least: int = MANY) -> int:
    """Counts the past Sundays that have not been counted, for every place; gives how many they were. What was counted stays.

    With fewer than so many cases nothing is: a page counts them while it is made.
    """
    if (await work.session.scalar(select(func.count()).select_from(CaseFile)) or 0) < least:
        return 0
    known = set(await work.session.scalars(select(AwayCount.on).distinct()))
    lacking = [sunday for sunday in past_sundays(day) if sunday not in known]
    marked = (await work.session.scalars(select(Area.code).where(Area.level.in_(MARKED)))).all()
    for sunday in lacking:
        rows = [{"on": sunday, **row} for row in await _rows(work, plan, sunday, marked)]
        if rows:
            await work.session.execute(insert(AwayCount).on_conflict_do_nothing(), rows)
    return len(lacking)


async def _rows(work: Work, plan: Plan, day: date, marked: Sequence[str]) -> list[dict[str, object]]:
    """One for each marked area, and one for each class in which anybody is away."""
    when = as_of(work, plan, day)
    children = await children_away(work, when, "")
    days = await absent_days(work, plan, when, children)
    found: dict[tuple[str, int | None, int | None], list[str]] = {(code, None, None): [] for code in marked}
    for one in children:
        lists = found.setdefault((one.area_code, one.school_id, one.class_id), [])
        lists.append(list_of(days[one.case_id], plan.lists))
    return [
        {
            "area_code": code, "school_id": school, "class_id": room, "suspected": lists.count("suspected"),
            "dropouts": lists.count("dropout"),
        }
        for (code, school, room), lists in found.items()
    ]  # fmt: skip


async def counted_days(work: Work, area_code: str, days: Sequence[date], school_id: int | None = None) -> dict[date, tuple[int, int]]:
    """Day → (suspected, dropouts) of an area or of one school of it; days that nobody has counted are left out."""
    marker = area_code[: CODE_LENGTH["county"]]
    known = select(AwayCount.on).where(AwayCount.on.in_(days), AwayCount.area_code == marker, AwayCount.school_id.is_(None))
    found = dict.fromkeys(await work.session.scalars(known), (0, 0))
    sums = select(AwayCount.on, func.sum(AwayCount.suspected), func.sum(AwayCount.dropouts)).where(
        AwayCount.on.in_(days), AwayCount.area_code.startswith(area_code)
    )  # fmt: skip
    if school_id is not None:
        sums = sums.where(AwayCount.school_id == school_id)
    for on, suspected, dropouts in await work.session.execute(sums.group_by(AwayCount.on)):
        if on in found:
            found[on] = (suspected, dropouts)
    return found
