"""How fast, and when again."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 900.0
GRAIN = 0.005  # seconds below which sleeping costs more than it holds back


class Pace:
    """Spaces calls so that no more than `per_second` begin in any second, over as many batches as there are."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Waits until the next call may begin."""
        begins = max(self._next, time.monotonic())
        self._next = begins + 1 / self.per_second
        ahead = begins - time.monotonic()
        if ahead > GRAIN:
            await asyncio.sleep(ahead)


def pause(tries: int, asked: float | None, jitter: float) -> timedelta:
    """How long to wait after the `tries`-th refusal (1 is the first): doubling, and never less than the provider asked.

    `jitter` between 0 and 1 spreads what failed together.
    """
    doubled = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
    return timedelta(seconds=max(doubled * (0.5 + jitter), asked or 0.0))
