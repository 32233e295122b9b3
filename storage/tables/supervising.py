"""What reconciliation found; official figures, year-end decisions, and inspections."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight


class Difference(Numbered, Base):
    """The ledger and another register disagree (逐一对账). `kind`: a key of the plan's `reconciliation.differences`.

    `state`: open (owed an answer), explained (a person said why; it is not asked again while it lasts), gone (they agree again).
    """

    __tablename__ = "difference"
    __table_args__ = (Index("uq_difference_living", "key", unique=True, postgresql_where=text("state <> 'gone'")),)
    sight = Sight.AREA
    key: Mapped[str]
    kind: Mapped[str]
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"), index=True)
    student_id: Mapped[int | None] = mapped_column(ForeignKey("student.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    report_id: Mapped[int | None] = mapped_column(BigInteger)  # the report that disagrees
    facts: Mapped[Facts]
    state: Mapped[str] = mapped_column(server_default="open")
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]  # the last night on which it was still there
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), index=True)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class OfficialFigure(Numbered, Base):
    """A figure that is not ours, entered by an officer with its source; a newer one replaces it, and it is kept.

    `kind`: provincial_average (net enrolment in per cent), children_of_age (children of the stage's age who live in the area).
    """

    __tablename__ = "official_figure"
    __table_args__ = (
        Index("uq_official_figure", "kind", "stage", "area_code", "school_year", unique=True, postgresql_where=text("replaced_at is null")),
    )
    sight = Sight.PUBLIC
    kind: Mapped[str]
    stage: Mapped[str]  # primary, junior
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    school_year: Mapped[int]  # the year in which it began
    value: Mapped[Decimal]
    source: Mapped[str]
    entered_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]


class Assessment(Numbered, Base):
    """What a named person decided about a post holder's year (art. 2.1④), and the facts that lay before them. Never ours to propose."""

    __tablename__ = "assessment"
    __table_args__ = (Index("ix_assessment_post", "year", "role", "person_id"),)
    sight = Sight.AREA
    year: Mapped[int]
    role: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    facts: Mapped[Facts]  # the sheet as it was when they decided
    decision: Mapped[str]  # in their own words
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]


class InspectionSample(Numbered, Base):
    """Children or ledger entries drawn at random for an inspection (督导检查). The same seed draws the same ones.

    `of`: children, cases; `per`: school, township: the strata; `strata`: stratum → {of: how many there were, drawn: how many of them}.
    """

    __tablename__ = "inspection_sample"
    __table_args__ = (UniqueConstraint("area_code", "of", "per", "on", "size", "seed"),)
    sight = Sight.AREA
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    of: Mapped[str]
    per: Mapped[str]
    on: Mapped[date]
    size: Mapped[int]
    seed: Mapped[str]
    strata: Mapped[Facts]
    drawn_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    drawn_at: Mapped[datetime]


class InspectionItem(Base):
    """One child or case of a sample. `outcome`: agrees (as the register says), differs; empty until somebody has looked."""

    __tablename__ = "inspection_item"
    sight = Sight.GUARDED
    parent = ("sample_id", "inspection_sample.id")
    sample_id: Mapped[int] = mapped_column(ForeignKey("inspection_sample.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    stratum: Mapped[str]
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    outcome: Mapped[str | None]
    note: Mapped[str | None]
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    checked_at: Mapped[datetime | None]
