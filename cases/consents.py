"""What people want of publicity. What the law or the plan makes us say asks nobody's consent."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from storage.tables import Consent
from storage.work import Work

PUBLICITY = "publicity"
"""The one kind that people can refuse and ask for again (`consent.kind`)."""


async def choose_publicity(work: Work, person_id: int, *, wanted: bool, source: str, area_code: str) -> None:
    """Only an explicit word counts; the newest one stands. `source`: reply, provider."""
    chosen = {"given": wanted, "at": work.now, "source": source}
    row = insert(Consent).values({"person_id": person_id, "kind": PUBLICITY, **chosen})
    await work.session.execute(row.on_conflict_do_update(index_elements=["person_id", "kind"], set_=chosen))
    work.record("opted_in" if wanted else "opted_out", f"person:{person_id}", area_code=area_code, kind=PUBLICITY)
