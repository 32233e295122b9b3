"""What may be refused: publicity. What the law or the plan makes us say cannot be."""

from __future__ import annotations

from collections.abc import Set

from cases.consents import PUBLICITY


def is_refused(urgency: str, audience: str, refused: Set[str], topic: str | None = None) -> bool:
    """Whether a person who refused these kinds does not want this message.

    Publicity is what families get as bulk, and whatever has a topic of the library (`topic`), also for officers.
    """
    is_publicity = urgency == "bulk" and (audience != "officer" or topic is not None)
    return is_publicity and not refused.isdisjoint({PUBLICITY, f"{PUBLICITY}:{topic}"})
