"""A rung of the chain: when it begins, what it asks, owes and tells, and who keeps the case there."""

from __future__ import annotations

from datetime import time

from pydantic import Field, model_validator

from plan.parts import Duration, Label, LocalTime, Part


class Begins(Part):
    """When a level begins. Exactly one condition; `at` is the local time of the day on which it comes true."""

    absence: bool | None = None
    unanswered_at: LocalTime | None = None
    after_minutes: int = 0
    absent_school_day: int | None = Field(default=None, ge=2)
    deadline_passed: str | None = None
    at_latest: Duration | None = None
    referral_approved: bool | None = None
    at: LocalTime = time(12, 0)

    @model_validator(mode="after")
    def _one_condition(self) -> Begins:
        given = (self.absence, self.unanswered_at, self.absent_school_day, self.deadline_passed, self.referral_approved)
        if sum(bool(condition) for condition in given) != 1:
            raise ValueError("give exactly one of absence, unanswered_at, absent_school_day, deadline_passed, referral_approved")
        return self


class Asked(Part):
    """A question to the guardians, some minutes after the sheet or at a local time of the same day."""

    template: str
    after_minutes: int | None = Field(default=None, ge=0)
    at: LocalTime | None = None


class Owed(Part):
    """A task that a level opens: on entry, or once the level's notice has stayed undelivered for some school days."""

    task: str
    role: str
    due: Duration
    quiet: bool = False
    template: str = "task_new"
    done_by_acknowledging: bool = False
    undelivered_school_days: int | None = Field(default=None, ge=1)


class Told(Part):
    """A role that is told and owes nothing."""

    template: str
    role: str
    undelivered_school_days: int | None = Field(default=None, ge=1)


class FollowUp(Part):
    """Who keeps the case, and for how long at a time, when everything else at the level is done."""

    role: str
    due: Duration


class Level(Part):
    """One rung of the chain."""

    level: int = Field(ge=1)
    name: Label
    begins: Begins
    beside: bool = False
    next: int | None = None
    notice: str | None = None
    asks: list[Asked] = Field(default_factory=list)
    owed: list[Owed] = Field(default_factory=list)
    told: list[Told] = Field(default_factory=list)
    follow_up: FollowUp

    @property
    def steps(self) -> list[Owed | Told]:
        """All that the level opens and tells."""
        return [*self.owed, *self.told]
