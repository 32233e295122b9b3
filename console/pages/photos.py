"""Photographs of visits and deliveries: handed in from a computer or a phone's browser, and looked at by those who see the task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Depends
from sqlalchemy import select
from starlette.responses import Response

from cases.photographs import MEGABYTE, SIGNS, hand_in
from cases.visits import photo_tasks_of
from console.security import require_csrf_form
from console.uploads import files_named, refuse_larger
from console.visit import Visit, Visiting, gone, see_other
from storage.tables import Person, Photo, Task
from storage.work import Work

router = APIRouter()
BACK = ("/cases/", "/notices/")


@dataclass(frozen=True)
class Picture:
    """One that is kept: by whom it came, and when."""

    id: int
    who: str
    at: datetime


async def pictures_of(visit: Visit, task_ids: Collection[int]) -> Mapping[int | None, Sequence[Picture]]:
    """Task → its photographs, for a reader who sees the task; the pictures themselves are not read."""
    found: dict[int | None, list[Picture]] = defaultdict(list)
    query = select(Photo.task_id, Photo.id, Person.name, Photo.received_at).outerjoin(Person, Person.id == Photo.person_id)
    query = query.where(Photo.task_id.in_(task_ids), Photo.state == "stored").order_by(Photo.id)
    for task_id, photo_id, name, at in await visit.session.execute(query):
        found[task_id].append(Picture(photo_id, name or "", at))
    return found


async def may_picture(visit: Visit) -> set[int]:
    """Tasks for which the visitor may hand photographs in now."""
    return {task.id for task in await photo_tasks_of(Work(visit.session, visit.now), visit.plan, [visit.me.person_id])}


async def not_too_large(visit: Visiting) -> None:
    rules = visit.plan.visits
    refuse_larger(visit.request, rules.photos * rules.photo_megabytes * MEGABYTE)


@router.post("/tasks/{task_id}/photos", dependencies=[Depends(not_too_large), Depends(require_csrf_form)])
async def add(visit: Visiting, task_id: int) -> Response:
    """All that were chosen, or none. Kept encrypted, like those that come by chat."""
    if await visit.session.scalar(select(Task.id).where(Task.id == task_id)) is None:
        raise gone()
    contents = [await one.read() for one in await files_named(visit.request, "photos")]
    back = str((await visit.request.form()).get("back", ""))
    async with visit.acting() as work:
        refused = await hand_in(work, visit.plan, visit.parts.cipher, task_id, visit.me.person_id, contents)
    path = back if back.startswith(BACK) else "/tasks"
    return see_other(path, refused=refused) if refused else see_other(path, said="photos_kept")


@router.get("/photos/{photo_id}")
async def show(visit: Visiting, photo_id: int) -> Response:
    """The picture; that somebody looked is recorded."""
    photo = await visit.session.get(Photo, photo_id)
    if photo is None or photo.content_encrypted is None or photo.media_type not in SIGNS.values():
        raise gone()
    async with visit.acting() as work:
        work.record("photo_opened", f"photo:{photo.id}", area_code=visit.area, actor=visit.actor)
    return Response(visit.parts.cipher.decrypt_bytes(photo.content_encrypted), media_type=photo.media_type)
