"""What a home visit found, and the photographs that came with it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ARRAY, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Numbered, Sight, Within


class Visit(Numbered, Base):
    """Somebody went to the family's home: whom they found, what was said, when the child is expected.

    A task may have several: where nobody was met and they went again, and what was told after it was done.
    """

    __tablename__ = "visit"
    sight = Sight.AREA
    within = Within.TASK
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    student_id: Mapped[int | None] = mapped_column(ForeignKey("student.id"), index=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    visited_on: Mapped[date]  # local day on which they were there
    found: Mapped[list[str]] = mapped_column(ARRAY(Text))  # whom: child, parents, grandparents, relatives, neighbours, nobody
    said: Mapped[str]  # what was found and said, in the officer's own words
    expected_on: Mapped[date | None]  # day on which the family expects the child back
    recorded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]


class Photo(Numbered, Base):
    """A photograph that belongs to a visit's task or to an activity. `state`: waiting (still with the provider), stored, refused,
    removed (its time was over: an activity's only).

    Most came by chat; one without `inbound_id` was handed in by command.
    """

    __tablename__ = "photo"
    __table_args__ = (
        Index("ix_photo_waiting", "next_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_photo_activity_id", "activity_id", postgresql_where=text("activity_id is not null")),
    )
    sight = Sight.GUARDED
    parent = ("task_id", "task.id")
    other_parent = ("activity_id", "activity.id")
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), index=True)
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(server_default="waiting")
    reason: Mapped[str | None]  # why it was refused: too_large, gone, not_a_photo
    media_type: Mapped[str | None]
    size: Mapped[int | None]  # bytes, before encryption
    content_encrypted: Mapped[bytes | None]
    received_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    next_at: Mapped[datetime]  # when it is fetched, or fetched again
    tries: Mapped[int] = mapped_column(server_default=text("0"))
