"""What is counted beforehand, because counting it while somebody waits would take too long over a prefecture."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight, Within


class AwayCount(Numbered, Base):
    """How many children of one class (or of no class, of one area) were on the two lists at the end of a day, as counted the night after.

    `area_code`: of the school, else of the case. A row without a school and with zeros says that the area's day was counted.
    """

    __tablename__ = "away_count"
    __table_args__ = (
        Index("uq_away_count_place", "on", "area_code", text("coalesce(school_id, 0)"), text("coalesce(class_id, 0)"), unique=True),
    )
    sight = Sight.AREA
    within = Within.OWN
    on: Mapped[date]
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    class_id: Mapped[int | None] = mapped_column(ForeignKey("school_class.id"))
    suspected: Mapped[int]
    dropouts: Mapped[int]


class KeptCount(Base):
    """A count of an area as it stood at a moment. `key` says which: supervision:622926:year, campaign:7:preview."""

    __tablename__ = "kept_count"
    sight = Sight.AREA
    key: Mapped[str] = mapped_column(primary_key=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    counted_at: Mapped[datetime]
    facts: Mapped[Facts]
