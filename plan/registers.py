"""Registers of the special groups (art. 2.6, 2.7): who may write in them, the monthly contact, teaching at home."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from plan.parts import Duration, Label, LocalTime, Part


class Category(Label):
    """A special group. `confidential`: its name goes into no message. `kinds`: what an import or a message may name more exactly."""

    confidential: bool = False
    kinds: list[str] = Field(default_factory=list)


class ArrangementKind(Label):
    """A way in which a disabled child is taught. `evidence`: decided only on a paper that is named (an assessment, an approval)."""

    evidence: bool = False


class MonthlyContact(Part):
    """The paired person is asked once a month, on the first day of school from this one on, and has so long to answer.

    `role`: who hears of it when they do not (its ladder is asked).
    """

    role: str
    from_day: int = Field(ge=1, le=25)
    at: LocalTime
    due: Duration
    template: str = "pair_contact"
    not_in_months: list[Annotated[int, Field(ge=1, le=12)]] = Field(default_factory=list)


class FamilyAsked(Part):
    """The day after a visit its family is asked whether the teacher came; a "no" is owed to this role. `template`: the question."""

    at: LocalTime
    role: str
    due: Duration
    template: str = "lesson_question"
    told: str = "lesson_check"


class NoVisits(Part):
    """A child taught at home whom nobody has visited, or is to visit, for so many days: whoever `lessons` names plans visits."""

    after_days: int = Field(ge=7, le=120)
    due: Duration
    template: str = "lessons_idle"


class HomeLessons(Part):
    """Teaching at home: the teacher is asked on the morning of the planned day, and has so long to confirm it. `role`: as above.

    Without `family` no family is asked; without `idle` nobody is told of a child that is never visited.
    """

    role: str
    at: LocalTime
    due: Duration
    template: str = "home_lesson"
    most_at_once: int = Field(default=40, ge=1)
    family: FamilyAsked | None = None
    idle: NoVisits | None = None


class Registers(Part):
    """The section `registers`. `by`: the roles that may change a register; `arranged_by`: those that decide how a disabled child is
    taught (none named: the same). `arrangements`: the ways in which that is done.
    """

    by: list[str] = Field(min_length=1)
    arranged_by: list[str] = Field(default_factory=list)
    categories: dict[str, Category]
    arrangements: dict[str, ArrangementKind]
    contact: MonthlyContact
    lessons: HomeLessons
