"""Areas, schools, classes and their calendars."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight, Within


class Area(Base):
    """Node of the division tree: prefecture, county, township or village."""

    __tablename__ = "area"
    sight = Sight.PUBLIC
    code: Mapped[str] = mapped_column(AREA_CODE, primary_key=True)
    name: Mapped[str]
    level: Mapped[str]
    parent_code: Mapped[str | None] = mapped_column(AREA_CODE, ForeignKey("area.code"), index=True)


class School(Numbered, Base):
    """A school, known by its national 10-digit code. `stage`: primary, junior, nine_year, teaching_point, special."""

    __tablename__ = "school"
    sight = Sight.PUBLIC
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    stage: Mapped[str]
    area_code: Mapped[str] = mapped_column(AREA_CODE, ForeignKey("area.code"), index=True)
    boarding: Mapped[bool] = mapped_column(server_default=text("false"))
    phone: Mapped[str | None]  # the office line that families know; published, so not encrypted


class SchoolClass(Numbered, Base):
    """A class of this school year. `grade` 1–9; `number` "2", or a name such as "启智"; `name` 三(2)班."""

    __tablename__ = "school_class"
    __table_args__ = (UniqueConstraint("school_id", "grade", "number"),)
    sight = Sight.PUBLIC
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"))
    grade: Mapped[int]
    number: Mapped[str]
    name: Mapped[str]
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)


class CalendarDay(Numbered, Base):
    """An exception to the national calendar for one class, one school or one whole area. A class's row names its school, too."""

    __tablename__ = "calendar_day"
    __table_args__ = (
        Index(
            "uq_calendar_day_place",
            text("coalesce(school_id, 0)"),
            text("coalesce(class_id, 0)"),
            text("coalesce(area_code, '')"),
            "on",
            unique=True,
        ),
    )
    sight = Sight.PUBLIC
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    class_id: Mapped[int | None] = mapped_column(ForeignKey("school_class.id"))
    area_code: Mapped[str | None] = mapped_column(AREA_CODE)
    on: Mapped[date]
    is_school_day: Mapped[bool]
    reason: Mapped[str]


class Closure(Numbered, Base):
    """A school's own word that there are no lessons for it, or for one class, on some days; kept so that it can be taken back."""

    __tablename__ = "closure"
    sight = Sight.AREA
    within = Within.OWN
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"), index=True)
    class_id: Mapped[int | None] = mapped_column(ForeignKey("school_class.id"))
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    said_by: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id"))
    recorded_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    effects: Mapped[Facts]
