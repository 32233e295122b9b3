"""Holes in the chain: places where nobody could be found, reached, or made to answer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from cases.desk import Desk
from cases.names import place_name
from cases.responsible import holders
from storage.tables import Hole, Task
from storage.work import Work

KNOWN = "keys of holes that are kept already"
MONTH = timedelta(days=31)


async def holes_ahead(work: Work, area_codes: Collection[str]) -> None:
    """Reads which holes of these areas are kept already, so that each of many tasks need not try to keep its own."""
    keys = await work.session.scalars(
        select(Hole.key).where(Hole.area_code == func.any(list(area_codes)), Hole.opened_at > work.now - MONTH)
    )
    work.session.info.setdefault(KNOWN, set()).update(keys)


async def report_hole(work: Work, desk: Desk, *, role: str, reason: str, task: Task | None = None) -> None:
    """Keeps a hole once per place, role and reason, and tells the county the first time. `reason` names it in the record."""
    place = desk.place
    where = f"class:{place.class_id}" if place.class_id else place.area_code
    key, known = f"{role}:{where}:{reason}:{desk.today:%Y-%m}", work.session.info.setdefault(KNOWN, set())
    new = insert(Hole).values(
        key=key, area_code=place.area_code, role=role, reason=reason,
        case_id=task.case_id if task else None, task_id=task.id if task else None, opened_at=work.now,
    )  # fmt: skip
    hole_id = None
    if key not in known:
        hole_id = await work.session.scalar(new.on_conflict_do_nothing(index_elements=["key"]).returning(Hole.id))
        known.add(key)
    case_id = task.case_id if task else None
    work.record("hole_in_chain", f"role:{role}", area_code=place.area_code, case_id=case_id, reason=reason, new=hole_id is not None)
    if hole_id is not None:
        await _tell(work, desk, hole_id, role, reason, task)


async def _tell(work: Work, desk: Desk, hole_id: int, role: str, reason: str, task: Task | None) -> None:
    place = await place_name(work.session, desk.place)
    for person_id in await _listeners(work, desk, role):
        work.say(
            f"hole:{hole_id}:{person_id}", person_id, desk.plan.holes.template, area_code=desk.place.area_code,
            facts={"why": reason, "role_name": desk.plan.roles[role].zh, "place": place},
            case_id=task.case_id if task else None, task_id=task.id if task else None, student_id=task.student_id if task else None,
        )  # fmt: skip


async def _listeners(work: Work, desk: Desk, missing: str) -> list[int]:
    """The county's; where that is the hole, or nobody is reached there, the next above it."""
    first = desk.plan.holes.role
    for role in (first, *desk.plan.ladder(first)):
        found = await holders(work.session, desk.plan, role, desk.place, desk.today)
        if role != missing and (reached := [holder.person_id for holder in found if holder.reachable]):
            return reached
    return []
