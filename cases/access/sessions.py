"""Browsers that are logged in: opened once by a proved code, seen again by a secret, ended by their owner."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from cases.access.codes import hashed
from storage.tables import ConsoleSession, LoginCode, Responsibility
from storage.work import Work

LIFE = timedelta(hours=12)
IDLE = timedelta(hours=3)
LONGEST_AGENT = 200
SEEN_EVERY = timedelta(minutes=5)
"""How often it is written down that somebody is still there."""


async def open_session(work: Work, code: LoginCode, posts: Sequence[Responsibility], *, is_strong: bool, agent: str, language: str) -> str:
    """A session in the widest of the person's posts; the returned secret goes into the browser's cookie and is kept nowhere."""
    if code.person_id is None or code.proved_at is None or code.used_at is not None:
        raise ValueError("this code opens nothing")
    code.used_at = work.now
    token = secrets.token_urlsafe(32)
    opened = ConsoleSession(
        token_hash=hashed(token), person_id=code.person_id, responsibility_id=posts[0].id, is_strong=is_strong, language=language,
        agent=agent[:LONGEST_AGENT], created_at=work.now, seen_at=work.now, expires_at=work.now + LIFE,
    )  # fmt: skip
    work.session.add(opened)
    await work.session.flush()
    work.record("console_entered", f"session:{opened.id}", area_code=posts[0].area_code, actor=f"person:{code.person_id}")
    return token


async def session_of(work: Work, token: str) -> ConsoleSession | None:
    """The living session with this secret; it is kept alive by being seen."""
    found = await work.session.scalar(select(ConsoleSession).where(ConsoleSession.token_hash == hashed(token)))
    if found is None or found.ended_at is not None or found.expires_at <= work.now or found.seen_at + IDLE <= work.now:
        return None
    if found.seen_at + SEEN_EVERY <= work.now:
        found.seen_at = work.now
    return found


async def sessions_of(work: Work, person_id: int) -> list[ConsoleSession]:
    """All living sessions of a person, the newest first."""
    living = ConsoleSession.ended_at.is_(None), ConsoleSession.expires_at > work.now, ConsoleSession.seen_at > work.now - IDLE
    query = select(ConsoleSession).where(ConsoleSession.person_id == person_id, *living)
    return list(await work.session.scalars(query.order_by(ConsoleSession.id.desc())))


async def end_session(work: Work, person_id: int, session_id: int) -> bool:
    """Ends one of the person's own sessions; False where it is not theirs or has ended."""
    found = await work.session.get(ConsoleSession, session_id, with_for_update=True)
    if found is None or found.person_id != person_id or found.ended_at is not None:
        return False
    found.ended_at = work.now
    return True
