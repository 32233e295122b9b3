"""Keys by which another system acts in a named officer's name, within an area or one school."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from cases.access.codes import hashed
from cases.access.limits import Limit, count
from cases.colleagues import own_posts
from cases.outward.hooks import end_hook
from cases.said import covers
from storage.tables import ApiHook, ApiKey, Responsibility
from storage.work import Work

SCOPES = ("attendance", "enrolment", "cases", "hooks")
MARK, PREFIX_BYTES, SECRET_BYTES = "fx", 5, 32
MINUTE = timedelta(minutes=1)
"""Also how exactly the last use is kept."""


@dataclass(frozen=True)
class Issue:
    """What a new key is for. Only an area's key, not a school's, may have hooks: a school must not hear all that is said of its cases."""

    name: str
    person_id: int
    area_code: str
    scopes: Sequence[str]
    days: int
    per_minute: int
    school_id: int | None = None


OPERATOR = "operator"
"""Who acts where a command was typed on the server."""


async def issue(work: Work, asked: Issue, *, by: str = OPERATOR) -> tuple[ApiKey, str]:
    """The new key and its secret, which nobody sees again. `by`: the record's actor."""
    prefix = f"{MARK}_{secrets.token_hex(PREFIX_BYTES)}"
    secret = f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = ApiKey(
        name=asked.name, prefix=prefix, key_hash=hashed(secret), person_id=asked.person_id, area_code=asked.area_code,
        school_id=asked.school_id, scopes=list(asked.scopes), per_minute=asked.per_minute,
        created_at=work.now, expires_at=work.now + timedelta(days=asked.days),
    )  # fmt: skip
    work.session.add(key)
    await work.session.flush()
    work.record("api_key_issued", f"api_key:{key.id}", area_code=key.area_code, actor=by, person_id=key.person_id)
    return key, secret


async def revoke(work: Work, key: ApiKey, *, by: str = OPERATOR) -> None:
    """Ends a key at once, and the hooks that were opened with it: whoever is not to ask is not told either. Ended twice is ended."""
    if key.revoked_at is not None:
        return
    key.revoked_at = work.now
    work.record("api_key_revoked", f"api_key:{key.id}", area_code=key.area_code, actor=by)
    own = select(ApiHook).where(ApiHook.key_id == key.id, ApiHook.state != "ended").order_by(ApiHook.id).with_for_update()
    for hook in await work.session.scalars(own):
        end_hook(work, hook, by=by)


async def key_of(work: Work, secret: str) -> ApiKey | None:
    """The living key with this secret."""
    living = (ApiKey.revoked_at.is_(None), ApiKey.expires_at > work.now)
    return await work.session.scalar(select(ApiKey).where(ApiKey.key_hash == hashed(secret), *living))


async def is_within_rate(work: Work, key: ApiKey) -> bool:
    """Counts a call; False when it was one too many for this minute."""
    if key.used_at is None or key.used_at <= work.now - MINUTE:
        key.used_at = work.now
    return await count(work, Limit("api_key", key.per_minute, MINUTE), key.id.to_bytes(8, "big"))


async def posts_behind(work: Work, person_id: int, area_code: str, school_id: int | None, on: date) -> list[Responsibility]:
    """The officer's posts that cover the whole of the key's area or school; none: they are not in office there."""
    posts = await own_posts(work, person_id, on)
    return [post for post in posts if post.department is None and covers(post, school_id, None, (area_code,))]
