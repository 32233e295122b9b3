"""One file, one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cases.imports.areas import import_areas
from cases.imports.intake import Intake
from cases.imports.lines import Progress
from cases.imports.people import import_people
from cases.imports.report import ImportReport
from cases.imports.roster.importer import import_roster
from cases.imports.schools import import_schools
from cases.imports.sheets import FileRefused
from plan.model import Plan
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import ImportRun
from storage.work import Work

IMPORTERS: dict[str, Callable[[Intake, Path], Awaitable[None]]] = {
    "areas": import_areas,
    "schools": import_schools,
    "people": import_people,
    "roster": import_roster,
}


async def import_file(
    database: Database,
    cipher: Cipher,
    plan: Plan,
    kind: str,
    path: Path,
    *,
    now: datetime,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Takes in one file. `kind`: areas, schools, people or roster.

    Good rows go in although others are refused. A file that cannot be read at all changes nothing and is one error.
    `dry_run` does everything and undoes it. The same file again changes nothing.
    """
    report = ImportReport(kind, path.name, dry_run)
    today = now.astimezone(ZoneInfo(plan.time_zone)).date()
    async with database.session() as session:
        work = Work(session, now)
        try:
            await IMPORTERS[kind](Intake(work, cipher, plan, today, report, progress), path)
        except FileRefused as refusal:
            report.refuse_file(refusal)
            return report  # leaving the session undoes what was begun
        if report.changed_anything:
            session.add(ImportRun(kind=kind, digest=_digest(path), finished_at=now, summary=_summary(report)))
        await work.flush()
        if not dry_run:
            await session.commit()
    return report


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _summary(report: ImportReport) -> dict[str, object]:
    """Counts only: the rows themselves hold personal data."""
    counts = {"rows": report.rows, "new": report.new, "changed": report.changed, "unchanged": report.unchanged, "left": report.left}
    return {**counts, "errors": len(report.errors), "warnings": len(report.warnings), **report.counters}
