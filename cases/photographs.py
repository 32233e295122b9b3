"""Photographs that are handed in as files: what counts as one, and to which visit or delivery it may be put."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from cases.tasks import note_progress
from cases.visits import photo_tasks_of
from plan.model import Plan
from storage.crypto import Cipher
from storage.tables import Photo, Task
from storage.work import Work

SIGNS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
MEGABYTE = 1024 * 1024


def media_type_of(content: bytes) -> str | None:
    """What the file is, by its first bytes; None for anything but a photograph. Its name may say what it likes."""
    return next((kind for sign, kind in SIGNS.items() if content.startswith(sign)), None)


async def hand_in(work: Work, plan: Plan, cipher: Cipher, task_id: int, by: int, pictures: Sequence[bytes]) -> str | None:
    """Keeps photographs of a visit or a delivery, all or none. What forbids it (`refusals` of the pages), or None.

    As by chat: only for whoever owes the task, or has recorded it not so long ago.
    """
    task = next((one for one in await photo_tasks_of(work, plan, [by]) if one.id == task_id), None)
    if task is None:
        return "no_photo_task"
    if (refused := unfit(plan, pictures)) is not None:
        return refused
    await work.session.refresh(task, with_for_update=True)  # two at once count one after the other
    kept = select(func.count()).select_from(Photo).where(Photo.task_id == task_id, Photo.state != "refused")
    if (await work.session.scalar(kept) or 0) + len(pictures) > plan.visits.photos:
        return "photos_enough"
    for content in pictures:
        await _keep(work, cipher, task, by, content)
    await note_progress(work, task, by)
    return None


def unfit(plan: Plan, pictures: Sequence[bytes]) -> str | None:
    """Why these may not be kept (`refusals` of the pages); None where all may."""
    if not pictures or any(media_type_of(content) is None for content in pictures):
        return "not_a_photo"
    return "photo_too_large" if any(len(content) > plan.visits.photo_megabytes * MEGABYTE for content in pictures) else None


async def _keep(work: Work, cipher: Cipher, task: Task, by: int, content: bytes) -> None:
    photo = Photo(
        task_id=task.id, person_id=by, state="stored", media_type=media_type_of(content), size=len(content),
        content_encrypted=cipher.encrypt_bytes(content), received_at=work.now, stored_at=work.now, next_at=work.now,
    )  # fmt: skip
    work.session.add(photo)
    await work.session.flush()
    subject, actor = f"photo:{photo.id}", f"person:{by}"
    work.record("photo_stored", subject, area_code=task.area_code, case_id=task.case_id, actor=actor, task_id=task.id)
