"""What the machine needs to run: clock, leases, ticks, imports, audits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight


class ClockSetting(Base):
    """The stepped clock of tests and the demo, shared by every process; no row means the real time."""

    __tablename__ = "clock_setting"
    sight = Sight.PUBLIC
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    now: Mapped[datetime]


class Lease(Base):
    """Who leads now. Times are the database's own, never the stepped clock's."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    epoch: Mapped[int]
    until: Mapped[datetime]


class TickRun(Base):
    """A scheduled job ran for this time; the key makes it run once."""

    __tablename__ = "tick_run"
    name: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    ran_at: Mapped[datetime]


class ImportRun(Numbered, Base):
    """A file that was taken in, and what it changed."""

    __tablename__ = "import_run"
    kind: Mapped[str]
    digest: Mapped[str]
    finished_at: Mapped[datetime]
    summary: Mapped[Facts]


class ImportJob(Numbered, Base):
    """A file that somebody handed in on a page. `state`: checking, checked, taking, taken, refused, dropped.

    The file is kept encrypted until it is taken in or dropped, else to the second morning; so is the report, which quotes its cells.
    """

    __tablename__ = "import_job"
    kind: Mapped[str]  # areas, schools, people, roster, households, registers
    file_name: Mapped[str]
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str]
    content_encrypted: Mapped[bytes | None]
    report_encrypted: Mapped[bytes | None]
    done: Mapped[int] = mapped_column(server_default=text("0"))  # rows gone through
    total: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    beaten_at: Mapped[datetime]  # the last sign of life of whoever works on it, by the real clock
    ended_at: Mapped[datetime | None]


class AuditRun(Numbered, Base):
    """The hourly auditor looked; what it found."""

    __tablename__ = "audit_run"
    sight = Sight.PUBLIC
    at: Mapped[datetime]
    open_cases: Mapped[int]
    findings: Mapped[Facts] = mapped_column(server_default=text("'{}'"))


class KeyCheck(Base):
    """Fingerprints of the encryption keys in use, so that a wrong key is noticed at the start. `purpose`: index, encryption."""

    __tablename__ = "key_check"
    purpose: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(primary_key=True)
