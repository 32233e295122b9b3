"""What of a text is taken already, where words that may overlap are given to one meaning, one child, one day each."""

from __future__ import annotations

from collections.abc import Iterable


class Ground:
    """Kept letter by letter: to ask takes as long for the thousandth stretch as for the first."""

    def __init__(self, stretches: Iterable[tuple[int, int]] = ()) -> None:
        self._taken: set[int] = set()
        for start, end in stretches:
            self._taken.update(range(start, end))

    def holds(self, place: int) -> bool:
        return place in self._taken

    def take(self, start: int, end: int) -> bool:
        """False, and nothing is taken, where some of the stretch belongs to another."""
        stretch = range(start, end)
        if not self._taken.isdisjoint(stretch):
            return False
        self._taken.update(stretch)
        return True
