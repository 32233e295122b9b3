"""The plan in force, and the versions under which running cases began."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import lru_cache

import yaml
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from plan.check import read_plan
from plan.model import Plan
from storage.tables import PlanVersion
from storage.work import Work

IN_FORCE = "plan in force"


@lru_cache(maxsize=16)
def _parsed(body: str) -> Plan:
    """A stored version was sound when it was installed: a later, stricter check must not orphan the cases under it."""
    return Plan.model_validate(yaml.safe_load(body), extra="ignore")


async def install_plan(work: Work, text: str, templates: Collection[str]) -> int:
    """Puts a plan file in force for new cases and returns its version id; running cases keep theirs.

    Raises PlanFault when the file is not sound. The same file again is the same version.
    """
    plan = read_plan(text, templates)
    digest = hashlib.sha256(text.encode()).hexdigest()
    latest = await _latest(work.session)
    if latest is not None and latest.digest == digest:
        return latest.id
    stored = insert(PlanVersion).values(name=plan.name, digest=digest, body=text, loaded_at=work.now)
    stored = stored.on_conflict_do_update(index_elements=["digest"], set_={"loaded_at": work.now})
    version_id = (await work.session.execute(stored.returning(PlanVersion.id))).scalar_one()
    work.session.info.pop(IN_FORCE, None)
    work.record("plan_installed", f"plan:{version_id}", area_code="", actor="operator", digest=digest)
    return version_id


async def plan_in_force(session: AsyncSession) -> tuple[int, Plan]:
    """(version id, plan) for new cases: the same throughout a session. Raises LookupError before any plan was installed."""
    found: tuple[int, Plan] | None = session.info.get(IN_FORCE)
    if found is None:
        version = await _latest(session)
        if version is None:
            raise LookupError("no plan has been installed")
        found = session.info[IN_FORCE] = (version.id, _parsed(version.body))
    return found


async def _latest(session: AsyncSession) -> PlanVersion | None:
    """The version installed last; one that was installed before and again counts from its last time."""
    return await session.scalar(select(PlanVersion).order_by(PlanVersion.loaded_at.desc(), PlanVersion.id.desc()).limit(1))


async def plan_of(session: AsyncSession, version_id: int) -> Plan:
    """The plan as it was in this version."""
    latest_id, latest = await plan_in_force(session)
    if version_id == latest_id:
        return latest
    return _parsed((await session.get_one(PlanVersion, version_id)).body)
