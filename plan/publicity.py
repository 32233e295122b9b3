"""The plan's section on publicity (art. 3.4): who may make campaigns, how often one person hears them, activities offline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

from pydantic import Field

from plan.parts import Label, LocalTime, Part


class Welcome(Part):
    """The plain notice to each guardian, once, after their child was first on the roll (个人信息保护法 30, 35)."""

    at: LocalTime
    most_per_day: int = Field(default=5000, ge=1)


class ActivityKind(Label):
    """A kind of activity offline; `words`: what else it is called in a message."""

    words: list[str] = Field(default_factory=list)


class Activities(Part):
    """Slogans, posters, broadcasts, performances: who records them, how long afterwards, and how many photographs each may have."""

    kinds: dict[str, ActivityKind] = Field(default_factory=dict)
    by: list[str] = Field(default_factory=list)
    days_back: int = Field(default=60, ge=0)
    photos: int = Field(default=3, ge=0)
    photo_hours: int = Field(default=24, ge=1)


class Publicity(Part):
    """`approve_above`: with more people than this a second person, in one of `approved_by`, has to agree.

    `rest_days`, `most_per_month` (in any 30 days): for one person, all campaigns together. `life_days`: how long one may take to leave.
    """

    made_by: list[str] = Field(default_factory=list)
    approved_by: list[str] = Field(default_factory=list)
    approve_above: int = Field(default=1000, ge=0)
    rest_days: int = Field(default=7, ge=0)
    most_per_month: int = Field(default=2, ge=1)
    life_days: int = Field(default=3, ge=1)
    usual_hour: LocalTime = Field(default=time(10))
    welcome: Welcome | None = None
    activities: Activities = Field(default_factory=Activities)

    def roles(self) -> Iterator[tuple[str, str]]:
        """(place in the file, role) for each role that it names."""
        named = {"made_by": self.made_by, "approved_by": self.approved_by, "activities.by": self.activities.by}
        for place, roles in named.items():
            yield from ((f"publicity.{place}", role) for role in roles)
