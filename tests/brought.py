"""What a provider brings, handed to the database as the webhooks do."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

RECEIVE = text("select receive(cast(:texts as jsonb), cast(:reports as jsonb))")


Rows = list[dict[str, Any]]


async def bring(session: AsyncSession, *, texts: Rows | None = None, reports: Rows | None = None) -> list[int]:
    """Gives the ids of the texts that are new; times may be given as datetimes."""
    rows = {"texts": json.dumps(texts or [], default=str), "reports": json.dumps(reports or [], default=str)}
    return list(await session.scalars(RECEIVE, rows))
