"""What every table shares: column types, naming, and who may see its rows."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Facts = dict[str, Any]

AREA_CODE = Text(collation="C")
"""Statistical division code; a code's prefix is its parent's, so byte order is tree order."""


class Sight(StrEnum):
    """Whose rows the web role sees (row-level security, see `storage/security.py`)."""

    AREA = "area"  # rows whose area_code lies in the reader's area
    PLACE = "place"  # area_code or school_area_code lies in the reader's area
    GUARDED = "guarded"  # rows whose parent row is visible (`parent` names it)
    PUBLIC = "public"  # no personal data: everyone who is logged in
    NONE = "none"  # never through the web role


class Within(StrEnum):
    """How somebody who answers for a school or a class finds the rows that are theirs. Without it they see none (`storage/security.py`)."""

    OWN = "own"  # by the row's own school_id and class_id
    SCHOOL = "school"  # by the row's own school_id, for the school's people alone: a class's see none
    STUDENT = "student"  # with the child
    CASE = "case"  # with the case
    TASK = "task"  # with the task
    CASE_AND_TASK = "case_and_task"  # with the case, unless it is about a task that is kept from the school
    KNOWN = "known"  # persons: family of a child that is seen, colleagues of the school, who holds a task that is seen
    SAID = "said"  # messages: what was said in a matter that is seen


class Base(DeclarativeBase):
    """Root of all tables. `sight` says who may read a row through the web role, `within` what a school's people see of it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        Facts: JSONB,
        str: Text,
    }
    sight: ClassVar[Sight] = Sight.NONE
    within: ClassVar[Within | None] = None
    parent: ClassVar[tuple[str, str] | None] = None  # (own column, "table.column") for GUARDED
    unseen: ClassVar[str | None] = None  # rows that the web role never sees, whatever its area: a condition
    other_parent: ClassVar[tuple[str, str] | None] = None  # where a row may belong to this one instead


class Numbered:
    """A surrogate key that never means anything."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
