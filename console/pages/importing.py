"""Import with drag and drop: a file is checked first, its rows that need mending shown in place, then taken in. Own files only."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from starlette.datastructures import UploadFile
from starlette.responses import Response

from cases.desk import desk_of_area
from cases.imports.kept import forget_files
from cases.imports.report import Finding, ImportReport
from cases.imports.run import KINDS
from cases.imports.texts import table
from cases.letter_numbers import county_of
from cases.posts.held import answers_for_any_above
from console.importing import LARGEST, LOST, SUFFIXES, WORKING, Errand, as_read, bad_rows, real_now, start
from console.letters import Refusal
from console.pages.ledger import XLSX
from console.security import require_csrf_form
from console.uploads import refuse_larger
from console.visit import Visit, Visiting, gone, see_other
from storage.tables import ImportJob
from storage.work import Work

router = APIRouter(prefix="/import")
SHOWN = 200
LISTED = 20
LONGEST_NAME = 120


async def not_too_large(request: Request) -> None:
    refuse_larger(request, LARGEST)


UPLOADING = [Depends(not_too_large), Depends(require_csrf_form)]
ACTING = [Depends(require_csrf_form)]


async def may_import(visit: Visit) -> bool:
    """The office that the plan names for a county's data, or one above it."""
    if visit.me.post.school_id is not None or visit.area != county_of(visit.area):
        return False
    async with visit.acting() as work:
        return await answers_for_any_above(work, await desk_of_area(work, visit.area), visit.me.person_id, visit.plan.holes.role)


@router.get("")
async def show(visit: Visiting) -> Response:
    return await _list(visit)


async def _list(visit: Visit, refused: Refusal | None = None) -> Response:
    own = select(ImportJob).where(ImportJob.person_id == visit.me.person_id, ImportJob.area_code == visit.area)
    async with visit.acting() as work:
        await forget_files(work, visit.plan, visit.today)
        jobs = (await work.session.scalars(own.order_by(ImportJob.id.desc()).limit(LISTED))).all()
    return await visit.show(
        "import", status=409 if refused else 200, jobs=jobs, kinds=tuple(KINDS), may=await may_import(visit), fault=refused,
        largest=LARGEST // 1024 // 1024, suffixes=",".join(SUFFIXES),
        roles=visit.speech("import").in_dict(visit.plan.roles, visit.plan.holes.role),
    )  # fmt: skip


@router.post("", dependencies=UPLOADING)
async def hand_in(visit: Visiting) -> Response:
    """Keeps the file encrypted and checks it; nothing is taken in yet."""
    if not await may_import(visit):
        return await _list(visit, Refusal("not_entitled"))
    form = await visit.request.form()
    file, kind = form.get("file"), form.get("kind")
    content = await file.read() if isinstance(file, UploadFile) else b""
    name = (file.filename or "" if isinstance(file, UploadFile) else "")[-LONGEST_NAME:]
    if kind not in KINDS or not content or not name.lower().endswith(SUFFIXES):
        return await _list(visit, Refusal("choose_file"))
    if len(content) > LARGEST:
        return await _list(visit, Refusal("too_large"))
    job = ImportJob(
        kind=str(kind), file_name=name, area_code=visit.area, person_id=visit.me.person_id, state="checking", created_at=visit.now,
        content_encrypted=visit.parts.cipher.encrypt_bytes(content), beaten_at=await real_now(),
    )  # fmt: skip
    async with visit.acting() as work:
        work.session.add(job)
        await work.session.flush()
        _record(visit, work, job, "import_handed_in")
    start(visit.parts, visit.plan, _errand(visit, job, content, is_check=True))
    return see_other(f"/import/{job.id}")


def _record(visit: Visit, work: Work, job: ImportJob, action: str) -> None:
    work.record(action, f"import:{job.id}", area_code=job.area_code, actor=visit.actor, kind=job.kind)


def _errand(visit: Visit, job: ImportJob, content: bytes, *, is_check: bool) -> Errand:
    return Errand(job.id, job.kind, job.file_name, job.area_code, job.person_id, content, visit.now, is_check)


async def _own(visit: Visit, work: Work, job_id: int) -> ImportJob:
    """404 for somebody else's, and in another post."""
    job = await work.session.get(ImportJob, job_id, with_for_update=True)
    if job is None or job.person_id != visit.me.person_id or job.area_code != visit.area:
        raise gone()
    return job


@router.get("/{job_id}")
async def one(visit: Visiting, job_id: int) -> Response:
    async with visit.acting() as work:
        job = await _own(visit, work, job_id)
        if job.state in WORKING and job.beaten_at < await real_now() - LOST:
            job.state, job.content_encrypted, job.ended_at = "refused", None, visit.now
    report = _report(visit, job)
    return await visit.show(
        "import_job", job=job, report=report, errors=_shown(visit, report.errors if report else []), at_work=job.state in WORKING,
        warnings=_shown(visit, report.warnings if report else []), most=SHOWN,
    )  # fmt: skip


def _report(visit: Visit, job: ImportJob) -> ImportReport | None:
    if job.report_encrypted is None:
        return None
    said: dict[str, Any] = json.loads(visit.parts.cipher.decrypt_bytes(job.report_encrypted))
    return as_read(said)


def _shown(visit: Visit, found: list[Finding]) -> list[tuple[Finding, str, str]]:
    """(finding, what is wrong, how to mend it) in the reader's language; the first of them."""
    texts, (wrong, mend) = table("reasons"), ("en", "mend_en") if visit.me.language == "en" else ("zh", "mend_zh")
    return [(one, texts[one.code][wrong], texts[one.code][mend]) for one in found[:SHOWN]]


@router.get("/{job_id}/bad-rows.xlsx")
async def mend(visit: Visiting, job_id: int) -> Response:
    """While the file is there: its rows that need mending, marked."""
    async with visit.acting() as work:
        job = await _own(visit, work, job_id)
        report = _report(visit, job)
        if report is None or job.content_encrypted is None:
            raise gone()
        _record(visit, work, job, "import_bad_rows")
        body = bad_rows(report, job.file_name, visit.parts.cipher.decrypt_bytes(job.content_encrypted))
    return Response(body, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="bad-rows-{job_id}.xlsx"'})


@router.post("/{job_id}/take", dependencies=ACTING)
async def take(visit: Visiting, job_id: int) -> Response:
    """Good rows go in although others are refused."""
    if not await may_import(visit):
        raise gone()
    async with visit.acting() as work:
        job = await _own(visit, work, job_id)
        if job.state != "checked" or job.content_encrypted is None:
            return see_other(f"/import/{job_id}")
        job.state, job.done, job.beaten_at = "taking", 0, await real_now()
        _record(visit, work, job, "import_taken")
    start(visit.parts, visit.plan, _errand(visit, job, visit.parts.cipher.decrypt_bytes(job.content_encrypted), is_check=False))
    return see_other(f"/import/{job_id}")


@router.post("/{job_id}/drop", dependencies=ACTING)
async def drop(visit: Visiting, job_id: int) -> Response:
    """The file and its report are gone at once."""
    async with visit.acting() as work:
        job = await _own(visit, work, job_id)
        if job.state == "checked":
            job.state, job.content_encrypted, job.report_encrypted, job.ended_at = "dropped", None, None, visit.now
            _record(visit, work, job, "import_dropped")
    return see_other("/import", said="import_dropped")
