"""Campaigns, the contacts listed for them, and activities offline."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight


class Campaign(Numbered, Base):
    """One publicity sending to many. `text_key`: of templates/campaigns.yaml; `words` where the author's own are sent.

    `filters`: categories, stages, sex. `schedule`: {"at": ISO} or an event of the school year with days and hour.
    `state`: draft, waiting_approval, scheduled, running, paused, done, cancelled; `reason` says why it was cancelled or waits again.
    Composing goes by person id: all up to `composed_to` are done; `composed_at` is set when everybody is.
    `round` counts sendings to those whom the earlier ones did not reach.
    """

    __tablename__ = "campaign"
    __table_args__ = (Index("ix_campaign_due", "next_at", postgresql_where=text("next_at is not null")),)
    sight = Sight.AREA
    name: Mapped[str]
    text_key: Mapped[str]
    words: Mapped[str | None]
    audience: Mapped[str]
    area_code: Mapped[str] = mapped_column(AREA_CODE, ForeignKey("area.code"), index=True)
    filters: Mapped[Facts]
    schedule: Mapped[Facts]
    state: Mapped[str] = mapped_column(server_default="draft")
    reason: Mapped[str | None]
    people: Mapped[int]  # how many it would reach, when last counted
    round: Mapped[int] = mapped_column(server_default=text("0"))
    composed_to: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    composed_at: Mapped[datetime | None]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]
    scheduled_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]


class ListedContact(Numbered, Base):
    """Somebody outside school and government whom publicity may reach: an employer, an internet café.

    `purpose`: employer, cafe. `basis`: from where we have the number, and why we may use it.
    """

    __tablename__ = "listed_contact"
    __table_args__ = (UniqueConstraint("person_id", "purpose"),)
    sight = Sight.AREA
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    purpose: Mapped[str]
    organisation: Mapped[str]
    basis: Mapped[str]
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    listed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Activity(Numbered, Base):
    """An activity offline of a school (or of an area, without `school_id`), as a named person recorded it. `kind`: of the plan file."""

    __tablename__ = "activity"
    sight = Sight.AREA
    kind: Mapped[str]
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"), index=True)
    held_on: Mapped[date]  # local day
    place: Mapped[str]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id"), unique=True)
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class ActivityPlan(Numbered, Base):
    """How many activities of a kind (empty: of any) a school or an area means to hold in a school year (2026: from September 2026)."""

    __tablename__ = "activity_plan"
    __table_args__ = (Index("uq_activity_plan_place", "area_code", text("coalesce(school_id, 0)"), "year", "kind", unique=True),)
    sight = Sight.AREA
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    year: Mapped[int]
    kind: Mapped[str] = mapped_column(server_default="")
    number: Mapped[int]
    set_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
