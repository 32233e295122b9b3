"""Where a child's family is sought."""

from __future__ import annotations

from functools import lru_cache

from cases.imports.area_tree import AreaTree, Place
from cases.imports.texts import Unreadable

FINE = {"township", "village"}
COUNTY_DIGITS, TOWNSHIP_DIGITS = 6, 9


class HomeFinder:
    """The finest area that household registration and address name; else the school's."""

    def __init__(self, tree: AreaTree) -> None:
        self._tree = tree
        self.find = lru_cache(maxsize=50_000)(self._find)

    def _find(self, registered: str, address: str, school_area: str) -> tuple[str, bool]:
        """(area code, whether `registered` was understood)."""
        home, understood = self._registered(registered, school_area)
        if home is not None and home.level not in FINE | {"county"}:
            home = None
        if home is None:
            home = self._by_address(address, school_area)
        elif home.level != "village":
            home = self._tree.in_address(address, home.code)
        return (home.code if home is not None and home.level in FINE else school_area), understood

    def _registered(self, text: str, school_area: str) -> tuple[Place | None, bool]:
        if not text:
            return None, True
        if text.isdigit():
            place = self._tree.by_code(text) or self._tree.nearest(text)
            return place, place is not None or len(text) in {6, 9, 12}  # another prefecture's code is a fact, not a mistake
        try:
            return self._tree.by_names(text), True
        except Unreadable:
            place = self._tree.in_address(text, school_area[:4])
            known = place is not None and place.level != "prefecture"
            return place, known

    def _by_address(self, address: str, school_area: str) -> Place | None:
        county = self._tree.in_address(address, school_area[:COUNTY_DIGITS])
        if county is not None and county.level in FINE:
            return county
        township = self._tree.in_address(address, school_area[:TOWNSHIP_DIGITS])
        return township if township is not None and township.level == "village" else None
