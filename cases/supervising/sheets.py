"""The year of a township head, an education head or a principal on one sheet (art. 2.1④): facts and their limits, no verdict.

"At risk" only says which facts miss what the plan asks for. Whether a year is passed or vetoed, a named person decides, in their own
words; nothing here proposes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from cases.names import area_names
from cases.rates import Count, StageRate, Unit, count
from cases.responsible import in_force
from cases.supervising.place_facts import PlaceFacts, place_facts
from cases.supervising.times import Span, Times, times_of_people, unit_roles
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Assessment, Person, Responsibility, School
from storage.work import Work

UNITS: dict[Unit, int] = {"prefecture": 4, "county": 6, "township": 9}
SHORTEST = 2
"""Characters of a decision."""


@dataclass(frozen=True)
class Post:
    """A post as it is held: who, as what, where."""

    person_id: int
    person: str
    role: str
    area_code: str
    school_id: int | None
    place: str


Held = tuple[int, str, str, int | None]
"""A post: person, role, area and school."""


@dataclass(frozen=True)
class PostSheet:
    """The facts of one post's year, up to a day.

    `times`: of what the person owed; `unmet`: steps of the place that are overdue now, by kind; `own_overdue`: of these, the person's own;
    `sheets`: (answered, all) daily sheets; `reports`: (in time, all) periodic reports, of the place and beneath, that were due by then;
    `holes`: places where nobody could be found or reached; `differences`: unexplained ones of the ledger; `risks`: which facts miss what
    the plan asks for (keys of templates/tables.yaml, risks).
    """

    post: Post
    year: int
    on: date
    stages: tuple[StageRate, ...]
    times: Times | None
    unmet: Mapping[str, int]
    own_overdue: int
    sheets: tuple[int, int]
    reports: tuple[int, int]
    holes: int
    differences: int
    risks: tuple[str, ...]
    decisions: tuple[tuple[str, str, date], ...]  # (decision, by whom, when)


async def posts(work: Work, area_code: str, on: date, roles: Sequence[str], person_id: int | None = None) -> list[Post]:
    """Who holds a post of these roles in an area on a day, by role and place."""
    query = (
        select(Responsibility, Person.name, School.name)
        .join(Person, Person.id == Responsibility.person_id)
        .outerjoin(School, School.id == Responsibility.school_id)
        .where(Responsibility.role.in_(roles), Responsibility.area_code.startswith(area_code), *in_force(on))
        .order_by(Responsibility.area_code, Responsibility.id)
    )
    if person_id is not None:
        query = query.where(Responsibility.person_id == person_id)
    rows = (await work.session.execute(query)).all()
    names = await area_names(work.session, {row.area_code for row, _, _ in rows})
    held = [
        Post(row.person_id, name, row.role, row.area_code, row.school_id, school or names.get(row.area_code, row.area_code))
        for row, name, school in rows
    ]
    return sorted(held, key=lambda post: list(roles).index(post.role))


def span_of(plan: Plan, year: int, until: date, now: datetime) -> Span:
    """From the first of January of a year to the end of a day of it, or to now."""
    calendar = Calendar(plan)
    end = calendar.at(until + timedelta(days=1), time.min)
    return Span(calendar.at(date(year, 1, 1), time.min), min(end, now))


async def sheets(work: Work, plan: Plan, found: Sequence[Post], year: int, on: date | None) -> list[PostSheet]:
    """The sheets of these posts for a year, up to a day of it (its last, or today). Raises ValueError for a day outside the year."""
    today = Calendar(plan).day_of(work.now)
    day = on or min(date(year, 12, 31), today)
    if day.year != year or day > today:
        raise ValueError(f"{day} is no day of {year} that has come")
    if not found:
        return []
    wide = _common([post.area_code for post in found])
    counted = await count(work, plan, wide, day)
    span = span_of(plan, year, day, work.now)
    times = {(one.key, role): one for role in {post.role for post in found} for one in await times_of_people(work, wide, span, [role])}
    return await _sheets(work, plan, found, counted, span, times)


def _common(codes: Sequence[str]) -> str:
    """The longest beginning that all the codes share."""
    first, last = min(codes), max(codes)
    shared = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:shared]


async def _sheets(
    work: Work, plan: Plan, found: Sequence[Post], counted: Count, span: Span, times: Mapping[tuple[str, str], Times]
) -> list[PostSheet]:
    schools = [post.school_id for post in found if post.school_id is not None]
    first = Calendar(plan).day_of(span.since)
    facts = await place_facts(work, _common([post.area_code for post in found]), schools, span, (first, counted.when.on))
    decided = await decisions(work, plan, [post.person_id for post in found], first.year)
    return [_sheet(plan, post, counted, facts, times.get((str(post.person_id), post.role)), decided.get(_held(post), [])) for post in found]


def _held(post: Post) -> Held:
    return post.person_id, post.role, post.area_code, post.school_id


def _sheet(
    plan: Plan, post: Post, counted: Count, facts: PlaceFacts, times: Times | None, decided: Sequence[tuple[str, str, date]]
) -> PostSheet:
    place = post.school_id if post.school_id is not None else post.area_code
    holes = facts.holes[place] if post.school_id is None else 0  # a hole is told by area; a school's are its township's
    sheet = PostSheet(
        post, counted.when.on.year, counted.when.on, tuple(counted.stages(plan, post.area_code, post.school_id)), times,
        facts.unmet_of(place, unit_roles(plan, _unit(post))), facts.own_overdue(place, post.role),
        (facts.answered[place], facts.asked[place]), (facts.in_time[place], facts.due[place]), holes, facts.differences[place], (),
        tuple(decided),
    )  # fmt: skip
    return replace(sheet, risks=tuple(_risks(sheet)))


def _risks(sheet: PostSheet) -> list[str]:
    """Facts only: a rate that misses its target; steps of their own overdue, missed or late; days without a sheet; differences."""
    times, (answered, asked) = sheet.times, sheet.sheets
    checks = {
        **{f"rate_{one.stage}": one.at_risk for one in sheet.stages},
        "own_overdue": sheet.own_overdue > 0,
        "own_missed": times is not None and times.missed > 0,
        "own_late": times is not None and times.late > 0,
        "sheets": answered < asked,
        "reports": sheet.reports[0] < sheet.reports[1],
        "holes": sheet.holes > 0,
        "differences": sheet.differences > 0,
    }
    return [name for name, missed in checks.items() if missed]


def _unit(post: Post) -> Unit:
    if post.school_id is not None:
        return "school"
    return next((unit for unit, length in UNITS.items() if len(post.area_code) <= length), "township")


async def decisions(work: Work, plan: Plan, person_ids: Sequence[int], year: int) -> dict[Held, list[tuple[str, str, date]]]:
    """Post → what has been decided about the year of these persons: the words, by whom, when."""
    query = (
        select(Assessment, Person.name)
        .join(Person, Person.id == Assessment.decided_by)
        .where(Assessment.year == year, Assessment.person_id == func.any(list(person_ids)))
        .order_by(Assessment.decided_at, Assessment.id)
    )
    calendar, found = Calendar(plan), dict[Held, list[tuple[str, str, date]]]()
    for one, name in await work.session.execute(query):
        held = (one.person_id, one.role, one.area_code, one.school_id)
        found.setdefault(held, []).append((one.decision, name, calendar.day_of(one.decided_at)))
    return found


class NotDecided(Exception):
    """Why a decision was not taken down: a key of templates/tables.yaml, not_decided."""


async def decide(work: Work, plan: Plan, sheet: PostSheet, by: int, words: str) -> None:
    """Keeps what a named person has decided about a post's year, in their own words, with the facts that lay before them.

    A later decision stands beside the earlier one. Raises NotDecided.
    """
    if len(words.strip()) < SHORTEST:
        raise NotDecided("no_words")
    if by == sheet.post.person_id:
        raise NotDecided("own_post")
    today = Calendar(plan).day_of(work.now)
    roles = plan.supervision.assessed.get(sheet.post.role, []) if plan.supervision else []
    own = select(Responsibility.area_code).where(Responsibility.person_id == by, Responsibility.role.in_(roles), *in_force(today))
    if not any(sheet.post.area_code.startswith(code) for code in await work.session.scalars(own)):
        raise NotDecided("not_yours")
    post = sheet.post
    work.session.add(
        Assessment(
            year=sheet.year, role=post.role, person_id=post.person_id, area_code=post.area_code, school_id=post.school_id,
            facts=facts_of(sheet), decision=words.strip(), decided_by=by, decided_at=work.now,
        )
    )  # fmt: skip
    work.record(
        "assessment_decided", f"person:{post.person_id}", area_code=post.area_code, actor=f"person:{by}", role=post.role, year=sheet.year
    )


def facts_of(sheet: PostSheet) -> dict[str, Any]:
    """The sheet as plain data, without names: ids, numbers and days."""
    facts = asdict(sheet)
    post = facts.pop("post")
    facts.pop("decisions")
    facts["stages"] = [{**asdict(one), "rate": one.rate, "expected": one.expected, "at_risk": one.at_risk} for one in sheet.stages]
    if facts["times"]:
        facts["times"].pop("name")
    return {**facts, "on": sheet.on.isoformat(), "role": post["role"], "area_code": post["area_code"], "school_id": post["school_id"]}
