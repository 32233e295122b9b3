"""How far a message has come. It only moves forward, in whatever order the reports arrive."""

from __future__ import annotations

from datetime import datetime

from storage.tables import Message

RANKS = {"queued": 0, "sending": 1, "sent": 2, "failed": 3, "delivered": 4, "answered": 5}
"""`failed` stands unless the provider, or an answer, later proves the contrary."""

MOMENTS = {"sent": "sent_at", "failed": "failed_at", "delivered": "delivered_at", "answered": "answered_at"}


def is_ahead(state: str, than: str) -> bool:
    """Whether `state` is further than `than`."""
    return RANKS[state] > RANKS[than]


def advance(message: Message, state: str, at: datetime) -> bool:
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
