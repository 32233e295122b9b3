"""The tree of areas in memory: found by code, by names, or inside an address."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.imports.texts import Unreadable, pattern, table
from storage.tables import Area

LEVELS = {4: "prefecture", 6: "county", 9: "township", 12: "village"}
CODE = re.compile(r"^\d{4,15}$")
VILLAGE_ENDING = pattern("area_tree", "village_ending")
TOWNSHIP_ENDING = pattern("area_tree", "township_ending")
HIGH_ENDING = pattern("area_tree", "high_ending")


@dataclass(frozen=True, slots=True)
class Place:
    """An area with the names by which people write it, longest first."""

    code: str
    name: str
    level: str
    spellings: tuple[str, ...]


@dataclass
class AreaTree:
    """All areas. Every lookup is by the whole tree unless `within` (a code) narrows it."""

    places: dict[str, Place] = field(default_factory=dict)
    children: dict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))

    def by_code(self, text: str) -> Place | None:
        """The area of this code; zeros at the end that only fill up the length do not matter."""
        while text and CODE.match(text):
            if text in self.places:
                return self.places[text]
            if not text.endswith("00"):
                return None
            text = text[:-3] if len(text) > 6 and text.endswith("000") else text[:-2]
        return None

    def nearest(self, code: str) -> Place | None:
        """The finest known area that contains this code."""
        return next((self.places[code[:length]] for length in (12, 9, 6, 4) if code[:length] in self.places), None)

    def by_names(self, text: str, within: str = "", levels: Collection[str] = ()) -> Place:
        """The area whose names end this path, such as 东乡县锁南镇; full names go before short ones.

        `levels` leaves others out. Raises Unreadable: area_unknown, area_ambiguous.
        """
        below = [place for place in self.places.values() if place.code.startswith(within) and (not levels or place.level in levels)]
        found = [place for place in below if self._ends(text, place) and self._explained(text, place)]
        exact = [place for place in found if text.endswith(place.name)]
        chosen = exact if len(exact) == 1 else found
        if len(chosen) != 1:
            raise Unreadable("area_ambiguous" if chosen else "area_unknown")
        return chosen[0]

    def in_address(self, address: str, within: str) -> Place | None:
        """The finest township or village below `within` that the address names without doubt."""
        place = self.places.get(within)
        while place is not None:
            below, address = self._named_child(address, place)
            if below is None:
                break
            place = below
        return place

    def _named_child(self, address: str, place: Place) -> tuple[Place | None, str]:
        hits = [(spelling, child) for child in self.children[place.code] for spelling in child.spellings if spelling in address]
        if not hits:
            return None, address
        longest = max(len(spelling) for spelling, _ in hits)
        best = {child.code: (spelling, child) for spelling, child in hits if len(spelling) == longest}
        if len(best) > 1:
            return None, address
        spelling, child = next(iter(best.values()))
        return child, address[address.index(spelling) + len(spelling) :]

    def _ends(self, text: str, place: Place) -> bool:
        return any(text.endswith(spelling) for spelling in place.spellings)

    def _explained(self, text: str, place: Place) -> bool:
        """Whether the whole path consists of names of the place and of areas above it."""
        rest = text
        for code in (place.code[:length] for length in (12, 9, 6, 4) if length <= len(place.code)):
            above = self.places.get(code)
            ending = next((name for name in above.spellings if rest.endswith(name)), "") if above else ""
            rest = rest[: len(rest) - len(ending)].rstrip("/->,· ")
        return rest in {"", "甘肃省", "甘肃"} or rest.endswith(("省", "自治区"))


def tree_of(rows: Iterable[tuple[str, str, str]]) -> AreaTree:
    """From (code, name, level)."""
    tree = AreaTree()
    for code, name, level in rows:
        place = Place(code, name, level, _spellings(name, level))
        tree.places[code] = place
        parent = next((code[:length] for length in (9, 6, 4) if length < len(code)), "")
        tree.children[parent].append(place)
    return tree


async def load_tree(session: AsyncSession) -> AreaTree:
    """The tree as it stands in the database."""
    rows = await session.execute(select(Area.code, Area.name, Area.level).order_by(Area.code))
    return tree_of((code, name, level) for code, name, level in rows)


def _spellings(name: str, level: str) -> tuple[str, ...]:
    names = {name} | {"village": _of_village, "township": _of_township}.get(level, _of_county)(name)
    return tuple(sorted((spelling for spelling in names if len(spelling) > 1), key=len, reverse=True))


def _of_village(name: str) -> set[str]:
    stem = VILLAGE_ENDING.sub("", name)
    return {stem + ending for ending in ("", "村", "社区", "村委会", "村民委员会", "居委会", "社区居委会")}


def _of_township(name: str) -> set[str]:
    stem = _without_peoples(TOWNSHIP_ENDING.sub("", name))
    endings = ("", "街道", "街道办", "街道办事处") if "街道" in name else ("", "镇", "乡")
    return {stem + ending for ending in endings}


def _of_county(name: str) -> set[str]:
    match = HIGH_ENDING.search(name)
    stem = _without_peoples(name[: match.start()]) if match else name
    return {stem, stem + match[1]} if match else {stem}


def _without_peoples(name: str) -> str:
    """东乡 for 东乡族, 积石山 for 积石山保安族东乡族撒拉族: the peoples after the place's own name go."""
    groups = sorted(table("words")["ethnic_groups"], key=len, reverse=True)
    pattern = re.compile(f"(?:{'|'.join(groups)})族$")
    while (match := pattern.search(name)) and match.start() > 0:
        name = name[: match.start()]
    return name.removesuffix("族") if pattern.fullmatch(name) else name
