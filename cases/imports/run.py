"""One file, one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cases.imports.areas import area_words, import_areas
from cases.imports.headers import Vocabulary
from cases.imports.households import household_words, import_households
from cases.imports.intake import Intake
from cases.imports.lines import Progress, Table, find_tables
from cases.imports.outside import changed_outside
from cases.imports.people import import_people, people_words
from cases.imports.register_rows import import_registers, register_words
from cases.imports.report import ImportReport
from cases.imports.roster.columns import roster_vocabulary
from cases.imports.roster.importer import import_roster
from cases.imports.schools import import_schools, school_words
from cases.imports.sheets import FileRefused
from cases.imports.workbook import write_workbook
from plan.model import Plan
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import ImportRun
from storage.work import Work

Importer = Callable[[Intake, Sequence[Table]], Awaitable[None]]
KINDS: dict[str, tuple[Callable[[], Vocabulary], Importer]] = {
    "areas": (area_words, import_areas),
    "schools": (school_words, import_schools),
    "people": (people_words, import_people),
    "roster": (roster_vocabulary, import_roster),
    "households": (household_words, import_households),
    "registers": (register_words, import_registers),
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
    within: str = "",
) -> ImportReport:
    """Takes in one file. `kind`: areas, schools, people, roster, households or registers.

    Good rows go in although others are refused. A file that cannot be read at all changes nothing and is one error.
    `within`: an area that must hold every row that it changes, else all of it is undone and that is one error more.
    `dry_run` does everything and undoes it. The same file again changes nothing.
    """
    words, importer = KINDS[kind]
    report = ImportReport(kind, path.name, dry_run)
    today = now.astimezone(ZoneInfo(plan.time_zone)).date()
    async with database.session() as session:
        work = Work(session, now)
        try:
            tables = find_tables(path, words(), report)
        except FileRefused as refusal:
            report.refuse_file(refusal)
            return report
        await importer(Intake(work, cipher, plan, today, report, progress), tables)
        if report.changed_anything:
            session.add(ImportRun(kind=kind, digest=_digest(path), finished_at=now, summary=_summary(report)))
        await work.flush()
        if within and await changed_outside(session, within, today):
            report.refuse_outside(within)
        elif not dry_run:
            await session.commit()
    return report


def write_errors(report: ImportReport, path: Path, out: Path) -> None:
    """Writes a workbook with the rows of the imported file that need mending, marked."""
    try:
        tables = find_tables(path, KINDS[report.kind][0](), ImportReport(report.kind, report.file))
    except FileRefused:
        tables = []  # the report says why; it gets a sheet of its own
    write_workbook(report, tables, out)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _summary(report: ImportReport) -> dict[str, object]:
    """Counts only: the rows themselves hold personal data."""
    counts = {"rows": report.rows, "new": report.new, "changed": report.changed, "unchanged": report.unchanged, "left": report.left}
    return {**counts, "errors": len(report.errors), "warnings": len(report.warnings), **report.counters}
