"""Counts that are kept as they stood at a moment, for pages that would otherwise count a whole prefecture while somebody waits."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import insert

from storage.tables import KeptCount
from storage.work import Work


async def keep(work: Work, key: str, area_code: str, facts: dict[str, Any]) -> None:
    """In the place of what was kept before under this key."""
    new = {"area_code": area_code, "counted_at": work.now, "facts": facts}
    await work.session.execute(insert(KeptCount).values(key=key, **new).on_conflict_do_update(index_elements=["key"], set_=new))


async def kept(work: Work, key: str) -> KeptCount | None:
    """What was kept last."""
    return await work.session.get(KeptCount, key, populate_existing=True)
