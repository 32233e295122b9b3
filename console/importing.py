"""A file that was handed in on a page: checked, then taken in, beside the pages in a thread of its own; its progress is in its row.

The file stands in the clear only in a folder that nobody else may read, for as long as it is being read.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from cases.imports.report import Finding, ImportReport
from cases.imports.run import import_file, write_errors
from console.parts import Parts
from plan.model import Plan
from storage.clock import SystemClock
from storage.database import Database
from storage.tables import ImportJob

log = structlog.get_logger("web")
LARGEST = 20 * 1024 * 1024
"""Bytes: a roster of a county's children takes about half of it."""
BEAT = 1.0
"""Seconds between two notes of how far it is."""
LOST = timedelta(seconds=60)
"""Without a sign of life for so long nobody works on it any more: its process ended."""
WORKING = ("checking", "taking")
SUFFIXES = (".xlsx", ".xls", ".csv")
RUNNING: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Errand:
    """One file and what is to be done with it. `now`: the console's clock; imports know no other."""

    job_id: int
    kind: str
    name: str
    area_code: str
    person_id: int
    content: bytes
    now: datetime
    is_check: bool


def start(parts: Parts, plan: Plan, errand: Errand) -> None:
    """Works on it from now on, whoever looks."""
    task = asyncio.create_task(_carry_out(parts, plan, errand))
    RUNNING.add(task)
    task.add_done_callback(RUNNING.discard)


async def _carry_out(parts: Parts, plan: Plan, errand: Errand) -> None:
    so_far = [0, 0]

    def tell(done: int, total: int) -> None:
        so_far[:] = [done, total]

    beat = asyncio.create_task(_beat(parts.worker, errand.job_id, so_far))
    try:
        report = await asyncio.to_thread(lambda: asyncio.run(_import(parts, plan, errand, tell)))
        values = _ended(parts, errand, report)
    except Exception as error:
        log.error("import failed", action="import_failed", job=errand.job_id, error=type(error).__name__, exc_info=error)
        values = {"state": "refused", "report_encrypted": None, "content_encrypted": None, "ended_at": errand.now}
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat
    await _note(parts.worker, errand.job_id, **values)


def _ended(parts: Parts, errand: Errand, report: ImportReport) -> dict[str, Any]:
    """What the row says now. A file that may not be taken in, or has been, is gone."""
    kept = parts.cipher.encrypt_bytes(json.dumps(as_kept(report), ensure_ascii=False).encode())
    if errand.is_check and not report.is_refused:
        return {"state": "checked", "report_encrypted": kept}
    state = "refused" if report.is_refused else "taken"
    return {"state": state, "report_encrypted": kept, "content_encrypted": None, "ended_at": errand.now}


async def _beat(database: Database, job_id: int, so_far: list[int]) -> None:
    while True:
        await asyncio.sleep(BEAT)
        with suppress(SQLAlchemyError, OSError):  # what was taken in must not be lost sight of because one note was not written
            await _note(database, job_id, done=so_far[0], total=so_far[1])


async def _note(database: Database, job_id: int, **values: Any) -> None:
    async with database.session() as session, session.begin():
        await session.execute(update(ImportJob).where(ImportJob.id == job_id).values(**values, beaten_at=await real_now()))


async def real_now() -> datetime:
    """Whether somebody is alive is a matter of real time, also where the pages' clock is stepped."""
    return await SystemClock().now()


async def _import(parts: Parts, plan: Plan, errand: Errand, tell: Callable[[int, int], None]) -> ImportReport:
    """In another thread's loop, where the pages' own connections cannot be used."""
    database = Database(parts.worker.engine.url.render_as_string(hide_password=False), pool_size=1)
    try:
        with tempfile.TemporaryDirectory(prefix="fanxiao-import-") as folder:
            path = in_the_clear(Path(folder), errand.name, errand.content)
            return await import_file(
                database, parts.cipher, plan, errand.kind, path, now=errand.now, dry_run=errand.is_check, progress=tell,
                within=errand.area_code,
            )  # fmt: skip
    finally:
        await database.close()


def in_the_clear(folder: Path, name: str, content: bytes) -> Path:
    """The file under its own ending, which tells nothing else; the folder is its owner's alone."""
    suffix = next((one for one in SUFFIXES if name.lower().endswith(one)), ".xlsx")
    path = folder / f"file{suffix}"
    path.write_bytes(content)
    return path


def bad_rows(report: ImportReport, name: str, content: bytes) -> bytes:
    """The workbook of the rows that need mending."""
    with tempfile.TemporaryDirectory(prefix="fanxiao-import-") as folder:
        path = in_the_clear(Path(folder), name, content)
        out = Path(folder) / "bad.xlsx"
        write_errors(report, path, out)
        return out.read_bytes()


def as_kept(report: ImportReport) -> dict[str, Any]:
    """What of a report is kept: counts, and each finding without its sentences."""
    said = {
        name: getattr(report, name) for name in ("kind", "file", "rows", "new", "changed", "unchanged", "left", "ignored", "is_refused")
    }
    for name in ("errors", "warnings"):
        said[name] = [[one.code, one.sheet, one.row, one.column, one.value] for one in getattr(report, name)]
    return said


def as_read(said: dict[str, Any]) -> ImportReport:
    """The report again."""
    found = {**said, "errors": [Finding(*one) for one in said["errors"]], "warnings": [Finding(*one) for one in said["warnings"]]}
    return ImportReport(**found)
