"""One message a day instead of many: unanswered sheets at noon, what is owed in the morning, the prefecture's list each month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from cases.desk import desk_of_school
from cases.names import area_names
from cases.outside import barred_from
from cases.owed_lines import About, about_whom, listed, owed_lines
from cases.read_ahead import places_of_tasks, read_places, read_posts
from cases.responsible import Place, holders, in_force
from cases.tasks import LIVING
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import AttendanceSheet, CaseFile, CaseLevel, Responsibility, School, SchoolClass, Task, TaskHolder
from storage.work import Work

ROOM, ROOM_OF_ONE = 106, 30
"""Characters for all the lists of a morning digest, and for each but the first: more would make a fourth part of an SMS."""
UNNAMED = "；…"


async def noon_digest(work: Work, plan: Plan, day: date) -> None:
    """Tells each principal which classes have not answered their sheet."""
    query = (
        select(School, func.array_agg(SchoolClass.name))
        .join(AttendanceSheet, AttendanceSheet.school_id == School.id)
        .join(SchoolClass, SchoolClass.id == AttendanceSheet.class_id)
        .where(AttendanceSheet.on == day, AttendanceSheet.state.in_(("asked", "taken_over")))
        .group_by(School.id)
        .order_by(School.id)
    )
    rows = (await work.session.execute(query)).all()
    await read_places(work, [Place(school.area_code, school.area_code, school.id) for school, _ in rows])
    for school, classes in rows:
        desk = await desk_of_school(work, school)
        for holder in await holders(work.session, plan, plan.attendance.digest.role, desk.place, day):
            work.say(
                f"noon:{day}:{school.id}:{holder.person_id}", holder.person_id, "digest_noon", area_code=school.area_code,
                expires_at=work.now + timedelta(hours=5), facts={"unanswered": "、".join(sorted(classes)), "school": school.name},
            )  # fmt: skip


@dataclass
class Owed:
    """What one person's morning digest counts."""

    area_code: str
    open: int = 0
    overdue: list[Task] = field(default_factory=list)
    today: list[Task] = field(default_factory=list)
    below: list[Task] = field(default_factory=list)


async def morning_digest(work: Work, plan: Plan, day: date) -> None:
    """Tells each responsible person what they owe and what is overdue, and those above them what is overdue below."""
    owed: dict[int, Owed] = defaultdict(lambda: Owed(""))
    calendar = Calendar(plan)
    asked: dict[int, set[int]] = defaultdict(set)
    query = (
        select(Task, TaskHolder.person_id).join(TaskHolder).where(Task.state.in_(LIVING), TaskHolder.until.is_(None)).order_by(Task.due_at)
    )
    for task, person_id in await work.session.execute(query):
        asked[task.id].add(person_id)
        entry = owed[person_id]
        entry.area_code = task.area_code
        entry.open += 1
        if task.due_at < work.now:
            entry.overdue.append(task)
        elif calendar.day_of(task.due_at) == day:
            entry.today.append(task)
    await _copy_above(work, plan, day, owed, asked)
    told = {person_id: entry for person_id, entry in owed.items() if entry.overdue or entry.below}
    about = await about_whom(work, plan, [task for entry in told.values() for task in (*entry.overdue, *entry.today)])
    for person_id, entry in told.items():
        _say_digest(work, plan, day, person_id, entry, about)


async def _copy_above(work: Work, plan: Plan, day: date, owed: dict[int, Owed], asked: Mapping[int, set[int]]) -> None:
    """Whoever is asked is reminded of it as their own, and some must not hear of it: they get no copy."""
    if not plan.reminders.copy_above:
        return
    overdue = select(Task).where(Task.state.in_(LIVING), Task.due_at < work.now).order_by(Task.due_at)
    tasks = [task for task in await work.session.scalars(overdue) if task.role in plan.roles and plan.roles[task.role].above]
    places = await places_of_tasks(work, tasks)
    await read_posts(work, set(places.values()), day)
    for task in tasks:
        own = asked.get(task.id, set()) | await barred_from(work, task)
        for holder in await holders(work.session, plan, plan.roles[task.role].above or "", places[task.id], day):
            if holder.person_id not in own:
                owed[holder.person_id].area_code = task.area_code
                owed[holder.person_id].below.append(task)


def _say_digest(work: Work, plan: Plan, day: date, person_id: int, entry: Owed, about: About) -> None:
    """One overdue task, with nothing else due today, is named in full; several become lists."""
    key, expires = f"morning:{day}:{person_id}", work.now + timedelta(hours=6)
    if len(entry.overdue) + len(entry.below) == 1 and not entry.today:
        only = [*entry.overdue, *entry.below][0]
        facts = {} if entry.overdue else {"holder_role": plan.role_name(only.role)}
        work.say(
            key,
            person_id,
            "task_overdue" if entry.overdue else "task_copy",
            area_code=entry.area_code,
            expires_at=expires,
            still="task_open",
            facts=facts,
            task_id=only.id,
            case_id=only.case_id,
            student_id=only.student_id,
            sheet_id=only.sheet_id,
        )
        return
    work.say(
        key, person_id, "digest_morning", area_code=entry.area_code, expires_at=expires, facts=_digest_facts(plan, day, entry, about)
    )  # fmt: skip


def _digest_facts(plan: Plan, day: date, entry: Owed, about: About) -> dict[str, Any]:
    """Counts, and what there is room to name: what is overdue, what is due today, and only by role what is overdue below."""
    below = Counter(f"{plan.role_name(task.role)}{plan.task_name(task.kind).zh}" for task in entry.below)
    below_lines = listed([f"{what}×{number}" if number > 1 else what for what, number in below.items()], ROOM_OF_ONE, UNNAMED)
    today_lines = listed(owed_lines(plan, entry.today, about, day), ROOM_OF_ONE, UNNAMED)
    return {
        "open_count": entry.open, "overdue_count": len(entry.overdue), "below_count": len(entry.below), "today_count": len(entry.today),
        "lines": listed(owed_lines(plan, entry.overdue, about), ROOM - len(today_lines + below_lines), UNNAMED),
        "today_lines": today_lines, "below_lines": below_lines,
    }  # fmt: skip


async def monthly_list(work: Work, plan: Plan, day: date) -> None:
    """Tells the prefecture how many cases it supervises in each county."""
    beside = [rung.level for rung in plan.beside()]
    county = func.left(CaseFile.area_code, 6)
    query = (
        select(county, func.count(CaseFile.id.distinct()))
        .join(CaseLevel, CaseLevel.case_id == CaseFile.id)
        .where(CaseFile.state == "open", CaseLevel.level.in_(beside), CaseLevel.left_at.is_(None))
        .group_by(county)
        .order_by(county)
    )
    counts = (await work.session.execute(query)).all()
    if not counts:
        return
    names = await area_names(work.session, [code for code, _ in counts])
    lines = "；".join(f"{names.get(code, code)}{number}" for code, number in counts)
    roles = {step.role for rung in plan.beside() for step in rung.owed}
    officers = select(Responsibility.person_id, Responsibility.area_code).where(Responsibility.role.in_(roles), *in_force(day))
    for person_id, area_code in await work.session.execute(officers):
        work.say(f"monthly:{day:%Y-%m}:{person_id}", person_id, "monthly_list", area_code=area_code, facts={"lines": lines})


def is_first_of_month(calendar: Calendar, day: date) -> bool:
    """Whether this is the month's first school day, on which lists are sent."""
    return calendar.nth_school_day(day.replace(day=1), 1) == day
