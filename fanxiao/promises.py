"""What the played month promises of each child, checked against the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from fanxiao.cast import Actor
from storage.tables import AidRequest, CaseFile, CaseLevel, Notice


@dataclass(frozen=True)
class Outcome:
    """How a child's case went."""

    levels: tuple[int, ...]
    exit: str | None
    episodes: int
    notices: int
    aid: str | None


async def case_of(session: AsyncSession, actor: Actor) -> CaseFile | None:
    """The child's only case; a second one is a broken promise of its own."""
    found = (await session.scalars(select(CaseFile).where(CaseFile.student_id == actor.student_id))).all()
    return found[0] if len(found) == 1 else None


async def broken_promises(session: AsyncSession, actors: Sequence[Actor]) -> list[str]:
    """One sentence for each promise that was not kept."""
    found = []
    for actor in actors:
        case = await case_of(session, actor)
        found += await _broken(session, actor, case) if case is not None else [f"{actor.part.key}: not exactly one case"]
    return found


async def _broken(session: AsyncSession, actor: Actor, case: CaseFile) -> list[str]:
    promised = actor.part.promise
    wanted = Outcome(promised.levels, promised.exit, promised.episodes, promised.notices, promised.aid)
    was = await _outcome(session, case)
    names = ("levels", "exit", "episodes", "notices", "aid")
    return [
        f"{actor.part.key}: {name} {getattr(was, name)}, promised {getattr(wanted, name)}"
        for name in names
        if getattr(was, name) != getattr(wanted, name)
    ]


async def _outcome(session: AsyncSession, case: CaseFile) -> Outcome:
    stood = (CaseLevel.case_id == case.id, CaseLevel.left_reason.is_distinct_from(CaseLevel.reason))
    levels = await session.scalars(select(CaseLevel.level).where(*stood).order_by(CaseLevel.entered_at, CaseLevel.id))
    notices = await session.scalar(select(func.count(Notice.id)).where(Notice.case_id == case.id, Notice.delivered_at.is_not(None)))
    aid = await session.scalar(select(AidRequest.state).where(AidRequest.case_id == case.id))
    return Outcome(tuple(levels), case.exit, case.episode, notices or 0, aid)
