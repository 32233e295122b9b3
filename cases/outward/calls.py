"""A call that may be repeated: its work and its answer are one transaction, so that it is done once however often it is made."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from storage.tables import ApiCall
from storage.work import Work


class OtherCall(Exception):
    """The same idempotency key came with another request."""


async def answer_given(work: Work, key_id: int, token: str, digest: bytes) -> dict[str, Any] | None:
    """What this call was answered before; None: it is new, and belongs to this transaction. Raises OtherCall.

    Of two at the same time the second waits here until the first has ended.
    """
    new = insert(ApiCall).values(key_id=key_id, token=token, digest=digest, called_at=work.now)
    mine = await work.session.scalar(new.on_conflict_do_nothing().returning(ApiCall.token))
    if mine is not None:
        return None
    earlier = (await work.session.scalars(select(ApiCall).where(ApiCall.key_id == key_id, ApiCall.token == token))).one()
    if earlier.digest != digest:
        raise OtherCall
    return earlier.answer or {}


async def keep_answer(work: Work, key_id: int, token: str, answer: dict[str, Any]) -> None:
    """For the next time."""
    await work.session.execute(update(ApiCall).where(ApiCall.key_id == key_id, ApiCall.token == token).values(answer=answer))
