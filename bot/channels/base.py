"""What every channel must be able to do, and how providers' answers are named.

A channel raises nothing for a provider's refusal: it returns an `Outcome`. The worker alone decides what becomes of the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Result(StrEnum):
    """One taxonomy for all providers (architecture: Delivery engine, 4)."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    BAD_CONTACT = "bad_contact"  # never again on this contact
    BLOCKED = "blocked"  # its owner or the provider refuses us
    OUR_FAULT = "our_fault"  # account, key or template: stop the sender, tell the county
    UNKNOWN = "unknown"  # it may have been accepted: in doubt


@dataclass(frozen=True)
class Outcome:
    """What came of one call. `code` is the provider's own; `retry_after` in seconds."""

    result: Result
    provider_id: str | None = None
    code: str | None = None
    retry_after: float | None = None
    detail: str = ""  # what an officer may read; never a text or a number
    status: str | None = None  # the provider's word on its fate, when it comes along with the answer


@dataclass(frozen=True)
class Outgoing:
    """A rendered message, ready for one call."""

    message_id: int
    to: str  # E.164 or chat id
    sender: str  # the sender's own number or account address
    body: str
    status_url: str | None = None
    options: tuple[tuple[str, str], ...] = ()  # (answer, label) for channels with buttons or keypads


@dataclass(frozen=True)
class Incoming:
    """A text in, as the provider gave it."""

    provider_id: str
    sender: str  # E.164 or chat id of the writer
    to: str
    body: str


@dataclass(frozen=True)
class Status:
    """A provider's word on a message. `status`: queued, sent, delivered, failed."""

    provider_id: str
    status: str
    code: str | None = None


@dataclass(frozen=True)
class Capabilities:
    """What a channel can do, as data. `contact` is the kind of contact it reaches; `variant` the template variant it says."""

    name: str
    contact: str  # phone, telegram, wecom
    variant: str  # sms, chat, voice
    max_length: int  # characters
    can_be_asked: bool  # whether a message in doubt can be looked up
    receives: bool = True
    failures: Mapping[str, Result] = field(default_factory=dict)  # what the codes of failed status reports mean; else: try another way


@dataclass(frozen=True)
class Request:
    """A webhook as it came: the URL the provider called, its form or body, its headers (lower-case names)."""

    url: str
    form: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Channel(Protocol):
    """One provider. Its module holds everything that is particular to it."""

    capabilities: Capabilities

    async def send(self, message: Outgoing) -> Outcome: ...

    async def find(self, message: Outgoing, since: datetime) -> list[str]:
        """Provider ids of messages with the same recipient and body since then (only where `can_be_asked`)."""
        ...

    def verify(self, request: Request) -> bool: ...

    def parse_inbound(self, request: Request) -> Incoming: ...

    def parse_status(self, request: Request) -> Status: ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...
