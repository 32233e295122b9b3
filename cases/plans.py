"""The plan in force, and the versions under which running cases began."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from plan.check import read_plan
from plan.model import Plan
from plan.yaml_text import read_yaml
from storage.tables import PlanVersion
from storage.work import Work

IN_FORCE = "plan in force"
EARLIER = "earlier plans"


_READ: dict[str, Plan] = {}
"""Plans that this process has read, by digest: there are few, and a version never changes."""


async def install_plan(work: Work, text: str, templates: Collection[str]) -> int:
    """Puts a plan file in force for new cases and returns its version id; running cases keep theirs.

    Raises PlanFault when the file is not sound. The same file again is the same version.
    """
    plan = read_plan(text, templates)
    digest = hashlib.sha256(text.encode()).hexdigest()
    latest = await _latest(work.session)
    if latest is not None and latest[1] == digest:
        return latest[0]
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
        latest = await _latest(session)
        if latest is None:
            raise LookupError("no plan has been installed")
        found = session.info[IN_FORCE] = (latest[0], await _read(session, *latest))
    return found


async def _latest(session: AsyncSession) -> tuple[int, str] | None:
    """(id, digest) of the version installed last; one that was installed before and again counts from its last time."""
    query = select(PlanVersion.id, PlanVersion.digest).order_by(PlanVersion.loaded_at.desc(), PlanVersion.id.desc()).limit(1)
    row = (await session.execute(query)).one_or_none()
    return (row.id, row.digest) if row is not None else None


async def _read(session: AsyncSession, version_id: int, digest: str) -> Plan:
    """A stored version was sound when it was installed: a later, stricter check must not orphan the cases under it."""
    if digest not in _READ:
        body = (await session.scalars(select(PlanVersion.body).where(PlanVersion.id == version_id))).one()
        _READ[digest] = Plan.model_validate(read_yaml(body), extra="ignore")
    return _READ[digest]


async def plan_of(session: AsyncSession, version_id: int) -> Plan:
    """The plan as it was in this version, looked up once in a session."""
    latest_id, latest = await plan_in_force(session)
    if version_id == latest_id:
        return latest
    earlier: dict[int, Plan] = session.info.setdefault(EARLIER, {})
    if version_id not in earlier:
        digest = (await session.scalars(select(PlanVersion.digest).where(PlanVersion.id == version_id))).one()
        earlier[version_id] = await _read(session, version_id, digest)
    return earlier[version_id]
