"""Importing into an empty database that knows the areas, two schools and the plan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cases.imports.report import ImportReport
from cases.imports.run import import_file
from cases.imports.texts import DATA
from cases.plans import install_plan, plan_in_force
from storage.crypto import Cipher
from storage.database import Database
from storage.work import working
from tests.imports.files import SCHOOL_ROWS, SCHOOLS, write_xlsx

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
PLAN = Path(__file__).parents[2] / "plan" / "linxia.yaml"
TEMPLATES = [path.stem for path in (PLAN.parents[1] / "templates" / "messages").glob("*.yaml")]
AREAS = DATA / "areas_linxia.csv"
Import = Callable[..., Awaitable[ImportReport]]


@pytest.fixture
async def take(database: Database, cipher: Cipher) -> Import:
    """`await take("roster", path)` on a database that knows only the plan."""
    async with working(database, NOW) as work:
        await install_plan(work, PLAN.read_text(encoding="utf-8"), TEMPLATES)
    async with database.session() as session:
        _, plan = await plan_in_force(session)

    async def take_in(kind: str, path: Path, *, now: datetime = NOW, dry_run: bool = False) -> ImportReport:
        return await import_file(database, cipher, plan, kind, path, now=now, dry_run=dry_run)

    return take_in


@pytest.fixture
async def prepared(take: Import, tmp_path: Path) -> Import:
    """The same with the areas of Linxia and two schools."""
    areas = await take("areas", AREAS)
    schools = await take("schools", write_xlsx(tmp_path / "schools.xlsx", [SCHOOLS, *SCHOOL_ROWS]))
    assert not areas.errors
    assert not schools.errors
    return take
