"""How fast a roster goes in, and how much memory that takes.

    python -m bench.imports [rows]

Prints rows a second and peak memory of the import, and, from the same run, of merely reading the same file and copying its
cells into one table: the ratio is what understanding, encrypting and merging cost.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cases.imports.loading import copy_rows, make_table
from cases.imports.report import ImportReport
from cases.imports.run import import_file
from cases.imports.sheets import open_sheets
from cases.imports.synthetic import DemoData, write_demo_data
from cases.imports.texts import as_text
from cases.plans import install_plan, plan_in_force
from plan.model import Plan
from storage import server
from storage.crypto import Cipher
from storage.database import Database
from storage.keys import new_key
from storage.migrate import migrate
from storage.roles import Role
from storage.work import working

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
CLASS, SCHOOL = 30, 6


def _memory() -> float:
    """Peak of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _installed(database: Database) -> Plan:
    templates = [path.stem for path in (ROOT / "templates" / "messages").glob("*.yaml")]
    async with working(database, NOW) as work:
        await install_plan(work, (ROOT / "plan" / "linxia.yaml").read_text(encoding="utf-8"), templates)
        return (await plan_in_force(work.session))[1]


async def _take(database: Database, cipher: Cipher, plan: Plan, kind: str, path: Path) -> ImportReport:
    start = time.perf_counter()
    report = await import_file(database, cipher, plan, kind, path, now=NOW)
    seconds = time.perf_counter() - start
    print(f"{kind:8} {report.rows:7} rows {seconds:7.1f} s {report.rows / seconds:8.0f} rows/s  peak {_memory():5.0f} MiB", flush=True)
    counts = {"new": report.new, "changed": report.changed, "unchanged": report.unchanged, "errors": len(report.errors)}
    print("        ", *(f"{name} {count}" for name, count in counts.items()), "warnings", len(report.warnings), flush=True)
    return report


async def _reference(database: Database, path: Path) -> float:
    """Rows a second of reading the file and copying its cells as they are."""
    start, rows = time.perf_counter(), 0

    def cells() -> Iterator[tuple[str]]:
        nonlocal rows
        for _, row in open_sheets(path)[0].rows():
            rows += 1
            yield ("\t".join(map(as_text, row)),)

    async with database.session() as session:
        await make_table(session, "bare (cells text)")
        await copy_rows(session, "bare", ["cells"], cells())
    return rows / (time.perf_counter() - start)


async def _measure(home: Path, data: DemoData) -> None:
    cipher = Cipher([new_key()])
    started = server.start(home)
    migrate(started, cipher)
    database = Database(started.url(Role.WORKER))
    try:
        plan = await _installed(database)
        for kind in ("areas", "schools", "people"):
            await _take(database, cipher, plan, kind, getattr(data, kind))
        start = time.perf_counter()
        first = await _take(database, cipher, plan, "roster", data.roster)
        rate = first.rows / (time.perf_counter() - start)
        await _take(database, cipher, plan, "roster", data.roster)
        bare = await _reference(database, data.roster)
        print(f"bare read and copy {bare:.0f} rows/s; the first import takes {bare / rate:.1f} times as long")
    finally:
        await database.close()
        started.close()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        schools = max(3, round(rows / (CLASS * SCHOOL * 0.9)))  # teaching points are smaller
        data = write_demo_data(Path(folder) / "data", schools=schools, seed=1, today=NOW.date(), townships=None)
        print(f"{data.student_count} children, {data.school_count} schools, {data.person_count} officers; files made, {_memory():.0f} MiB")
        asyncio.run(_measure(Path(folder) / "home", data))


if __name__ == "__main__":
    main()
