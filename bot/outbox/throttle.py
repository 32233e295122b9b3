"""How often one recipient may be written to: a policy without any I/O."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.outbox.policy import Window


def free_at(windows: Sequence[Window], sent: Sequence[datetime], now: datetime) -> datetime | None:
    """When the next message may leave, given when the others left (in any order); None: now.

    What left later than now does not count: the clock was put back, and nobody waits through the hour that is lived twice.
    """
    newest_first = sorted((at for at in sent if at <= now), reverse=True)
    ends = [newest_first[window.most - 1] + window.within for window in windows if len(newest_first) >= window.most]
    latest = max(ends, default=now)
    return latest if latest > now else None
