"""In which order a person's contacts are tried: a policy without any I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

GIVEN_UP = 3
"""Messages in a row that did not arrive, after which a contact is only tried when the others are."""
NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Reach:
    """A contact at which a person can be reached, and what we have learned of it. Smaller `preference` first."""

    contact_id: int
    kind: str
    preference: int = 1
    failures: int = 0
    reached_at: datetime | None = None
    sender_id: int | None = None  # our number that it knows


def in_order(reaches: Iterable[Reach], answering: int | None = None) -> list[Reach]:
    """Where the person has just written; then what works; then as preferred; then where somebody read of late."""

    def rank(reach: Reach) -> tuple[bool, bool, int, float]:
        read = reach.reached_at or NEVER
        return (reach.contact_id != answering, reach.failures >= GIVEN_UP, reach.preference, -read.timestamp())

    return sorted(reaches, key=rank)


def resting_key(contact_id: int, channel: str) -> str:
    """Names a contact on one channel in `intent.resting`."""
    return f"{contact_id}:{channel}"


def of_sender(sender_id: int) -> str:
    """Names one sender in the place of its channel, where only this one is left in peace."""
    return f"sender:{sender_id}"


def rests(resting: Mapping[str, str], contact_id: int, channel: str, now: datetime) -> bool:
    """Whether a message that did not arrive there leaves it in peace for now."""
    until = resting.get(resting_key(contact_id, channel))
    return until is not None and datetime.fromisoformat(until) > now


def rested_at(resting: Mapping[str, str], contact_ids: Collection[int], now: datetime) -> datetime | None:
    """When the first of these contacts may be tried again; None when none of them rests."""
    ids = {str(contact_id) for contact_id in contact_ids}
    ends = [datetime.fromisoformat(until) for key, until in resting.items() if key.partition(":")[0] in ids]
    return min((end for end in ends if end > now), default=None)
