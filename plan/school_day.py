"""A school's day: the sheet, the evening on which boarders come back, days without lessons."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from plan.parts import WEEKDAYS, Duration, LocalTime, Part, Weekday


class Takeover(Part):
    """Who answers the sheet, or is told of it, and from when."""

    at: LocalTime
    role: str


class MassAbsence(Part):
    """From this share of a class (and at least so many children) the principal confirms before families are asked."""

    percent: int = Field(gt=0, le=100)
    at_least: int = Field(ge=1)
    role: str
    due: Duration


class Attendance(Part):
    """Level 0: the daily sheet."""

    ask_at: LocalTime
    remind_at: list[LocalTime]
    role: str
    takeover: Takeover
    digest: Takeover
    closes_at: LocalTime
    mass_absence: MassAbsence


class Closures(Part):
    """Who may say by a message that there are no lessons, and for how many days at once."""

    roles: list[str] = Field(default_factory=lambda: ["principal", "attendance_officer"], min_length=1)
    most_days: int = Field(default=14, ge=1)
    undo_hours: int = Field(default=48, ge=1)


class Boarding(Part):
    """The check of boarders on the evening on which they come back: before a school day, on these weekdays, or after any days off."""

    weekdays: list[Weekday] = Field(default_factory=list)
    after_days_off: bool = False
    ask_at: LocalTime
    remind_at: LocalTime
    closes_at: LocalTime
    role: str
    told: str

    @property
    def weekday_numbers(self) -> set[int]:
        """As Python counts them, Monday 0."""
        return {WEEKDAYS.index(day) for day in self.weekdays}


class SchoolEvent(Part):
    """Days that families reckon by, as an examination: "after the mid-terms". Both included; they stay school days."""

    name: str
    since: date = Field(alias="from")
    until: date
