"""What every section of a plan file is built from: names, times, durations, and the strictness about unknown words."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)


def _clock_time(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('write a time in quotes, as "08:30"')
    return time.fromisoformat(value)


LocalTime = Annotated[time, BeforeValidator(_clock_time)]


class Part(BaseModel):
    """Any part of the file: unknown words are refused, so that a typing error cannot switch a duty off."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(Part):
    """A name in both languages."""

    zh: str
    en: str


class Duration(Part):
    """How long something may take: school days, calendar days or minutes; `at` is the local time of the last day."""

    school_days: int | None = Field(default=None, ge=0)
    days: int | None = Field(default=None, ge=0)
    minutes: int | None = Field(default=None, gt=0)
    at: LocalTime | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Duration:
        if sum(unit is not None for unit in (self.school_days, self.days, self.minutes)) > 1:
            raise ValueError("give one of school_days, days, minutes")
        if self == Duration.model_construct():
            raise ValueError("give school_days, days, minutes or at")
        return self


class Vacation(Part):
    """Days off between `from` and `until`, both included."""

    since: date = Field(alias="from")
    until: date
    reason: str


class QuietHours(Part):
    """Local hours in which only safety messages leave."""

    since: LocalTime = Field(alias="from")
    until: LocalTime
