"""The week of an area in one message: cases opened, closed and still open, steps overdue, and who owes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select

from cases.names import area_names
from cases.responsible import in_force, stand_ins
from cases.tasks import LIVING
from plan.model import Plan
from storage.tables import CaseFile, Person, Responsibility, Task, TaskHolder
from storage.work import Work

NAMED = 3
"""So many of those who owe most are named."""
WEEK = timedelta(days=7)
NO_ABSENCE = "not_absent"


@dataclass(frozen=True)
class Week:
    """What one area's week came to. `owing`: name and number of overdue steps, those with most first."""

    opened: int
    closed: int
    still_open: int
    overdue: int
    owing: list[tuple[str, int]]

    @property
    def is_quiet(self) -> bool:
        return not (self.opened or self.closed or self.still_open or self.overdue)


async def weekly_summary(work: Work, plan: Plan, day: date) -> None:
    """Tells the roles that the plan names of the week of their area; an area in which nothing was is not told of."""
    weekly = plan.digest.weekly
    if weekly is None or day.isoweekday() != weekly.weekday:
        return
    posts = select(Responsibility.person_id, Responsibility.area_code).where(
        Responsibility.role.in_(weekly.roles), Responsibility.school_id.is_(None), *in_force(day)
    )
    rows = (await work.session.execute(posts.order_by(Responsibility.id))).all()
    away = await stand_ins(work.session, [person for person, _ in rows], day)
    names = await area_names(work.session, {area for _, area in rows})
    weeks = {area: await week_of(work, area) for area in {area for _, area in rows}}
    for person, area in rows:
        if not weeks[area].is_quiet:
            _say(work, day, away.get(person, person), area, names.get(area, area), weeks[area])


def _say(work: Work, day: date, person_id: int, area_code: str, name: str, week: Week) -> None:
    facts = {
        "area": name, "opened_count": week.opened, "closed_count": week.closed, "open_count": week.still_open,
        "overdue_count": week.overdue,
        "lines": "、".join(f"{who}{number}件" for who, number in week.owing),
    }  # fmt: skip
    work.say(f"weekly:{day}:{area_code}:{person_id}", person_id, "weekly_summary", area_code=area_code, facts=facts)


async def week_of(work: Work, area_code: str) -> Week:
    """Only the chain's own steps are counted: what else is owed may be nobody else's business."""
    since = work.now - WEEK
    within = or_(CaseFile.area_code.startswith(area_code), CaseFile.school_area_code.startswith(area_code))
    real = or_(CaseFile.exit.is_(None), CaseFile.exit != NO_ABSENCE)
    opened = await _count(work, within, real, CaseFile.opened_at > since)
    closed = await _count(work, within, real, CaseFile.closed_at > since)
    still_open = await _count(work, within, CaseFile.state == "open")
    owing = await _owing(work, area_code, work.now)
    overdue = await work.session.scalar(select(func.count(Task.id)).where(*_overdue(area_code, work.now))) or 0
    return Week(opened, closed, still_open, overdue, owing)


async def _count(work: Work, *conditions: ColumnElement[bool]) -> int:
    return await work.session.scalar(select(func.count(CaseFile.id)).where(*conditions)) or 0


def _overdue(area_code: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Task.area_code.startswith(area_code), Task.state.in_(LIVING), Task.due_at < now, Task.level.is_not(None),
        Task.facts["outside_school"].astext.is_(None),
    )  # fmt: skip


async def _owing(work: Work, area_code: str, now: datetime) -> list[tuple[str, int]]:
    number = func.count(Task.id)
    query = (
        select(Person.name, number)
        .join(TaskHolder, TaskHolder.person_id == Person.id)
        .join(Task, Task.id == TaskHolder.task_id)
        .where(*_overdue(area_code, now), TaskHolder.until.is_(None))
        .group_by(Person.id, Person.name)
        .order_by(number.desc(), Person.id)
        .limit(NAMED)
    )
    return [(name, count) for name, count in await work.session.execute(query)]
