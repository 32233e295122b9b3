"""How often one contact, or one address, may try. Counted in the database, so that every web process counts the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import insert

from storage.tables import AccessLimit
from storage.work import Work


@dataclass(frozen=True)
class Limit:
    """`most` tries within `within`, which runs from the first of them."""

    name: str
    most: int
    within: timedelta


ASK_CONTACT = Limit("ask_contact", 3, timedelta(minutes=15))
ASK_ADDRESS = Limit("ask_address", 40, timedelta(minutes=15))  # a county's offices share one address
WRONG_CONTACT = Limit("wrong_contact", 10, timedelta(hours=1))
WRONG_ADDRESS = Limit("wrong_address", 60, timedelta(hours=1))


async def count(work: Work, limit: Limit, whom: bytes) -> bool:
    """Counts one try; False when it was one too many."""
    fresh = AccessLimit.since <= work.now - limit.within
    stored = insert(AccessLimit).values(key=_key(limit, whom), since=work.now, count=1)
    again = stored.on_conflict_do_update(
        index_elements=["key"],
        set_={"since": case((fresh, work.now), else_=AccessLimit.since), "count": case((fresh, 1), else_=AccessLimit.count + 1)},
    )
    return (await work.session.scalar(again.returning(AccessLimit.count)) or 0) <= limit.most


async def is_locked(work: Work, limit: Limit, whom: bytes) -> bool:
    """Whether as many tries were made as are allowed."""
    found = select(AccessLimit.count).where(AccessLimit.key == _key(limit, whom), AccessLimit.since > work.now - limit.within)
    return (await work.session.scalar(found) or 0) >= limit.most


def _key(limit: Limit, whom: bytes) -> str:
    return f"{limit.name}:{whom.hex()}"
