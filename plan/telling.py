"""Who is told what at which hour, or in the same minute: digests, danger, holes in the chain, the auditor."""

from __future__ import annotations

from pydantic import Field

from plan.parts import LocalTime, Part


class Weekly(Part):
    """The summary of the week for these roles. `weekday`: 1 Monday to 7 Sunday."""

    weekday: int = Field(ge=1, le=7)
    at: LocalTime
    roles: list[str] = Field(min_length=1)


class Digest(Part):
    """Local times of the daily digest, of the prefecture's monthly list (first day of the month), and of the weekly summary."""

    at: LocalTime
    monthly_at: LocalTime
    weekly: Weekly | None = None


class Safety(Part):
    """Who hears of a safety word in the same minute."""

    roles: list[str] = Field(min_length=1)
    template: str


class Holes(Part):
    """Who hears that nobody could be found or reached."""

    role: str
    template: str


class Audit(Part):
    """The auditor: how often it looks, whom it tells, and how late a step may be before it says so."""

    every_minutes: int
    role: str
    grace_minutes: int
