"""Who may enter the console: codes that were sent, sessions, second factors, and how often somebody tried."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base, Facts, Numbered


class LoginCode(Numbered, Base):
    """Somebody asked to enter. Without `person_id` nobody may: the asker is not told, so the row is made all the same.

    `ticket_hash` binds it to the browser that asked; `code_hash` is keyed. It is used once, within minutes.
    """

    __tablename__ = "login_code"
    ticket_hash: Mapped[bytes] = mapped_column(unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    contact_index: Mapped[bytes]
    code_hash: Mapped[bytes]
    wrong: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    proved_at: Mapped[datetime | None]  # the code was right; a second factor may still be owed
    used_at: Mapped[datetime | None]  # a session was opened by it


class SecondFactor(Base):
    """A person's key for one-time passwords. `last_step`: the newest time step that was accepted, so that none counts twice."""

    __tablename__ = "second_factor"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    secret_encrypted: Mapped[bytes]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class ConsoleSession(Numbered, Base):
    """A browser that is logged in, in one of its person's posts."""

    __tablename__ = "console_session"
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    responsibility_id: Mapped[int | None] = mapped_column(ForeignKey("responsibility.id"))
    is_strong: Mapped[bool]  # a second factor was given
    language: Mapped[str] = mapped_column(server_default="zh")
    agent: Mapped[str]  # what the browser calls itself, so that its owner knows it again
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AccessLimit(Base):
    """How often something was tried by one contact or from one address. `key`: what is counted, and a keyed hash of whom."""

    __tablename__ = "access_limit"
    key: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    count: Mapped[int]


class SavedView(Numbered, Base):
    """Filters of a page that a person keeps under a name."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("person_id", "page", "name"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    page: Mapped[str]
    name: Mapped[str]
    filters: Mapped[Facts]
    saved_at: Mapped[datetime]
