"""The parts that a plan file is made of: durations, roles, levels, duties, answers."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Scope = Literal["class", "school", "village", "township", "county", "prefecture"]
Effect = Literal[
    "leave", "promise", "claim_returned", "confirm_return", "deny_return", "receipt", "enrolment_check", "aid", "task",
    "wrong_number", "opt_out", "safety", "person",
]  # fmt: skip


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


class TaskKind(Label):
    """A kind of task. `confined`: only its role and those above it may hold or finish it. `outlives`: it does not end with the case.

    `apart`: it belongs to no case at all, so that nobody who may see the case learns of it. `outside_school`: nobody of the
    child's school may hold it or hear of it. `visit`: somebody goes to the home, and says whom they found and what was said.
    """

    confined: bool = False
    outlives: bool = False
    apart: bool = False
    outside_school: bool = False
    visit: bool = False


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


class Role(Part):
    """A post. `scope`: where its holder is looked for, nearest first; `above`: who is told when nobody answers."""

    zh: str
    en: str
    scope: list[Scope] = Field(min_length=1)
    above: str | None = None


class Vacation(Part):
    """Days off between `from` and `until`, both included."""

    since: date = Field(alias="from")
    until: date
    reason: str


class QuietHours(Part):
    """Local hours in which only safety messages leave."""

    since: LocalTime = Field(alias="from")
    until: LocalTime


class RecipientLimit(Part):
    """At most so many messages to one recipient within so many minutes; safety and answers pass."""

    most: int = Field(ge=1)
    within_minutes: int = Field(gt=0)


class Answering(RecipientLimit):
    """More automatic answers than this to one contact, or one answer `same` times: silence there, and a person is told."""

    most: int = Field(default=5, ge=1)
    within_minutes: int = Field(default=5, gt=0)
    same: int = Field(default=3, ge=2)
    silence_minutes: int = Field(default=60, gt=0)


class Merging(Part):
    """How many children or tasks one message may hold, and what joins it although it is due only so many minutes later."""

    most: int = Field(default=4, ge=1)
    within_minutes: int = Field(default=5, ge=0)


def _usual_limits() -> list[RecipientLimit]:
    return [RecipientLimit(most=most, within_minutes=minutes) for most, minutes in ((1, 1), (5, 15), (8, 24 * 60))]


class Delivery(Part):
    """How much one recipient may be sent, what becomes one message, when a call is made again, how long a failed way rests."""

    per_recipient: list[RecipientLimit] = Field(default_factory=_usual_limits)
    answers: Answering = Field(default_factory=Answering)
    merging: Merging = Field(default_factory=Merging)
    call_again_minutes: list[Annotated[int, Field(gt=0)]] = Field(default_factory=lambda: [15, 60])
    rest_minutes: int = Field(default=30, gt=0)


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


class NoticeKind(Part):
    """A return notice: days allowed from delivery, and the message that carries it; `enrol_template` where the child is in no class."""

    deadline_days: int = Field(ge=1)
    template: str
    enrol_template: str | None = None


class Answer(Part):
    """What a reading of a family's reply sets going."""

    effect: Effect
    task: str | None = None
    role: str | None = None
    due: Duration | None = None
    school_days: int | None = None
    cause: str | None = None
    accepted: bool = False
    pauses: bool = False
    template: str = "task_new"
    sensitive: bool = False
    urgent: bool = False
    ask: Literal["help", "where", "until"] | None = None


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


class Postponing(Part):
    """How often and how far a holder may put off a task, and whether they must say why.

    `by`: the roles that may (none named: every holder). `never`: kinds of task that nobody may put off.
    """

    times: int
    school_days: int
    reason: bool = True
    by: list[str] = Field(default_factory=list)
    never: list[str] = Field(default_factory=lambda: ["safety"])


class Dialogs(Part):
    """How long a second yes and a question back are waited for, how long an officer's words to a family may be (characters)."""

    confirm_within_minutes: int = Field(default=60, gt=0)
    ask_back_minutes: int = Field(default=30, gt=0)
    longest_reply: int = Field(default=120, gt=0, le=160)


class Visits(Part):
    """Photographs of a home visit: how many, how large, and how many hours after the task is done they are still taken."""

    photos: int = Field(default=6, ge=0)
    photo_megabytes: int = Field(default=5, gt=0, le=20)
    photo_hours: int = Field(default=24, ge=0)


class Audit(Part):
    """The auditor: how often it looks, whom it tells, and how late a step may be before it says so."""

    every_minutes: int
    role: str
    grace_minutes: int


class Exit(Part):
    """How a case may end: the evidence it needs and who may give it."""

    zh: str
    en: str
    evidence: list[str] = Field(min_length=1)
    by: list[str] = Field(min_length=1)
    or_attended_school_days: int | None = None
    ask_guardian_from_level: int | None = None


class ReferralKind(Part):
    """What may be proposed to which departments."""

    zh: str
    en: str
    departments: list[str] = Field(min_length=1)
    enabled: bool = True


class Targets(Part):
    """Rates in per cent to stay below, by stage."""

    dropout_rate_below: dict[str, float]
    focus_areas: list[str] = []


class Lists(Part):
    """From how many absent school days a child is on the list of suspected, and of certain, dropouts."""

    suspected_after_school_days: int
    dropout_after_school_days: int
