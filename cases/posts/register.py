"""Every post that the plan wants filled, who fills it today, and what is wrong with it: set-based, for a whole prefecture at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from cases.names import area_names
from cases.plans import plan_in_force
from cases.responsible import CODE_LENGTH, reachable_people, stand_ins
from cases.tasks import LIVING
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Area, Person, PostCheck, Responsibility, School, SchoolClass, Task, TaskHolder
from storage.work import Work

FAULTS = ("hole", "expired", "unreachable", "overloaded", "unconfirmed", "denied")
"""hole: nobody; expired: somebody, whose time is over; unreachable: nobody of them has a usable contact; overloaded: too many open
tasks; unconfirmed: silent when asked whether it is still them; denied: said that it is not."""


@dataclass(frozen=True)
class Holding:
    """A person in a post today. `stands_in_for`: who is away."""

    person_id: int
    name: str
    substitute: str | None
    valid_until: date | None
    reachable: bool
    open_tasks: int
    stands_in_for: str | None = None


@dataclass(frozen=True)
class PostRow:
    """One role at one place. `scope`: class, school, or the level of the area."""

    role: str
    scope: str
    area_code: str
    place: str
    school_id: int | None
    class_id: int | None
    department: str | None
    people: tuple[Holding, ...]
    faults: tuple[str, ...]
    ended_on: date | None = None


@dataclass
class _Known:
    """What is loaded once for all posts."""

    plan: Plan
    today: date
    posts: dict[tuple[Any, ...], list[Responsibility]] = field(default_factory=lambda: defaultdict(list))
    over: dict[tuple[Any, ...], date] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    away: Mapping[int, int] = field(default_factory=dict)
    reachable: set[int] = field(default_factory=set)
    loads: Mapping[int, int] = field(default_factory=dict)
    checks: Mapping[int, str] = field(default_factory=dict)


async def posts_of(work: Work, area_code: str = "") -> list[PostRow]:
    """The posts of an area and of everything in it, from the area down."""
    plan = (await plan_in_force(work.session))[1]
    known = await _load(work, plan, area_code)
    places = [*await _areas(work, area_code), *await _schools(work, area_code), *await _classes(work, area_code)]
    return [_row(known, place, role) for place in places for role in _roles(known, place)]


Place = tuple[str, str, str, int | None, int | None]
"""(scope, area, name, school, class)."""


async def _areas(work: Work, area_code: str) -> Iterable[Place]:
    query = select(Area.level, Area.code, Area.name).where(Area.code.startswith(area_code)).order_by(Area.code)
    return [(level, code, name, None, None) for level, code, name in await work.session.execute(query)]


async def _schools(work: Work, area_code: str) -> Iterable[Place]:
    query = select(School).where(School.area_code.startswith(area_code)).order_by(School.area_code, School.id)
    return [("school", school.area_code, school.name, school.id, None) for school in await work.session.scalars(query)]


async def _classes(work: Work, area_code: str) -> Iterable[Place]:
    query = (
        select(SchoolClass.id, SchoolClass.name, School.id, School.name, School.area_code)
        .join(School, School.id == SchoolClass.school_id)
        .where(School.area_code.startswith(area_code))
        .order_by(School.area_code, School.id, SchoolClass.grade, SchoolClass.id)
    )
    rows = await work.session.execute(query)
    return [("class", code, f"{school}{room}", school_id, class_id) for class_id, room, school_id, school, code in rows]


def _roles(known: _Known, place: Place) -> Iterator[str]:
    """Roles that must be filled there: those looked for nowhere wider, or that somebody fills there although the wider place would do."""
    for role, entry in known.plan.roles.items():
        if place[0] not in entry.scope:
            continue
        widest = max(entry.scope, key=_width)
        if widest == place[0] or known.posts.get(_key(place, role)):
            yield role


def _width(scope: str) -> int:
    return -CODE_LENGTH.get(scope, 20 if scope == "school" else 30)


def _key(place: Place, role: str) -> tuple[Any, ...]:
    scope, code, _, school_id, class_id = place
    return (scope, code if school_id is None else None, role, school_id, class_id)


async def _load(work: Work, plan: Plan, area_code: str) -> _Known:
    known = _Known(plan, Calendar(plan).day_of(work.now))
    query = select(Responsibility).where(Responsibility.area_code.startswith(area_code), Responsibility.valid_from <= known.today)
    levels = {length: level for level, length in CODE_LENGTH.items()}
    people: set[int] = set()
    for post in await work.session.scalars(query.order_by(Responsibility.id)):
        scope = "class" if post.class_id else "school" if post.school_id else levels.get(len(post.area_code), "")
        key = _key((scope, post.area_code, "", post.school_id, post.class_id), post.role)
        if post.valid_until is not None and post.valid_until < known.today:
            known.over[key] = max(post.valid_until, known.over.get(key, post.valid_until))
        else:
            known.posts[key].append(post)
            people |= {one for one in (post.person_id, post.substitute_person_id) if one is not None}
    known.away = await stand_ins(work.session, list(people), known.today)
    people |= set(known.away.values())
    known.reachable = await reachable_people(work.session, list(people), known.today)
    known.names = dict((await work.session.execute(select(Person.id, Person.name).where(Person.id == func.any(list(people))))).all())
    known.loads = await open_tasks_of(work, people)
    known.checks = await _checks(work, people)
    return known


async def open_tasks_of(work: Work, people: Iterable[int]) -> dict[int, int]:
    """Person → how many living tasks they are asked for."""
    query = (
        select(TaskHolder.person_id, func.count())
        .join(Task, Task.id == TaskHolder.task_id)
        .where(Task.state.in_(LIVING), TaskHolder.until.is_(None), TaskHolder.person_id == func.any(list(people)))
        .group_by(TaskHolder.person_id)
    )
    return dict((await work.session.execute(query)).all())


async def _checks(work: Work, people: Iterable[int]) -> dict[int, str]:
    """Person → what became of the newest question to them."""
    query = select(PostCheck.person_id, PostCheck.state).where(PostCheck.person_id == func.any(list(people))).order_by(PostCheck.month)
    return dict((await work.session.execute(query)).all())


def _row(known: _Known, place: Place, role: str) -> PostRow:
    scope, code, name, school_id, class_id = place
    key = _key(place, role)
    posts = known.posts.get(key, [])
    people = tuple(_holding(known, post) for post in posts)
    department = next((post.department for post in posts if post.department), None)
    return PostRow(
        role, scope, code, name, school_id, class_id, department, people, _faults(known, key, posts, people), known.over.get(key)
    )


def _holding(known: _Known, post: Responsibility) -> Holding:
    person = known.away.get(post.person_id, post.person_id)
    substitute = known.names.get(post.substitute_person_id) if post.substitute_person_id else None
    away = known.names.get(post.person_id) if person != post.person_id else None
    return Holding(
        person, known.names.get(person, ""), substitute, post.valid_until, person in known.reachable, known.loads.get(person, 0), away
    )


def _faults(known: _Known, key: tuple[Any, ...], posts: Sequence[Responsibility], people: Sequence[Holding]) -> tuple[str, ...]:
    if not people:
        return ("expired" if key in known.over else "hole",)
    said = [known.checks.get(post.person_id) for post in posts]
    found = {
        "unreachable": not any(one.reachable for one in people),
        "overloaded": any(one.open_tasks >= known.plan.areas.overloaded for one in people),
        "unconfirmed": "silent" in said,
        "denied": "denied" in said,
    }
    return tuple(name for name, is_so in found.items() if is_so)


async def names_above(work: Work, rows: Sequence[PostRow]) -> dict[str, str]:
    """Area code → name, for the county and township columns of a list."""
    codes = {row.area_code[:length] for row in rows for length in CODE_LENGTH.values() if len(row.area_code) >= length}
    return await area_names(work.session, codes)
