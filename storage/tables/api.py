"""What other systems are let in by, and what they are told: keys, calls that may be repeated, hooks and their deliveries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight


class ApiKey(Numbered, Base):
    """Another system may act in an officer's name within an area (or one school of it). The key itself is kept nowhere."""

    __tablename__ = "api_key"
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    key_hash: Mapped[bytes] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    per_minute: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiCall(Base):
    """What a call with an idempotency key has done: the same call again gets the same answer and does nothing."""

    __tablename__ = "api_call"
    __table_args__ = (Index("ix_api_call_called_at", "called_at"),)
    key_id: Mapped[int] = mapped_column(ForeignKey("api_key.id"), primary_key=True)
    token: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes]
    answer: Mapped[Facts | None]
    called_at: Mapped[datetime]


class ApiHook(Numbered, Base):
    """Another system wants to hear of these kinds of events in an area. `state`: open, stopped (failed for days), ended."""

    __tablename__ = "api_hook"
    sight = Sight.AREA
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("api_key.id"))
    url: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret_encrypted: Mapped[bytes]
    state: Mapped[str] = mapped_column(server_default="open")
    created_at: Mapped[datetime]
    failing_since: Mapped[datetime | None]


class HookDelivery(Numbered, Base):
    """One event on its way to one hook, in the order of its lane (a case, else the event's subject). `state`: waiting, delivered."""

    __tablename__ = "hook_delivery"
    __table_args__ = (
        UniqueConstraint("hook_id", "event_id"),
        Index("ix_hook_delivery_waiting", "hook_id", "lane", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_hook_delivery_done", "done_at", postgresql_where=text("state = 'delivered'")),
    )
    sight = Sight.GUARDED
    parent = ("hook_id", "api_hook.id")
    hook_id: Mapped[int] = mapped_column(ForeignKey("api_hook.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    lane: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[int | None]
    error: Mapped[str | None]
    next_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
