"""Activities offline: what each school and township planned for the school year, and what it held; recorded and planned here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import false, null, or_, select
from starlette.responses import Response

from cases.activities import (
    LONGEST_PLACE,
    ActivityRefused,
    Held,
    Where,
    add_activity,
    covers_place,
    keep_activity_photo,
    may_record,
    recorded_places,
    set_planned,
    withdraw_activity,
)
from cases.activity_progress import TAKEN, Progress, Sums, progress, progress_lines, progress_of, sums_of, with_kinds
from cases.imports.classes import school_year
from cases.photographs import media_type_of, unfit
from cases.publicity_texts import library
from console.pages.ledger import XLSX
from console.paging import After, Piece, piece
from console.security import require_csrf_form
from console.uploads import files_named
from console.visit import Blank, Visit, Visiting, gone, see_other
from papers.activities import Line, activities_sheet
from papers.workbook import workbook
from storage.tables import Activity, Area, Photo, School
from storage.work import Work

router = APIRouter(prefix="/activities")
ACTING = [Depends(require_csrf_form)]
LISTED = 20
Short = Annotated[str, Form(max_length=80)]


@router.get("")
async def show(visit: Visiting, after: After = "") -> Response:
    return await _page(visit, after)


async def _page(visit: Visit, after: str = "", *, refused: ActivityRefused | None = None) -> Response:
    found, sums = await _piece(visit, after)
    return await visit.show(
        "activities", latest=await _latest(visit), status=409 if refused else 200, piece=found, sums=sums,
        kinds=visit.plan.publicity.activities.kinds, year=school_year(visit.today), places=await _places(visit),
        why=_said(visit, refused), longest=LONGEST_PLACE,
    )  # fmt: skip


async def _piece(visit: Visit, after: str) -> tuple[Piece, Sums]:
    """Of the post's area; of a school's people their school alone."""
    if visit.me.post.school_id is not None:
        own = await _own(visit, visit.me.post.school_id)
        return Piece([own], 1), Sums(own.planned or 0, own.held, own.pictured, own.missing)
    work, year = Work(visit.session, visit.now), school_year(visit.today)
    lines = progress_lines(visit.area, year)
    found = await piece(visit.session, lines, tuple(lines.selected_columns)[:2], after)
    return replace(found, rows=await with_kinds(work, found.rows, year)), await sums_of(work, lines)


async def _own(visit: Visit, school_id: int) -> Progress:
    async with visit.acting() as work:
        return await progress_of(work, Where(visit.area, school_id), school_year(visit.today))


async def _places(visit: Visit) -> Sequence[tuple[str, str]]:
    """(key, name) of the places for which the visitor records: the own office, townships and schools, in the order of the tree."""
    async with visit.acting() as work:
        recorded = await recorded_places(work, visit.plan, visit.me.person_id, visit.today)
    offices = [place.area_code for place in recorded if place.school_id is None]
    schools = select(School.area_code, School.id, School.name).where(School.area_code.startswith(visit.area))
    areas = select(Area.code, null(), Area.name).where(or_(Area.level == "township", Area.code.in_(offices)))
    if visit.me.post.school_id is not None:
        schools, areas = schools.where(School.id == visit.me.post.school_id), areas.where(false())
    rows = [*await visit.session.execute(areas.where(Area.code.startswith(visit.area))), *await visit.session.execute(schools)]
    rows.sort(key=lambda row: (row[0], row[1] or 0))
    places = [(Where(area_code, school_id), name) for area_code, school_id, name in rows]
    return [(_key(where), name) for where, name in places if covers_place(recorded, where)]


def _said(visit: Visit, refused: ActivityRefused | None) -> str:
    if refused is None:
        return ""
    t = visit.speech("activities")
    return (t.of("faults", refused.reason) if t.knows("faults", refused.reason) else t.of("refusals", refused.reason)).format(
        **refused.facts
    )


def _key(where: Where) -> str:
    return f"{where.area_code}:{where.school_id or ''}"


async def _where(visit: Visit, work: Work, key: str) -> Where:
    """The place that was chosen. 404 for one that this post does not see or does not record for."""
    area_code, _, school = key.partition(":")
    where = Where(area_code, int(school) if school.isdecimal() else None)
    known = await work.session.get(Area, where.area_code) if where.school_id is None else await work.session.get(School, where.school_id)
    of_post = visit.me.post.school_id in {None, where.school_id} and where.area_code.startswith(visit.area)
    at_home = not isinstance(known, School) or known.area_code == where.area_code
    if known is None or not of_post or not at_home or not await may_record(work, visit.plan, visit.me.person_id, where, visit.today):
        raise gone()
    return where


@router.post("", dependencies=ACTING)
async def add(
    visit: Visiting, kind: Short = "", at: Short = "", place: Short = "", held_on: Annotated[Blank[date | None], Form()] = None
) -> Response:
    """`at`: whose activity it is; `place`: where it was, in words. With its photographs, or not at all."""
    pictures = [await one.read() for one in await files_named(visit.request, "photos")]
    try:
        async with visit.acting() as work:
            held = Held(kind, held_on or visit.today, place.strip(), await _where(visit, work, at), visit.me.person_id)
            await _keep(visit, work, await add_activity(work, visit.plan, held, visit.today), pictures)
    except ActivityRefused as refused:
        return await _page(visit, refused=refused)
    return see_other("/activities", said="activity_added")


async def _keep(visit: Visit, work: Work, activity: Activity, pictures: Sequence[bytes]) -> None:
    """Raises ActivityRefused for what is no photograph, for one that is too large, and for too many."""
    if pictures and (refused := unfit(visit.plan, pictures)) is not None:
        raise ActivityRefused(refused)
    if len(pictures) > visit.plan.publicity.activities.photos:
        raise ActivityRefused("photos_enough")
    for content in pictures:
        kept = visit.parts.cipher.encrypt_bytes(content)
        await keep_activity_photo(work, activity, visit.me.person_id, kept, media_type_of(content) or "", len(content))


@router.post("/{activity_id}/withdraw", dependencies=ACTING)
async def withdraw(visit: Visiting, activity_id: int) -> Response:
    """It was entered by mistake: it counts no longer, and stays on record."""
    try:
        async with visit.acting() as work:
            activity = await work.session.get(Activity, activity_id, with_for_update=True)
            if activity is None:
                raise gone()
            await _where(visit, work, _key(Where(activity.area_code, activity.school_id)))
            await withdraw_activity(work, activity, visit.me.person_id)
    except ActivityRefused as refused:
        return await _page(visit, refused=refused)
    return see_other("/activities", said="activity_withdrawn")


async def _latest(visit: Visit) -> Sequence[tuple[Activity, Sequence[int | None]]]:
    """(activity, its photographs) of the post's own place, the newest first; None for a photograph that was removed in the meantime."""
    query = select(Activity).where(Activity.withdrawn_at.is_(None)).order_by(Activity.held_on.desc(), Activity.id.desc()).limit(LISTED)
    if visit.me.post.school_id is None:
        found = list(await visit.session.scalars(query))
    else:
        async with visit.acting() as work:
            found = list(await work.session.scalars(query.where(Activity.school_id == visit.me.post.school_id)))
    pictures: dict[int | None, list[int | None]] = defaultdict(list)
    taken = select(Photo.activity_id, Photo.id, Photo.state).where(Photo.activity_id.in_([one.id for one in found]), Photo.state.in_(TAKEN))
    for activity_id, photo_id, state in await visit.session.execute(taken.order_by(Photo.id)):
        pictures[activity_id].append(photo_id if state == "stored" else None)
    return [(one, pictures[one.id]) for one in found]


