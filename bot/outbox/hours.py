"""When a sender takes messages, and how many more today: a policy without any I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time


@dataclass(frozen=True)
class Limits:
    """A sender's own limits. Hours are local; `used` counts what left on the local day `used_on`."""

    daily_cap: int | None = None
    hours_from: time | None = None
    hours_until: time | None = None
    used_on: date | None = None
    used: int = 0


def is_open(limits: Limits, local: datetime) -> bool:
    """Whether the carrier takes messages at this local time."""
    since, until = limits.hours_from, limits.hours_until
    if since is None or until is None or since == until:
        return True
    clock = local.time()
    return since <= clock < until if since < until else clock >= since or clock < until


def left_today(limits: Limits, local: datetime) -> int | None:
    """How many more may leave on this local day; None: no cap."""
    if limits.daily_cap is None:
        return None
    used = limits.used if limits.used_on == local.date() else 0
    return max(0, limits.daily_cap - used)


def takes_now(limits: Limits, local: datetime) -> bool:
    """Whether at least one more message may leave now."""
    return is_open(limits, local) and left_today(limits, local) != 0
