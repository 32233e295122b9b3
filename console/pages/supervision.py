"""Supervision: who answers and finishes in time, the year-end sheet with a named person's decision, samples, commendation. Facts only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Form
from sqlalchemy import String, cast, select
from starlette.responses import Response

from cases.letter_numbers import county_of
from cases.names import area_names
from cases.rates import Unit
from cases.responsible import in_force
from cases.shown import Shown
from cases.supervising.inspection import (
    OUTCOMES,
    POPULATIONS,
    STRATA,
    NotDrawn,
    Order,
    draw_sample,
    items_of,
    new_seed,
    record_result,
    strata_names,
)
from cases.supervising.kept import Kept, commended_table, year_table
from cases.supervising.sheets import NotDecided, Post, decide, posts, sheets
from cases.supervising.tables import sample_table, times_table
from cases.supervising.times import Span, times_of_people, times_of_units
from console.letters import Refusal
from console.pages.ledger import XLSX
from console.paging import Page, cut
from console.security import require_csrf_form
from console.visit import Visit, Visiting, gone, see_other
from papers.tables import tables_xlsx
from plan.supervising import Supervision
from storage.tables import InspectionSample, Responsibility, School
from storage.work import Work

router = APIRouter(prefix="/supervision")
ACTING = [Depends(require_csrf_form)]
VIEWS = ("times", "year", "sample", "commend")
PER = ("person", "school", "township", "county")
MONTH = timedelta(days=30)
LONGEST = 400
LISTED = 30
Words = Annotated[str, Form(max_length=LONGEST)]


def _rules(visit: Visit) -> Supervision | None:
    """The plan's section, for posts of the county and above; None for anybody else."""
    above = visit.me.post.school_id is None and visit.area == county_of(visit.area)
    return visit.plan.supervision if above else None


async def _area_name(visit: Visit, work: Work) -> str:
    return (await area_names(work.session, [visit.area])).get(visit.area, visit.area)


@router.get("")
async def show(visit: Visiting, view: str = "times", per: str = "person", page: Page = 1) -> Response:
    return await _page(visit, view if view in VIEWS else "times", page, per=per if per in PER else "person")


async def _page(
    visit: Visit, view: str, page: int = 1, *, per: str = "person", refused: Refusal | None = None, typed: str = ""
) -> Response:
    rules = _rules(visit)
    async with visit.acting() as work:  # counted over tables that the web role reads only row by row
        shown, held, at = await _table(visit, work, rules, view, per) if rules and view != "sample" else (None, [], visit.now)
        choices = await _decidable(visit, work, rules, cut(held, page).rows) if rules and view == "year" else []
    rows = cut(shown.rows if shown else [], page)
    mine = select(InspectionSample).where(InspectionSample.area_code.startswith(visit.area)).order_by(InspectionSample.id.desc())
    samples = (await visit.session.scalars(mine.limit(LISTED))).all() if rules and view == "sample" else []
    return await visit.show(
        "supervision", status=409 if refused else 200, view=view, views=VIEWS, per=per, pers=PER, shown=shown, rows=rows, counted_at=at,
        rules=rules, fault=refused,
        samples=samples, populations=POPULATIONS, strata=STRATA, choices=choices, typed=typed, longest=LONGEST,
        may_draw=bool(rules) and visit.me.post.role in (rules.inspectors if rules else ()),
    )  # fmt: skip


async def _table(visit: Visit, work: Work, rules: Supervision, view: str, per: str) -> Kept:
    if view == "year":
        return await year_table(work, visit.plan, rules, visit.area, visit.today)
    if view == "commend":
        return await commended_table(work, visit.plan, rules, visit.area, visit.today)
    return await _times(visit, work, rules, per), [], visit.now


async def _times(visit: Visit, work: Work, rules: Supervision, per: str) -> Shown:
    name = await _area_name(visit, work)
    span = Span(visit.now - MONTH, visit.now)
    if per == "person":
        return times_table(visit.plan, await times_of_people(work, visit.area, span), {}, name, span, rules.least_tasks)
    unit = next(one for one in get_args(Unit) if one == per)
    times = await times_of_units(work, visit.plan, visit.area, span, unit)
    return times_table(visit.plan, times, await _unit_names(work, per, [one.key for one in times]), name, span, rules.least_tasks)


async def _unit_names(work: Work, per: str, keys: list[str]) -> dict[str, str]:
    if per != "school":
        return await area_names(work.session, keys)
    rows = await work.session.execute(select(cast(School.id, String), School.name).where(School.id.in_(map(int, keys))))
    return dict(rows.all())


async def _posts(visit: Visit, work: Work, rules: Supervision) -> list[Post]:
    return await posts(work, visit.area, visit.today, list(rules.assessed))


