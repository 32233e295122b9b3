"""What may be refused: publicity. What the law or the plan makes us say cannot be."""

from __future__ import annotations

from collections.abc import Set

from cases.consents import PUBLICITY


def is_refused(urgency: str, audience: str, refused: Set[str]) -> bool:
    """Whether a person who refused these kinds does not want this message: publicity is what families get as bulk."""
    return urgency == "bulk" and audience != "officer" and PUBLICITY in refused
