"""What must be said, what was said, what came back."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

from sqlalchemy import ARRAY, BigInteger, ColumnElement, ForeignKey, Index, Numeric, UniqueConstraint, and_, exists, or_, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight, Within

WAITING = ("queued", "sending")
"""States of a message that no provider has accepted yet."""
WAITING_SQL = "(" + ", ".join(map(repr, WAITING)) + ")"
"""The same for statements that are written out, which are prepared once: `message.state in {WAITING_SQL}`."""


class Intent(Numbered, Base):
    """Something that must be said to one person. Same `dedupe_key`, same intent: once.

    Without `person_id` it is an answer to somebody whom nobody knows, and `contact_id` says where they wrote.
    `urgency`: safety, duty, bulk. `still` names the check made again when it is sent (`bot/outbox/still.py`).
    `state`: pending, held (its campaign pauses), queued (message_id says in which message), dropped (no longer true), expired,
    unaddressable.
    """

    __tablename__ = "intent"
    __table_args__ = (
        Index("ix_intent_due", text("urgency desc"), "due_at", "id", postgresql_where=text("state = 'pending'")),
        Index("ix_intent_campaign", "campaign_id", "person_id", postgresql_where=text("campaign_id is not null")),
        Index("ix_intent_failed_in", "failed_in", postgresql_using="gin", postgresql_where=text("failed_in is not null")),
    )
    sight = Sight.AREA
    within = Within.CASE_AND_TASK
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    template: Mapped[str]
    urgency: Mapped[str]
    facts: Mapped[Facts]
    still: Mapped[str | None]
    question: Mapped[str | None]  # kind of question that this message opens, if it asks one
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    student_id: Mapped[int | None] = mapped_column(ForeignKey("student.id"))
    sheet_id: Mapped[int | None] = mapped_column(ForeignKey("attendance_sheet.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), index=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))  # an answer goes back where it came from
    campaign_id: Mapped[int | None] = mapped_column(BigInteger)  # no key: it would look at one row for each of hundreds of thousands
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="pending")
    reason: Mapped[str | None]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    waits_for: Mapped[int | None] = mapped_column(BigInteger)  # question that must end first (no key: it would be circular)
    tried: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))  # contacts on which it failed for good
    failed_in: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))  # messages that were taken, and then said to have failed
    resting: Mapped[Facts | None]  # contacts on which it failed for now, and until when they are left in peace
    calls: Mapped[int] = mapped_column(server_default=text("0"))  # how often it was called out and nobody took it


class Sender(Numbered, Base):
    """An account and number that messages leave from; leased to one worker at a time so that its rate is exact.

    `state`: open, draining (takes nothing new, sends what waits), paused (by a person), stopped (by its account's error).
    """

    __tablename__ = "sender"
    __table_args__ = (UniqueConstraint("channel", "account", "address"),)
    sight = Sight.PUBLIC
    channel: Mapped[str]
    address: Mapped[str]
    account: Mapped[str]  # names the provider's settings in the environment, where the secrets stay
    rate_per_second: Mapped[float]  # parts or messages, as the channel counts
    daily_cap: Mapped[int | None]  # the same, in a local day
    hours_from: Mapped[time | None]  # local; the carrier takes nothing outside them
    hours_until: Mapped[time | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 4))  # CNY each, as the channel counts
    state: Mapped[str] = mapped_column(server_default="open")
    stopped_reason: Mapped[str | None]
    try_at: Mapped[datetime | None]  # when one message tries whether its account works again
    tries: Mapped[int] = mapped_column(server_default=text("0"))  # of late: each pause is longer than the one before
    asks_since: Mapped[datetime | None]  # after a restore: its provider is asked what it has got since then …
    asks_until: Mapped[datetime | None]  # … before a message leaves for the first time, until then
    used_on: Mapped[date | None]  # the local day that `used` counts
    used: Mapped[int] = mapped_column(server_default=text("0"))
    lease_holder: Mapped[str | None]
    lease_epoch: Mapped[int] = mapped_column(server_default=text("0"))
    lease_until: Mapped[datetime | None]


class Message(Numbered, Base):
    """One text out on one channel. States only move forward: queued, sending, sent, delivered, answered, or failed."""

    __tablename__ = "message"
    __table_args__ = (
        Index("uq_message_provider_id", "channel", "provider_id", unique=True, postgresql_where=text("provider_id is not null")),
        Index("ix_message_waiting", "expires_at", postgresql_where=text("sent_at is null and failed_at is null")),
        Index("ix_message_again", "sender_id", "retry_at", postgresql_where=text("retry_at is not null")),
        Index("ix_message_contact_id_queued_at", "contact_id", "queued_at"),
        Index("ix_message_person_id_queued_at", "person_id", "queued_at"),
        Index("ix_message_queued_at", "queued_at"),
        Index("ix_message_buttons", "id", postgresql_where=text("options is not null and cleared_at is null")),
    )
    sight = Sight.AREA
    within = Within.SAID
    sender_id: Mapped[int] = mapped_column(ForeignKey("sender.id"))
    channel: Mapped[str]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    urgency: Mapped[str]
    template: Mapped[str]
    body: Mapped[str]
    parts: Mapped[int]
    options: Mapped[list[list[str]] | None] = mapped_column(JSONB)  # buttons: what each answers, and its label
    values: Mapped[Facts | None]  # numbered variables, where only registered templates may be sent
    recording_id: Mapped[int | None] = mapped_column(ForeignKey("recording.id"))  # what a call plays first
    is_answer: Mapped[bool] = mapped_column(server_default=text("false"))  # to somebody who has just written
    cost: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))  # CNY, at the price when it was accepted
    sequence: Mapped[int | None]  # of the provider's newest report
    reported_at: Mapped[datetime | None]  # the provider's own time of it
    state: Mapped[str] = mapped_column(server_default="queued")
    provider_id: Mapped[str | None]
    queued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    retry_at: Mapped[datetime | None]  # not on its queue until then
    cleared_at: Mapped[datetime | None]  # when its buttons were taken away, what it asked having ended


def is_waiting() -> ColumnElement[bool]:
    """That nobody has accepted it yet. The moments are what its index goes by: a change of `state` alone touches no index."""
    return and_(Message.state.in_(WAITING), Message.sent_at.is_(None), Message.failed_at.is_(None))


class Attempt(Numbered, Base):
    """A call to a provider, written before the call. `outcome` empty or unknown: in doubt. Times are the database's own."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_doubt", "message_id", postgresql_where=text("outcome is null or outcome = 'unknown'")),)
    sight = Sight.GUARDED
    parent = ("message_id", "message.id")
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    epoch: Mapped[int]
    counted_on: Mapped[date | None]
    started_at: Mapped[datetime]
    called_at: Mapped[datetime | None]  # just before the call; one without it was never made
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    detail: Mapped[str | None]


def is_in_doubt() -> ColumnElement[bool]:
    """Of a message: that a call for it is under way, or that nobody knows what came of one."""
    is_open = or_(Attempt.outcome.is_(None), Attempt.outcome == "unknown")
    return exists().where(Attempt.message_id == Message.id, is_open)


class Question(Numbered, Base):
    """Something we asked at a contact and await an answer to; one is open per contact, the others wait.

    `kind`: absence, notice, confirm_return, sheet, boarding, pick, task, choose; after a family's answer help, where, school, until.
    `state`: open, answered, expired, withdrawn.
    """

    __tablename__ = "question"
    __table_args__ = (
        Index("ix_question_open", "contact_id", postgresql_where=text("state = 'open'")),
        Index("ix_question_contact_id_asked_at", "contact_id", "asked_at"),
    )
    sight = Sight.AREA
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    kind: Mapped[str]
    intent_id: Mapped[int | None] = mapped_column(ForeignKey("intent.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    student_id: Mapped[int | None] = mapped_column(ForeignKey("student.id"))
    sheet_id: Mapped[int | None] = mapped_column(ForeignKey("attendance_sheet.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), index=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    facts: Mapped[Facts]
    state: Mapped[str]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Inbound(Numbered, Base):
    """One text in, stored raw before anything else; unique on the provider's id."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel", "provider_id"),
        Index("ix_inbound_waiting", "received_at", postgresql_where=text("handled_at is null")),
        Index("ix_inbound_contact_id_received_at", "contact_id", "received_at"),
    )
    sight = Sight.AREA
    channel: Mapped[str]
    provider_id: Mapped[str]
    kind: Mapped[str]  # of the contact: phone, telegram …
    address_encrypted: Mapped[bytes]
    address_index: Mapped[bytes]
    to_address: Mapped[str]
    body: Mapped[str]
    received_at: Mapped[datetime]
    reply_to: Mapped[str | None]  # provider's id of the message of ours that it answers
    phone_encrypted: Mapped[bytes | None]  # the writer's own number, proven by the provider
    phone_index: Mapped[bytes | None]
    choice: Mapped[str | None]  # out, in: the provider itself stopped or resumed our messages
    photo: Mapped[str | None]  # the provider's id of a photograph that came with it
    failures: Mapped[int] = mapped_column(server_default="0")  # of handling it, for a reason that was not the database's
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    area_code: Mapped[str | None] = mapped_column(AREA_CODE)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id"))


class DeliveryStatus(Numbered, Base):
    """A provider's word on a message, stored as it came: perhaps twice, out of order, or before our own commit."""

    __tablename__ = "delivery_status"
    __table_args__ = (
        UniqueConstraint("channel", "provider_id", "status"),
        Index("ix_delivery_status_waiting", "received_at", postgresql_where=text("applied_at is null")),
    )
    channel: Mapped[str]
    provider_id: Mapped[str]
    status: Mapped[str]  # queued, sent, delivered, failed
    code: Mapped[str | None]
    at: Mapped[datetime | None]  # the provider's own time
    sequence: Mapped[int | None]  # the provider's own count
    received_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default=text("0"))  # how often applying it failed
    again_at: Mapped[datetime | None]  # not applied until then


class Recording(Numbered, Base):
    """A message spoken by a person, in a language that has little writing; a call plays it before the Mandarin."""

    __tablename__ = "recording"
    __table_args__ = (UniqueConstraint("area_code", "template", "language"),)
    sight = Sight.AREA
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    template: Mapped[str]
    language: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes]
    recorded_at: Mapped[datetime]
