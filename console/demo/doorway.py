"""From the demo into the console: nobody there has a secret, so that whoever plays an officer enters as them without a code."""

from __future__ import annotations

import secrets

from cases.access.codes import hashed
from cases.access.posts import posts_of
from cases.access.sessions import open_session
from console.demo.cast import Phone
from console.parts import Parts
from console.visit import local_day
from storage.tables import LoginCode
from storage.work import working


async def open_door(parts: Parts, phone: Phone, *, agent: str, language: str) -> str | None:
    """The secret of a session in this officer's name; None for somebody without a post."""
    async with working(parts.worker, await parts.clock.now()) as work:
        posts = await posts_of(work, phone.person_id, await local_day(work))
        if not posts:
            return None
        passed = LoginCode(
            ticket_hash=hashed(secrets.token_urlsafe(32)), person_id=phone.person_id, contact_index=b"demo", code_hash=b"demo",
            created_at=work.now, expires_at=work.now, proved_at=work.now,
        )  # fmt: skip
        work.session.add(passed)
        await work.session.flush()
        return await open_session(work, passed, posts, is_strong=True, agent=agent, language=language)
