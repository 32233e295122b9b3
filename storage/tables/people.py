"""Persons, the phones and chats that reach them, and what they answer for."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Numbered, Sight, Within


class Person(Numbered, Base):
    """A guardian or a responsible person; the same human may be both.

    `identity_index` is a blind index of name and number, by which imports recognise a person again.
    `area_code` is the area under which the person is listed (a guardian's: the child's).
    """

    __tablename__ = "person"
    sight = Sight.AREA
    within = Within.KNOWN
    name: Mapped[str]
    name_pinyin: Mapped[str]
    identity_index: Mapped[bytes | None] = mapped_column(unique=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    language: Mapped[str | None]  # spoken at home, where calls can play a recording in it
    anonymised_at: Mapped[datetime | None]
    welcomed_at: Mapped[datetime | None]  # when the plain notice at enrolment was written for them


class Contact(Numbered, Base):
    """One phone number or chat. Several persons may share it. `kind`: phone, telegram, wecom.

    `state`: usable, bad (no such number, or it is somebody else's), blocked (refused by its owner or the provider).
    """

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("kind", "address_index"),)
    sight = Sight.GUARDED
    kind: Mapped[str]
    address_encrypted: Mapped[bytes]
    address_index: Mapped[bytes]
    state: Mapped[str] = mapped_column(server_default="usable")
    misses: Mapped[int] = mapped_column(server_default=text("0"))  # replies in a row that nobody could read
    silent_until: Mapped[datetime | None]
    reached_at: Mapped[datetime | None]  # last proof that somebody reads here
    failures: Mapped[int] = mapped_column(server_default=text("0"))  # messages in a row that did not arrive
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("sender.id", use_alter=True))  # our number that it knows
    moved_at: Mapped[datetime | None]  # when its provider last gave it another address
    refused_at: Mapped[datetime | None]  # publicity was refused here while nobody was known: so does whoever turns out to be


class PersonContact(Base):
    """A person can be reached at a contact; smaller `preference` first."""

    __tablename__ = "person_contact"
    sight = Sight.GUARDED
    parent = ("person_id", "person.id")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True, index=True)
    preference: Mapped[int] = mapped_column(server_default=text("1"))
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    retired_reason: Mapped[str | None]  # set when the contact no longer belongs to the person


class LinkCode(Numbered, Base):
    """A word by which a person, once, makes a chat their own."""

    __tablename__ = "link_code"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_index: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Consent(Numbered, Base):
    """What a person wants or refuses of one kind of message (statutory notices cannot be refused)."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("person_id", "kind"),)
    sight = Sight.GUARDED
    parent = ("person_id", "person.id")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    given: Mapped[bool]
    at: Mapped[datetime]
    source: Mapped[str]


class Responsibility(Numbered, Base):
    """A person answers for an area, a school or a class in a role, from–until, with a substitute.

    `area_code` is always set: the area itself, or the one in which the school lies.
    """

    __tablename__ = "responsibility"
    sight = Sight.AREA
    within = Within.OWN
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(index=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"), index=True)
    class_id: Mapped[int | None] = mapped_column(ForeignKey("school_class.id"), index=True)
    department: Mapped[str | None]  # of a department_liaison: police, justice, civil_affairs …
    substitute_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class StandIn(Numbered, Base):
    """While a responsible person is away, another answers for everything they owe."""

    __tablename__ = "stand_in"
    sight = Sight.GUARDED
    parent = ("person_id", "person.id")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    substitute_person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
