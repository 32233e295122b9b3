"""The plan file's shape. Every field is checked; `plan.check` turns what is wrong into sentences for an officer."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from plan.answers import Answer, Dialogs
from plan.areas import Areas
from plan.deliveries import Deliveries
from plan.enrolment import Enrolment
from plan.follow_ups import FollowUps
from plan.levels import Level
from plan.outcomes import Exit, Lists, NoticeKind, Targets
from plan.outward import Outward
from plan.parts import Label, Part, QuietHours, Vacation
from plan.publicity import Publicity
from plan.reconciling import Reconciliation
from plan.registers import Registers
from plan.reporting import Reports
from plan.retention import Retention
from plan.school_day import Attendance, Boarding, Closures, SchoolEvent
from plan.sending import Delivery
from plan.supervising import Supervision
from plan.support import Aid, Complaints, ReferralKind
from plan.tasks import Acknowledgement, Duty, Postponing, Reminders, Role, TaskKind, Visits
from plan.telling import Audit, Digest, Holes, Safety


class Plan(Part):
    """The whole plan file."""

    name: str
    title: Label
    time_zone: str
    holidays: str
    vacations: list[Vacation] = Field(default_factory=list)
    events: list[SchoolEvent] = Field(default_factory=list)  # added after plans were stored: a default keeps those readable
    quiet_hours: QuietHours
    delivery: Delivery = Field(default_factory=Delivery)  # added after plans were stored: a default keeps those readable
    roles: dict[str, Role]
    attendance: Attendance
    closures: Closures = Field(default_factory=Closures)  # both added after plans were stored
    boarding: Boarding | None = None
    levels: list[Level] = Field(min_length=1)
    notices: dict[str, NoticeKind]
    deliveries: Deliveries = Field(default_factory=Deliveries)  # added after plans were stored
    answers: dict[str, Answer]
    follow_ups: FollowUps = Field(default_factory=FollowUps)  # both added after plans were stored: as above
    worry: list[str] = Field(default_factory=list)  # where two guardians differ: the earlier one counts
    duties: dict[str, Duty]
    acknowledgement: Acknowledgement
    reminders: Reminders
    digest: Digest
    safety: Safety
    holes: Holes
    postponing: Postponing
    dialogs: Dialogs = Field(default_factory=Dialogs)  # added after plans were stored: a default keeps those readable
    visits: Visits = Field(default_factory=Visits)  # the same
    publicity: Publicity = Field(default_factory=Publicity)  # the same
    audit: Audit
    answer_within_days: int = Field(ge=1)
    exits: dict[str, Exit]
    relapse_days: int = Field(ge=0)
    causes: dict[str, Label] = Field(default_factory=dict)  # added after plans were stored: a default keeps those readable
    departments: dict[str, Label]
    referrals: dict[str, ReferralKind]
    aid: Aid = Field(default_factory=Aid)  # both added after plans were stored: a default keeps those readable
    complaints: Complaints = Field(default_factory=Complaints)
    tasks: dict[str, TaskKind]
    targets: Targets
    lists: Lists
    enrolment: Enrolment | None = None  # both added after plans were stored
    registers: Registers | None = None
    reconciliation: Reconciliation | None = None  # both added after plans were stored
    supervision: Supervision | None = None
    reports: Reports = Field(default_factory=Reports)  # both added after plans were stored: a default keeps those readable
    areas: Areas = Field(default_factory=Areas)
    retention: Retention | None = None  # added after plans were stored
    outward: Outward = Field(default_factory=Outward)  # added after plans were stored

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no such time zone: {value}") from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def at_level(self, level: int) -> Level:
        """The rung with this number. Raises KeyError for one that the plan does not have."""
        for rung in self.levels:
            if rung.level == level:
                return rung
        raise KeyError(level)

    def above(self, level: int) -> Level | None:
        """The rung that the chain climbs to from here: `next`, or the following one in the file that is not beside."""
        rung = self.at_level(level)
        if rung.next is not None:
            return self.at_level(rung.next)
        later = self.levels[self.levels.index(rung) + 1 :]
        return next((step for step in later if not step.beside), None)

    def outliving(self) -> list[str]:
        """Kinds of task that do not end when the child is back or the case is closed."""
        return [name for name, kind in self.tasks.items() if kind.outlives]

    def task_name(self, kind: str) -> Label:
        """What a task is called; one of an older plan that this one no longer has goes by its key."""
        return self.tasks.get(kind) or Label(zh=kind, en=kind)

    def role_name(self, role: str) -> str:
        """What a role is called in Chinese."""
        return self.roles[role].zh if role in self.roles else role

    def beside(self) -> list[Level]:
        """Rungs that run beside the others."""
        return [rung for rung in self.levels if rung.beside]

    def ladder(self, role: str) -> list[str]:
        """The roles above this one, nearest first."""
        found: list[str] = []
        above = self.roles[role].above
        while above is not None and above not in found:
            found.append(above)
            above = self.roles[above].above
        return found
