"""Responsibility areas (art. 2.1①): how much one person may carry, and how it is confirmed that the register is still true. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

from pydantic import Field

from plan.parts import Duration, LocalTime, Part


class StillYou(Part):
    """The monthly question "is this still you?". `school_day`: of the month; who was named later than `known_days` before is not asked.

    A "no" opens a task for `told`, or for the role that `told_instead` gives in place of the one that was asked.
    """

    roles: list[str] = Field(min_length=1)
    school_day: int = Field(default=10, ge=1, le=20)
    at: LocalTime = time(10, 30)
    remind: Duration
    silent: Duration
    known_days: int = Field(default=28, ge=0)
    told: str
    told_instead: dict[str, str] = Field(default_factory=dict)


class Areas(Part):
    """`overloaded`: from so many open tasks on a person carries too much. Without `still_you` nobody is asked."""

    overloaded: int = Field(default=30, ge=1)
    still_you: StillYou | None = None

    def roles(self) -> Iterator[tuple[str, str]]:
        """(place in the file, role) wherever this section names a role."""
        if self.still_you is None:
            return
        for role in self.still_you.roles:
            yield "areas.still_you.roles", role
        yield "areas.still_you.told", self.still_you.told
        for asked, told in self.still_you.told_instead.items():
            yield "areas.still_you.told_instead", asked
            yield f"areas.still_you.told_instead.{asked}", told
