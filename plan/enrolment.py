"""Enrolment (学籍, art. 2.6): who may say what happened to it, and when a child without a place becomes a case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from plan.levels import Owed
from plan.parts import Duration, Part

Happening = Literal["enter", "suspend", "resume", "transfer", "arrive", "graduate", "deceased", "moved_abroad"]
GapKind = Literal["transfer", "leaver", "suspension", "unenrolled"]
"""Why a child is between two enrolments: on the way to another school, out of primary school, suspended for a time, never enrolled."""
LEAP = 2024


def _day_of_year(text: str) -> str:
    date.fromisoformat(f"{LEAP}-{text}")
    return text


DayOfYear = Annotated[str, AfterValidator(_day_of_year)]
"""Month and day, as "09-20"."""


def day_in(year: int, day: DayOfYear) -> date:
    """That day of a year; the 29th of February is the 28th where there is none."""
    month, number = (int(part) for part in day.split("-"))
    return date(year, month, 28 if (month, number) == (2, 29) and year % 4 else number)


class Opening(Part):
    """How a case of a child without a place begins: at which level, and what is owed besides that level's own steps."""

    level: int = Field(ge=1)
    owed: list[Owed] = Field(default_factory=list)


class Transfers(Part):
    """A pupil who has left must have arrived within this time. `role`: who confirms it at the other school, else in the county."""

    arrives_within: Duration
    role: str
    case: Opening


class Leavers(Part):
    """Pupils who finish `last_grade` stand on a junior school's roll by this day; after `final_grade` schooling is complete."""

    last_grade: int = Field(ge=1, le=8)
    final_grade: int = Field(ge=2, le=9)
    due: DayOfYear
    case: Opening


class Suspensions(Part):
    """A suspension lasts so many days at the most; a child that is not back so long after its end becomes a case."""

    longest_days: int = Field(ge=1)
    grace: Duration
    case: Opening


class SchoolAge(Part):
    """Of school age: so many years by this day, up to `until_years` (义务教育法 art. 11).

    `later`: area code → years, for places without the conditions. `due`: the day of the school year by which a child is enrolled.
    """

    years: int = Field(ge=5, le=7)
    later: dict[str, Annotated[int, Field(ge=6, le=7)]] = Field(default_factory=dict)
    until_years: int = Field(ge=12, le=18)
    by: DayOfYear
    due: DayOfYear
    case: Opening

    def starts_at(self, area_code: str) -> int:
        """Years at which schooling begins in a place; the finest area named counts."""
        named = [code for code in self.later if area_code.startswith(code)]
        return self.later[max(named, key=len)] if named else self.years

    def first_year(self, born: date, area_code: str) -> int:
        """The school year (by the year in which it begins) in which a child has to enter."""
        year = born.year + self.starts_at(area_code)
        return year if (born.month, born.day) <= (day_in(year, self.by).month, day_in(year, self.by).day) else year + 1

    def is_over(self, born: date, on: date) -> bool:
        """Whether the child is past compulsory age."""
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day)) >= self.until_years


class Enrolment(Part):
    """The section `enrolment`. `by`: the roles that may say each thing; `longest_back_days`: how old it may be when it is said."""

    by: dict[Happening, Annotated[list[str], Field(min_length=1)]]
    longest_back_days: int = Field(default=60, ge=0)
    transfer: Transfers
    leavers: Leavers
    suspension: Suspensions
    school_age: SchoolAge

    def case_of(self, kind: GapKind) -> Opening:
        """How the case of a child begins that did not arrive."""
        return self._parts()[kind].case

    def openings(self) -> Iterator[tuple[str, Opening]]:
        """(where it stands in the file, opening)."""
        for name, part in zip(("transfer", "leavers", "suspension", "school_age"), self._parts().values(), strict=True):
            yield f"enrolment.{name}.case", part.case

    def _parts(self) -> dict[str, Transfers | Leavers | Suspensions | SchoolAge]:
        return {"transfer": self.transfer, "leaver": self.leavers, "suspension": self.suspension, "unenrolled": self.school_age}
