"""The words of aid, referrals and complaints (templates/support.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from plan.yaml_text import read_yaml

PLACE_LONGEST = 8
"""Characters within which a county's name ends."""


@dataclass(frozen=True)
class Form:
    """A workbook's sheet: its name, its title (with places to fill in), its columns, and the note below it.

    `total`: what stands before the sums; `unnumbered`: what stands for a number that is not given yet.
    """

    name: str
    title: str
    columns: list[str]
    note: str = ""
    total: str = ""
    unnumbered: str = ""


@dataclass(frozen=True)
class SupportWords:
    """Looks for those words in a text; never guesses where none of them stands."""

    data: dict[str, Any]

    def number(self, kind: str, area: str, name: str, year: int, number: int) -> str:
        """How a letter of this kind is numbered. `area`: the county's code, `name`: its name."""
        written: str = self.data["numbers"][kind]
        return written.format(area=area, name=self.data["short_names"].get(name, name), year=year, number=number)

    def called_in_short(self, text: str) -> list[str]:
        """The full names of the counties that the text calls by their short ones."""
        return [name for name, short in self.data["short_names"].items() if short in text]

    def outcome(self, text: str) -> str | None:
        """substantiated, partly, unsubstantiated; None where the text does not say."""
        return next((name for name, said in self.data["outcomes"].items() if any(word in text for word in said)), None)

    def is_anonymous(self, text: str) -> bool:
        """Whoever writes does not want to be known."""
        return any(word in text for word in self.data["anonymous"])

    def is_paid(self, text: str) -> bool:
        """Paid out: said so, and nothing that takes it back."""
        return any(word in text for word in self.data["paid"]) and not any(word in text for word in self.data["unpaid"])

    def label(self, group: str, key: str | None) -> str:
        """The word for a key; the key itself where there is none."""
        found: dict[str, str] = self.data[group]
        return found.get(key or "", key or "")

    def called(self, department: str, label: str) -> list[str]:
        """How officers write a department (its office, and in short), the longest first."""
        short = [label, *self.data["said_as"].get(department, [])]
        names = {*short, *(f"{name}{self.data['office']}" for name in short), self.data["offices"].get(department, label)}
        return sorted(names, key=len, reverse=True)

    def without_place(self, text: str) -> list[str]:
        """The text as it stands, and without what may be a county's name before an office: 东乡县公安局."""
        return [text, *(text.split(place, 1)[1] for place in self.data["places"] if place in text[:PLACE_LONGEST])]

    def form(self, name: str) -> Form:
        """A sheet of a workbook."""
        return Form(**self.data["workbooks"][name])

    def text(self, name: str) -> str:
        """A word that stands alone."""
        found: str = self.data[name]
        return found


@cache
def support_words() -> SupportWords:
    """The words as they stand in the file."""
    return SupportWords(read_yaml(files("templates").joinpath("support.yaml").read_text(encoding="utf-8")))
