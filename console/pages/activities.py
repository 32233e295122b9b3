"""Activities offline: what each school and township planned for the school year, and what it held; recorded and planned here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import select
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
from cases.activity_progress import TAKEN, Progress, progress, progress_of
from cases.imports.classes import school_year
from cases.photographs import media_type_of, unfit
from cases.publicity_texts import library
from console.pages.ledger import XLSX
from console.paging import Page, cut
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
async def show(visit: Visiting, page: Page = 1) -> Response:
    return await _page(visit, page)


async def _rows(visit: Visit) -> Sequence[Progress]:
    """Of the post's area; of a school's people their school alone."""
    year = school_year(visit.today)
    if visit.me.post.school_id is None:
        return await progress(Work(visit.session, visit.now), visit.area, year)
    async with visit.acting() as work:
        own = await progress_of(work, Where(visit.area, visit.me.post.school_id), year)
    school = await visit.session.get(School, visit.me.post.school_id)
    own.name = school.name if school is not None else own.name
    return [own]


async def _page(visit: Visit, page: int = 1, *, refused: ActivityRefused | None = None) -> Response:
    rows, kinds = await _rows(visit), visit.plan.publicity.activities.kinds
    found = cut(rows, page)
    async with visit.acting() as work:
        recorded = await recorded_places(work, visit.plan, visit.me.person_id, visit.today)
    places = [(_key(row.where), row.name) for row in rows if covers_place(recorded, row.where)]
    return await visit.show(
        "activities", latest=await _latest(visit), status=409 if refused else 200, found=found, rows=found.rows, kinds=kinds,
        year=school_year(visit.today), places=places,
        why=_said(visit, refused), longest=LONGEST_PLACE, planned=sum(row.planned or 0 for row in rows),
        held=sum(row.held for row in rows), pictured=sum(row.pictured for row in rows), missing=sum(row.missing for row in rows),
    )  # fmt: skip


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
    rows, year = await _rows(visit), school_year(visit.today)
    kinds = {key: kind.zh for key, kind in visit.plan.publicity.activities.kinds.items()}
    lines = [Line(row.name, row.where.area_code, row.planned, row.held, row.pictured, row.by_kind) for row in rows]
    async with visit.acting() as work:
        work.record("list_exported", "list:activities", area_code=visit.area, actor=visit.actor, count=len(lines))
    said = library().labels["activities_sheet"]
    body = workbook([activities_sheet(said["title"].format(year=year, next=year + 1), said, kinds, lines)])
    return Response(body, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="activities-{year}.xlsx"'})
