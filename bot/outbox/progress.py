"""How far a message has come. It only moves forward, in whatever order the reports arrive: a policy without any I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

RANKS = {"queued": 0, "sending": 1, "sent": 2, "failed": 3, "delivered": 4, "answered": 5}
"""`failed` stands unless the provider, or an answer, later proves the contrary."""

MOMENTS = {"sent": "sent_at", "failed": "failed_at", "delivered": "delivered_at", "answered": "answered_at"}


class Moves(Protocol):
    """A message, as far as its state is concerned."""

    state: str


@dataclass(frozen=True)
class Said:
    """What the provider said last, in its own count and time where it gives them."""

    sequence: int | None = None
    at: datetime | None = None


def is_older(report: Said, last: Said) -> bool:
    """Whether a newer report has been applied: by the provider's count, else by its time; unknown counts as newer."""
    if report.sequence is not None and last.sequence is not None:
        return report.sequence < last.sequence
    if report.at is not None and last.at is not None:
        return report.at < last.at
    return False


def is_ahead(state: str, than: str) -> bool:
    """Whether `state` is further than `than`."""
    return RANKS[state] > RANKS[than]


def follows(state: str, current: str, report: Said, last: Said) -> bool:
    """Whether a report moves the message. A delivery stands whatever is said of an earlier moment; a failure must be news."""
    if not is_ahead(state, current):
        return False
    return state != "failed" or not is_older(report, last)


def advance(message: Moves, state: str, at: datetime) -> bool:
    """Moves the message forward to `state`; False when it is there or further already.

    A report that comes late still says when: somebody may answer before the provider has told us of the delivery.
    """
    ahead = is_ahead(state, message.state)
    if ahead:
        message.state = state
    moment = MOMENTS.get(state)
    if moment is not None and (ahead or (state != "failed" and getattr(message, moment) is None)):
        setattr(message, moment, at)
    return ahead