@router.post("/plan", dependencies=ACTING)
async def plan(visit: Visiting, number: Annotated[int, Form()] = -1, at: Short = "", kind: Short = "") -> Response:
    """How many of a kind, or of any, the place means to hold in this school year."""
    try:
        async with visit.acting() as work:
            where = await _where(visit, work, at)
            await set_planned(work, visit.plan, where, school_year(visit.today), kind, number, visit.me.person_id)
    except ActivityRefused as refused:
        return await _page(visit, refused=refused)
    return see_other("/activities", said="activity_planned")


@router.get("/export.xlsx")
async def export(visit: Visiting) -> Response:
    year, school_id = school_year(visit.today), visit.me.post.school_id
    rows = [await _own(visit, school_id)] if school_id else await progress(Work(visit.session, visit.now), visit.area, year)
    kinds = {key: kind.zh for key, kind in visit.plan.publicity.activities.kinds.items()}
    lines = [Line(row.name, row.where.area_code, row.planned, row.held, row.pictured, row.by_kind) for row in rows]
    async with visit.acting() as work:
        work.record("list_exported", "list:activities", area_code=visit.area, actor=visit.actor, count=len(lines))
    said = library().labels["activities_sheet"]
    body = workbook([activities_sheet(said["title"].format(year=year, next=year + 1), said, kinds, lines)])
    return Response(body, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="activities-{year}.xlsx"'})
