"""The year-end sheets and the list of commendation, counted at night for every county and prefecture: hundreds of posts are no page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import get_args

from sqlalchemy import select

from cases.kept_counts import keep, kept
from cases.names import area_names
from cases.rates import Unit
from cases.shown import Cell, Shown
from cases.supervising.commending import Candidate, candidates
from cases.supervising.sheets import Post, PostSheet, decisions, posts, sheets
from cases.supervising.tables import commend_table, decision_text, posts_table
from plan.model import Plan
from plan.supervising import Supervision
from storage.tables import Area
from storage.work import Work

Kept = tuple[Shown, Sequence[Post], datetime]
"""A table, the post of each of its rows (none for commendation), and when it was counted."""
MANY = 100
"""Posts from which on they are counted at night."""
WIDE = Area.level.in_(("prefecture", "county"))


async def count_supervision(work: Work, plan: Plan, day: date, *, least: int = MANY) -> int:
    """Each night, for each prefecture (or county alone) and its counties, all from one count; gives for how many areas.

    Not where fewer than so many posts are assessed: a page counts them while it is made.
    """
    if plan.supervision is None:
        return 0
    tops = (await work.session.scalars(select(Area.code).where(WIDE, Area.parent_code.is_(None)))).all()
    counted = 0
    for top in tops:
        held = await posts(work, top, day, list(plan.supervision.assessed))
        if len(held) < least:
            continue
        codes = (await work.session.scalars(select(Area.code).where(Area.code.startswith(top), WIDE))).all()
        year = await sheets(work, plan, held, day.year, day)
        commended = await every_candidate(work, plan, plan.supervision, top, day)
        for code in codes:
            await _keep_year(work, plan, code, [one for one in year if one.post.area_code.startswith(code)], day)
            await _keep_commended(work, plan.supervision, code, [one for one in commended if one.unit.area_code.startswith(code)], day)
        counted += len(codes)
    return counted


async def every_candidate(work: Work, plan: Plan, rules: Supervision, area_code: str, day: date) -> list[Candidate]:
    """Of all kinds of units that the plan names."""
    units = [unit for unit in get_args(Unit) if unit in rules.commendation.units]
    return [one for unit in units for one in await candidates(work, plan, area_code, unit, day.year, day)]


async def _keep_year(work: Work, plan: Plan, code: str, found: Sequence[PostSheet], day: date) -> None:
    rows = posts_table(plan, found, "", day.year).rows
    await keep(work, f"supervision:{code}:year", code, {"on": str(day), "rows": rows, "posts": [vars(one.post) for one in found]})


async def _keep_commended(work: Work, rules: Supervision, code: str, found: Sequence[Candidate], day: date) -> None:
    rows = commend_table(found, "", day.year, str(day), rules.commendation.least_children).rows
    await keep(work, f"supervision:{code}:commend", code, {"on": str(day), "rows": rows})


async def year_table(work: Work, plan: Plan, rules: Supervision, area_code: str, today: date) -> Kept:
    """The sheets of the posts of an area as counted last night, with what has been decided since; counted now where no night has been."""
    name = (await area_names(work.session, [area_code])).get(area_code, area_code)
    known = await kept(work, f"supervision:{area_code}:year")
    if known is None or date.fromisoformat(known.facts["on"]).year != today.year:
        found = await sheets(work, plan, await posts(work, area_code, today, list(rules.assessed)), today.year, today)
        return posts_table(plan, found, name, today.year), [one.post for one in found], work.now
    held = [Post(**one) for one in known.facts["posts"]]
    decided = await decisions(work, plan, [post.person_id for post in held], today.year)
    rows: list[list[Cell]] = [
        [*row[:-1], decision_text(decided.get((post.person_id, post.role, post.area_code, post.school_id), ()))]
        for row, post in zip(known.facts["rows"], held, strict=True)
    ]
    return replace(posts_table(plan, [], name, today.year), rows=rows), held, known.counted_at


async def commended_table(work: Work, plan: Plan, rules: Supervision, area_code: str, today: date) -> Kept:
    """Who meets the criteria, as counted last night; counted now where no night has been."""
    name, least = (await area_names(work.session, [area_code])).get(area_code, area_code), rules.commendation.least_children
    known = await kept(work, f"supervision:{area_code}:commend")
    if known is None or date.fromisoformat(known.facts["on"]).year != today.year:
        found = await every_candidate(work, plan, rules, area_code, today)
        return commend_table(found, name, today.year, str(today), least), [], work.now
    return replace(commend_table([], name, today.year, known.facts["on"], least), rows=known.facts["rows"]), [], known.counted_at
