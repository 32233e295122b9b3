"""What many due rows need to know, read in a few statements instead of some for each row.

It is kept in the session and holds as long as its transaction: the use cases ask there first, and the database for what is not there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import and_, func, or_, select

from cases.calendars import read_calendars
from cases.case_facts import read_ahead as read_case_facts
from cases.holes import holes_ahead
from cases.plans import plan_in_force
from cases.responsible import CODE_LENGTH, KNOWN, KnownPosts, Place, Post, Spot, in_force, reachable_people, spot_of, stand_ins
from cases.tasks import keep_holders
from plan.calendar import Calendar
from storage.tables import AttendanceSheet, CaseFile, Responsibility, Task, TaskHolder
from storage.work import Work

SCOPES = ("class", "school", *CODE_LENGTH)


async def read_posts(work: Work, places: Iterable[Place], on: date) -> None:
    """Everybody who answers for one of these places that day, in whatever role, and who of them can be reached."""
    spots = frozenset(spot for place in places for scope in SCOPES if (spot := spot_of(scope, place)) is not None)
    posts: defaultdict[Spot, list[Post]] = defaultdict(list)
    rows = (await work.session.execute(_posts_at(spots, on))).all()
    for role, person, substitute, department, *where in rows:
        for spot in _spots_of(*where):
            posts[spot].append(Post(role, person, substitute, department))
    away = await stand_ins(work.session, list({row.person_id for row in rows}), on)
    people = {one for row in rows for one in (row.person_id, row.substitute_person_id) if one is not None} | set(away.values())
    work.session.info.pop(KNOWN, None)
    reachable = frozenset(await reachable_people(work.session, list(people), on))
    work.session.info[KNOWN] = KnownPosts(on, spots, posts, frozenset(people), away, reachable)


def _posts_at(spots: Collection[Spot], on: date) -> Any:
    classes, schools, areas = ([key for kind, key in spots if kind == name] for name in ("class", "school", "area"))
    columns = (Responsibility.role, Responsibility.person_id, Responsibility.substitute_person_id, Responsibility.department)
    where = (Responsibility.area_code, Responsibility.school_id, Responsibility.class_id)
    of_class = Responsibility.class_id == func.any(classes)
    of_school = and_(Responsibility.school_id == func.any(schools), Responsibility.class_id.is_(None))
    of_area = and_(Responsibility.area_code == func.any(areas), Responsibility.school_id.is_(None))
    return select(*columns, *where).where(or_(of_class, of_school, of_area), *in_force(on)).order_by(Responsibility.id)


def _spots_of(area_code: str, school_id: int | None, class_id: int | None) -> list[Spot]:
    found: list[Spot] = [("class", class_id)] if class_id is not None else []
    if school_id is None:
        return [*found, ("area", area_code)]
    return found or [("school", school_id)]


async def places_of_tasks(work: Work, tasks: Iterable[Task]) -> dict[int, Place]:
    """Task → the place it is about: its case's, its sheet's, or its own."""
    every = list(tasks)
    columns = (CaseFile.id, CaseFile.area_code, CaseFile.school_area_code, CaseFile.school_id, CaseFile.class_id)
    cases = await work.session.execute(select(*columns).where(CaseFile.id == func.any(_ids(task.case_id for task in every))))
    by_case = {case_id: Place(home, at, school, room) for case_id, home, at, school, room in cases}
    of_sheet = (AttendanceSheet.id, AttendanceSheet.area_code, AttendanceSheet.school_id, AttendanceSheet.class_id)
    sheets = await work.session.execute(select(*of_sheet).where(AttendanceSheet.id == func.any(_ids(task.sheet_id for task in every))))
    by_sheet = {sheet_id: Place(area, area, school, room) for sheet_id, area, school, room in sheets}
    return {task.id: _place(task, by_case, by_sheet) for task in every}


def _ids(given: Iterable[int | None]) -> list[int]:
    return sorted({one for one in given if one is not None})


def _place(task: Task, by_case: dict[int, Place], by_sheet: dict[int, Place]) -> Place:
    if task.case_id is not None:
        return by_case[task.case_id]
    if task.sheet_id is not None:
        return by_sheet[task.sheet_id]
    return Place(task.area_code, task.area_code, task.school_id, task.class_id)


async def read_places(work: Work, places: Collection[Place]) -> None:
    """Posts, contacts and school days of these places."""
    _, plan = await plan_in_force(work.session)
    await read_posts(work, places, Calendar(plan).day_of(work.now))
    await read_calendars(work.session, [(place.school_id, place.school_area_code, place.class_id) for place in places])


async def ahead_of_tasks(work: Work, tasks: Sequence[Task]) -> None:
    """For tasks that are due: their places, and who has been asked for each."""
    places = set((await places_of_tasks(work, tasks)).values())
    await read_places(work, places)
    await holes_ahead(work, {place.area_code for place in places})
    ids = [task.id for task in tasks]
    asked: dict[int, dict[int, bool]] = {task_id: {} for task_id in ids}
    rows = select(TaskHolder.task_id, TaskHolder.person_id, TaskHolder.until.is_(None)).where(TaskHolder.task_id == func.any(ids))
    for task_id, person, is_asked in await work.session.execute(rows):
        asked[task_id][person] = is_asked
    keep_holders(work, asked)


async def ahead_of_cases(work: Work, cases: Sequence[CaseFile]) -> None:
    """For cases that are due: their places, and the facts that the chain's rules look at."""
    version_id, plan = await plan_in_force(work.session)
    await read_places(work, {Place(case.area_code, case.school_area_code, case.school_id, case.class_id) for case in cases})
    await read_case_facts(work, plan.outliving(), [case.id for case in cases if case.plan_version_id == version_id])


async def ahead_of_sheets(work: Work, sheets: Sequence[AttendanceSheet]) -> None:
    """For sheets that are due: who answers for each class, and above it."""
    await read_places(work, {Place(sheet.area_code, sheet.area_code, sheet.school_id, sheet.class_id) for sheet in sheets})
