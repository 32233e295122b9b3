"""Periodic reports with all their versions, and whether those who answer for a place still do."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight, Within


class Report(Numbered, Base):
    """One report of one school or area for one period (上报表). `kind` and `of` (school, township, county, prefecture): the plan's.

    `state`: prepared (to be counted), collecting (a sum that waits for those beneath), asked (to be confirmed), confirmed (to be
    signed), submitted. `version` is the newest of its versions; 0 before it was counted.
    """

    __tablename__ = "report"
    __table_args__ = (
        Index("uq_report_unit", "kind", "period_start", text("coalesce(school_id, 0)"), "area_code", unique=True),
        Index("ix_report_due", "next_at", postgresql_where=text("next_at is not null")),
    )
    sight = Sight.AREA
    within = Within.SCHOOL
    kind: Mapped[str]
    of: Mapped[str]
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"), index=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    period_start: Mapped[date]
    period_end: Mapped[date]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("0"))
    stage: Mapped[int] = mapped_column(server_default=text("0"))  # how many reminders are behind it
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))
    plan_version_id: Mapped[int] = mapped_column(ForeignKey("plan_version.id"))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    first_due_at: Mapped[datetime]  # of its first version; a later one has a time of its own
    submitted_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]


class ReportVersion(Base):
    """A report as it stood: what was computed, what was stated in its place, why, by whom. A version that was submitted never changes.

    `computed` and `stated`: of_age, suspected, dropout; of a sum also missing (ids of the reports that were not there).
    `children`: the same names, each with the ids of the children behind the computed number; a sum leaves of_age to those beneath.
    """

    __tablename__ = "report_version"
    sight = Sight.GUARDED
    parent = ("report_id", "report.id")
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    computed: Mapped[Facts]
    stated: Mapped[Facts | None]
    children: Mapped[Facts]
    reasons: Mapped[Facts] = mapped_column(server_default=text("'{}'"))  # of a correction: number → why, in the words of whoever made it
    computed_at: Mapped[datetime]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signed_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]  # since when it counts above
    returned_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    returned_reason: Mapped[str | None]


class PostCheck(Numbered, Base):
    """The monthly question whether a person still answers for what the register says.

    `state`: due (to be asked), asked, confirmed, denied, silent (nobody answered: listed as unconfirmed), withdrawn (they have left).
    """

    __tablename__ = "post_check"
    __table_args__ = (
        UniqueConstraint("person_id", "month"),
        Index("ix_post_check_due", "next_at", postgresql_where=text("next_at is not null")),
    )
    sight = Sight.AREA
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    month: Mapped[date]
    state: Mapped[str]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    said: Mapped[str | None]  # who answers now, in their own words
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))
    next_at: Mapped[datetime | None]
