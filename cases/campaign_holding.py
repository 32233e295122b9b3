"""What a campaign has not yet sent is held, let go again, or taken back for good. Messages first, then intents, as everywhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from storage.work import Work

# One that was never tried, or waits for another try: its provider has nothing of it in hand. Who else was in such a message is said anew.
UNSENT = text("""
with unsent as (
    update message set state = 'failed', failed_at = :now, failure = :why, retry_at = null
    where id in (select message_id from intent where campaign_id = :campaign and state = 'queued')
        and (state = 'queued' or (state = 'sending' and retry_at > :now))
    returning id
)
update intent set state = case when campaign_id = :campaign then :state else 'pending' end, reason = :why, due_at = :now
where message_id in (select id from unsent) and state = 'queued'
""")
WAITING = text("update intent set state = :state, reason = :why where campaign_id = :campaign and state = any(:states)")
AGAIN = text("""
update intent set state = 'pending', reason = null, due_at = :now, expires_at = :expires_at, created_at = :now
where campaign_id = :campaign and (state = 'held' or (state = 'dropped' and reason = 'no_longer_true'))
""")
"""What came to its turn just while it was held was dropped as no longer true: it is true again."""


async def hold(work: Work, campaign_id: int) -> int:
    """Gives how many intents wait now."""
    return await _stop(work, campaign_id, "held", "paused", ["pending"])


async def take_back(work: Work, campaign_id: int) -> int:
    """Gives how many intents ended."""
    return await _stop(work, campaign_id, "dropped", "cancelled", ["pending", "held"])


async def _stop(work: Work, campaign_id: int, state: str, why: str, states: list[str]) -> int:
    await work.flush()
    told = {"campaign": campaign_id, "now": work.now, "state": state, "why": why, "states": states}
    unsent = await work.session.execute(UNSENT, told)
    waiting = await work.session.execute(WAITING, told)
    return int(unsent.rowcount) + int(waiting.rowcount)  # type: ignore[attr-defined]


async def let_go(work: Work, campaign_id: int, expires_at: datetime) -> int:
    """Gives how many intents go on."""
    again = await work.session.execute(AGAIN, {"campaign": campaign_id, "now": work.now, "expires_at": expires_at})
    return int(again.rowcount)  # type: ignore[attr-defined]
