"""What responsible people owe: posts, kinds of task, how long one may stay silent, reminders, postponing, visits."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from plan.parts import Duration, Label, LocalTime, Part

Scope = Literal["class", "school", "village", "township", "county", "prefecture"]


class Role(Part):
    """A post. `scope`: where its holder is looked for, nearest first; `above`: who is told when nobody answers."""

    zh: str
    en: str
    scope: list[Scope] = Field(min_length=1)
    above: str | None = None


class TaskKind(Label):
    """A kind of task. `confined`: only its role and those above it may hold or finish it. `outlives`: it does not end with the case.

    `apart`: it belongs to no case at all, so that nobody who may see the case learns of it. `outside_school`: nobody of the
    child's school may hold it or hear of it. `visit`: somebody goes to the home, and says whom they found and what was said.
    `photos`: photographs are taken for it, as they are for every visit. `climbs`: overdue, it is put to one more role above each day.
    """

    confined: bool = False
    outlives: bool = False
    apart: bool = False
    outside_school: bool = False
    visit: bool = False
    photos: bool = False
    climbs: bool = False


class Duty(Part):
    """A task outside the levels."""

    role: str
    due: Duration
    quiet: bool = False
    template: str = "task_new"


class Acknowledgement(Part):
    """How long a holder may stay silent, in minutes outside quiet hours, before the next is asked."""

    within_minutes: int = Field(gt=0)
    safety_within_minutes: int = Field(gt=0)
    levels_above: int = Field(ge=1)


class Reminders(Part):
    """When a holder is reminded; overdue ones every day at this local time."""

    half_time: bool
    day_before: bool
    overdue_at: LocalTime
    copy_above: bool


class Postponing(Part):
    """How often and how far a holder may put off a task, and whether they must say why.

    `by`: the roles that may (none named: every holder). `never`: kinds of task that nobody may put off.
    """

    times: int
    school_days: int
    reason: bool = True
    by: list[str] = Field(default_factory=list)
    never: list[str] = Field(default_factory=lambda: ["safety"])


class Visits(Part):
    """Photographs of a home visit: how many, how large, and how many hours after the task is done they are still taken.

    `added_days`: for so many days after it a further account is added to the visit.
    """

    photos: int = Field(default=6, ge=0)
    photo_megabytes: int = Field(default=5, gt=0, le=20)
    photo_hours: int = Field(default=24, ge=0)
    added_days: int = Field(default=7, ge=0)