async def _decidable(visit: Visit, work: Work, rules: Supervision, shown: Sequence[Post]) -> list[tuple[str, Post]]:
    """Of the posts that are shown, those about which this person decides, by the plan; never their own."""
    held = select(Responsibility.role).where(Responsibility.person_id == visit.me.person_id, *in_force(visit.today))
    own = set(await work.session.scalars(held))
    return [(_key(post), post) for post in shown if own & set(rules.assessed[post.role]) and post.person_id != visit.me.person_id]


def _key(post: Post) -> str:
    return f"{post.person_id}:{post.role}:{post.area_code}:{post.school_id or ''}"


@router.post("/decide", dependencies=ACTING)
async def decide_year(visit: Visiting, post: Words = "", said: Words = "", sure: Annotated[str, Form()] = "") -> Response:
    """What a named person has decided, in their own words, with the facts that lay before them."""
    rules = _rules(visit)
    if rules is None:
        raise gone()
    async with visit.acting() as work:
        found = next((one for one in await _posts(visit, work, rules) if _key(one) == post), None)
        refused = None if found is not None and sure == "yes" else Refusal("confirm_first" if found is not None else "no_post")
        if found is not None and refused is None:
            try:
                year = (await sheets(work, visit.plan, [found], visit.today.year, visit.today))[0]
                await decide(work, visit.plan, year, visit.me.person_id, said)
            except NotDecided as fault:
                refused = Refusal(str(fault))
    if refused is not None:
        return await _page(visit, "year", refused=refused, typed=said)
    return see_other("/supervision", view="year", said="assessed")


@router.get("/export.xlsx")
async def export(visit: Visiting, view: str = "times", per: str = "person") -> Response:
    """The table of a view as a workbook that prints; that it was exported is kept."""
    rules = _rules(visit)
    if rules is None or view not in VIEWS or view == "sample":
        raise gone()
    async with visit.acting() as work:
        shown, _, _ = await _table(visit, work, rules, view, per if per in PER else "person")
        work.record("list_exported", f"list:supervision_{view}", area_code=visit.area, actor=visit.actor, count=len(shown.rows))
    headers = {"Content-Disposition": f'attachment; filename="{view}-{visit.today:%Y%m%d}.xlsx"'}
    return Response(tables_xlsx([shown]), media_type=XLSX, headers=headers)


@router.post("/samples", dependencies=ACTING)
async def draw(visit: Visiting, of: Words = "", per: Words = "", size: Annotated[int, Form()] = 0, seed: Words = "") -> Response:
    """Drawn by a seed that is kept; without one, by one that nobody could have known."""
    rules = _rules(visit)
    if rules is None or visit.me.post.role not in rules.inspectors:
        raise gone()
    try:
        async with visit.acting() as work:
            order = Order(visit.area, of, per, visit.today, size or rules.sample_size, seed.strip() or new_seed())
            sample = await draw_sample(work, visit.plan, order, visit.me.person_id)
            await work.session.flush()
            number = sample.id
    except NotDrawn as fault:
        return await _page(visit, "sample", refused=Refusal(str(fault)))
    return see_other(f"/supervision/samples/{number}")


@router.get("/samples/{sample_id}")
async def sample(visit: Visiting, sample_id: int) -> Response:
    return await _sample(visit, sample_id)


async def _sample(visit: Visit, sample_id: int, refused: Refusal | None = None) -> Response:
    rules, found = _rules(visit), await visit.session.get(InspectionSample, sample_id)
    if rules is None or found is None:
        raise gone()
    async with visit.acting() as work:
        lines = await items_of(work, sample_id)
        name = (await area_names(work.session, [found.area_code])).get(found.area_code, "")
        strata = await strata_names(work, found)
    return await visit.show(
        "sample", status=409 if refused else 200, one=found, lines=lines, shown=sample_table(visit.plan, found, lines, name, strata),
        fault=refused, outcomes=OUTCOMES, longest=LONGEST, may_check=visit.me.post.role in rules.inspectors,
    )  # fmt: skip


@router.post("/samples/{sample_id}", dependencies=ACTING)
async def checked(
    visit: Visiting, sample_id: int, place: Annotated[int, Form()] = 0, found: Words = "", note: Words = ""
) -> Response:  # fmt: skip
    """What was found at one place of the sample."""
    rules = _rules(visit)
    seen = await visit.session.scalar(select(InspectionSample.id).where(InspectionSample.id == sample_id))
    if rules is None or seen is None or visit.me.post.role not in rules.inspectors:
        raise gone()
    try:
        async with visit.acting() as work:
            await record_result(work, sample_id, place, found, note, visit.me.person_id)
    except NotDrawn as fault:
        return await _sample(visit, sample_id, Refusal(str(fault)))
    return see_other(f"/supervision/samples/{sample_id}", said="checked")
