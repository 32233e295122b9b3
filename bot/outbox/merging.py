"""What goes into one message together: a policy without any I/O."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


def groups(items: Iterable[tuple[Hashable | None, Item]], most: int) -> list[list[Item]]:
    """Those with the same key together, at most so many in each, in the order in which they came.

    The key says who reads it where, and in which template; what has none stays alone.
    """
    open_groups: dict[Hashable, list[Item]] = {}
    found: list[list[Item]] = []
    for key, item in items:
        group = open_groups.get(key) if key is not None else None
        if group is None or len(group) >= most:
            group = []
            found.append(group)
            if key is not None:
                open_groups[key] = group
        group.append(item)
    return found


def key_of(merge: str | None, urgency: str, way: tuple[int, int], person_id: int | None, question: str | None) -> Hashable | None:
    """Who reads it where (`way`: contact and sender), into which template it goes, and what it asks; None for what is never merged."""
    if merge is None or urgency == "safety":
        return None
    return (merge, urgency, way, person_id, question)
