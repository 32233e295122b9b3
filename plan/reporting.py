"""Periodic reports (art. 2.1②): who prepares what for whom, by when, and who hears of it when it is late. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Literal

from pydantic import Field, model_validator

from plan.parts import Duration, LocalTime, Part

Every = Literal["week", "month", "quarter", "term", "school_year"]
Unit = Literal["school", "township", "county", "prefecture"]
UNITS: tuple[str, ...] = ("school", "township", "county", "prefecture")
"""Who reports, from below."""


class Stage(Part):
    """One level of a report: a unit's own count, or the sum of those beneath. `due`: from the preparation, or from the level beneath."""

    of: Unit
    confirms: str
    signs: str | None = None
    due: Duration


class ReportKind(Stage):
    """A report: each unit's own count, then its sums, each a level higher than the one before."""

    zh: str
    en: str
    every: Every
    sums: list[Stage] = Field(default_factory=list)

    @property
    def stages(self) -> list[Stage]:
        """The count itself, then the sums."""
        return [self, *self.sums]

    def stage(self, of: str) -> Stage | None:
        return next((one for one in self.stages if one.of == of), None)

    def beneath(self, of: str) -> Stage | None:
        """The level that a sum is made of; None for the count itself."""
        found = [one for one in self.stages if UNITS.index(one.of) < UNITS.index(of)]
        return found[-1] if found else None

    def above(self, of: str) -> Stage | None:
        return next((one for one in self.stages if UNITS.index(one.of) > UNITS.index(of)), None)

    @model_validator(mode="after")
    def _climbs(self) -> ReportKind:
        ranks = [UNITS.index(one.of) for one in self.stages]
        if ranks != sorted(set(ranks)):
            raise ValueError("each sum must be of a higher unit than the one before it")
        return self


class Late(Part):
    """So long after its due time a report that is missing is asked for again; `levels_above` so many roles above hear of it, too."""

    after: Duration
    levels_above: int = Field(default=0, ge=0, le=6)


class Reports(Part):
    """All periodic reports. `remind_at`: on the school day before; `gather_minutes`: changes beneath become one new sum."""

    prepare_at: LocalTime = time(15)
    remind_at: LocalTime = time(9)
    gather_minutes: int = Field(default=15, gt=0)
    kinds: dict[str, ReportKind] = Field(default_factory=dict)
    late: list[Late] = Field(default_factory=list)

    def roles(self) -> Iterator[tuple[str, str]]:
        """(place in the file, role) wherever this section names a role."""
        for name, kind in self.kinds.items():
            for number, stage in enumerate(kind.stages):
                place = f"reports.kinds.{name}" + (f".sums[{number - 1}]" if number else "")
                yield f"{place}.confirms", stage.confirms
                if stage.signs is not None:
                    yield f"{place}.signs", stage.signs
