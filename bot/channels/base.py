"""What every channel must be able to do, and how providers' answers are named.

A channel raises nothing for a provider's refusal: it returns an `Outcome`. The worker alone decides what becomes of the message.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

EVERYBODY = frozenset({"guardian", "teacher", "officer", "public"})


class Result(StrEnum):
    """One taxonomy for all providers (architecture: Delivery engine, 4)."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    NOT_REACHED = "not_reached"  # a call that nobody took: again at the plan's times
    NO_ROUTE = "no_route"  # not from this sender to that contact, of which it says nothing: another way
    UNSAYABLE = "unsayable"  # not these words from this sender: another way, else a person passes them on
    BAD_CONTACT = "bad_contact"  # never again on this contact
    BLOCKED = "blocked"  # its owner or the provider refuses us
    OUR_FAULT = "our_fault"  # account, key, number or signature: stop the sender, tell the county
    UNKNOWN = "unknown"  # it may have been accepted: in doubt


GATEWAYS: dict[int, Result] = dict.fromkeys((408, 502, 504), Result.UNKNOWN)
"""By HTTP status: something before the provider answered for it, and the request may have gone through. The same for all providers."""
SHUT: dict[int, Result] = dict.fromkeys((401, 403, 404), Result.OUR_FAULT)
"""By HTTP status: we are not let in, or the address leads elsewhere."""


@dataclass(frozen=True)
class Outcome:
    """What came of one call. `code` is the provider's own; `retry_after` in seconds."""

    result: Result
    provider_id: str | None = None
    code: str | None = None
    retry_after: float | None = None
    status: str | None = None  # the provider's word on its fate, when it comes along with the answer
    moved_to: str | None = None  # the contact's new address, where the provider names one (a Telegram group that became another)


@dataclass(frozen=True)
class Outgoing:
    """A rendered message, ready for one call."""

    message_id: int
    to: str  # E.164, chat id or user id
    sender: str  # the sender's own number or address
    body: str
    hooks: str | None = None  # URL below which the provider reaches this channel and account; its hooks are `{hooks}/inbound` …
    options: tuple[tuple[str, str], ...] = ()  # (answer, label) for channels with buttons
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # for channels that only send registered templates
    recording: str | None = None  # URL of a recording that a call plays first


@dataclass(frozen=True)
class Incoming:
    """A text in, as the provider gave it."""

    provider_id: str
    sender: str  # E.164, chat id or user id of the writer
    to: str
    body: str
    reply_to: str | None = None  # provider's id of the message of ours that it answers, where the channel says so
    phone: str | None = None  # the writer's own number, proven by the provider (a shared contact)
    choice: str | None = None  # "out" or "in": the provider itself has stopped or resumed our messages to this number
    photo: str | None = None  # the provider's id of a photograph that came with it, fetched later


@dataclass(frozen=True)
class Status:
    """A provider's word on a message. `status`: queued, sent, delivered, failed.

    `at` and `sequence` are the provider's own, where it gives them: what is older changes nothing.
    """

    provider_id: str
    status: str
    code: str | None = None
    at: datetime | None = None
    sequence: int | None = None


@dataclass(frozen=True)
class Answer:
    """What the provider reads back from its call to us."""

    body: str = ""
    media_type: str = "text/plain"
    status: int = 200


@dataclass(frozen=True)
class Heard:
    """What one call of a provider brought. `after` is done once it is stored (take buttons away, say that it was heard)."""

    incoming: Sequence[Incoming] = ()
    statuses: Sequence[Status] = ()
    answer: Answer = Answer()
    after: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True)
class Capabilities:
    """What a channel can do, as data. `contact` is the kind of contact it reaches; `variant` the template variant it says."""

    name: str
    contact: str  # phone, telegram, wecom
    variant: str  # sms, chat, voice
    max_length: int  # characters
    can_be_asked: bool  # whether a message in doubt can be looked up
    audiences: frozenset[str] = EVERYBODY  # who may be written to
    buttons: bool = False
    counts: str = "messages"  # what a sender's rate, cap and price count: messages or parts
    at_once: int = 20  # calls to the provider that may be under way together
    templates: frozenset[str] | None = None  # the only templates it can send (those registered with the provider); None: any
    carries: frozenset[str] = frozenset()  # with `templates`: readers to whom it can say all other words, too, in pieces
    call_bytes: int = 256 * 1024  # the largest call of its provider; most have less than 1,000, but Aliyun's hold many reports at once
    calls_back: bool = True  # whether its provider calls our webhooks where it can reach them
    failures: Mapping[str, Result] = field(default_factory=dict)  # what the codes of failed status reports mean; else: try another way

    def units(self, parts: int) -> int:
        """What a message of so many parts counts against its sender's rate and cap, and how often its price is paid."""
        return parts if self.counts == "parts" else 1

    def takes(self, template: str, audience: str) -> bool:
        """Whether a message to such a reader can go this way at all; some facts may still not be sayable."""
        return self.templates is None or template in self.templates or audience in self.carries


@dataclass(frozen=True)
class RungBack:
    """What somebody is told who rings a number that has called them: what is still asked there, or None; the school's telephone.

    `provider_id`: of the message that asked it, where that left by this channel.
    """

    body: str | None = None
    provider_id: str | None = None
    school_phone: str | None = None


async def nothing_said(_message_id: int) -> str | None:
    """Where no message of ours can be looked up."""
    return None


async def nobody_called(_phone: str) -> RungBack | None:
    """Where nobody can be looked up."""
    return None


@dataclass(frozen=True)
class Request:
    """A webhook as it came: the URL the provider called, its query, form or body, its headers (lower-case names).

    `body` is what is signed, in the `charset` that its content type names.
    `hook` is the last part of the path (inbound, status …). `said` gives the text of a message of ours by its id; `rung_back` what is
    told to whoever rings from this number, or None where this channel has not called it lately.
    """

    url: str
    hook: str = "inbound"
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    charset: str = "utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    said: Callable[[int], Awaitable[str | None]] = nothing_said
    rung_back: Callable[[str], Awaitable[RungBack | None]] = nobody_called

    @property
    def document(self) -> bytes:
        """The body in UTF-8, whatever it came in. Raises MalformedCall."""
        if self.charset == "utf-8":
            return self.body
        try:
            return self.body.decode(self.charset).encode()
        except UnicodeDecodeError:
            raise MalformedCall(f"not in {self.charset}") from None


class MalformedCall(Exception):
    """A verified call of the provider does not read as its documentation says."""


@dataclass(frozen=True)
class Trouble:
    """Something that `channels check` found. `kind` names the sentence (templates/phrases.yaml, check.…); `detail` goes into it."""

    kind: str
    detail: str = ""


class Channel(Protocol):
    """One provider account. Its module holds everything that is particular to the provider."""

    capabilities: Capabilities

    async def send(self, message: Outgoing) -> Outcome: ...

    async def find(self, message: Outgoing, since: datetime) -> list[str]:
        """Provider ids of messages with the same recipient and body since then, the newest first (only where `can_be_asked`)."""
        ...

    def verify(self, request: Request) -> bool:
        """Whether the call was made by the provider."""
        ...

    async def hear(self, request: Request) -> Heard:
        """What a verified call brings. Raises MalformedCall."""
        ...

    def misaddressed(self, address: str) -> list[Trouble]:
        """Why this can be no sender's address here, seen without asking anybody; empty when it can be one."""
        ...

    async def check(self, address: str, hooks: str | None) -> list[Trouble]:
        """Asks the provider about the account, the sender's `address` and the webhooks below `hooks`; empty when all is well."""
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...


@runtime_checkable
class Clears(Protocol):
    """A channel that can take the buttons of a message away."""

    async def clear(self, provider_id: str) -> None:
        """Also where they have gone already. Raises what its client raises when the provider does not answer."""
        ...


@runtime_checkable
class Traces(Protocol):
    """A channel that can be asked what became of a message. Its provider says so by itself, unless it is out of reach: no word has come
    after `silent_after`, then none will."""

    silent_after: timedelta

    async def fate(self, provider_id: str) -> Status:
        """Raises what its client raises when the provider does not answer."""
        ...


@runtime_checkable
class Polls(Protocol):
    """A channel that can also fetch what came in, where no webhook reaches us."""

    async def listen(self, store: Callable[[Heard], Awaitable[None]]) -> None:
        """Until cancelled. What `store` has not taken is fetched again."""
        ...


@dataclass(frozen=True)
class Picture:
    """A photograph as the provider gave it; `media_type` as image/jpeg."""

    content: bytes
    media_type: str


class PictureGone(Exception):
    """The provider no longer has it, or never had it."""


class PictureTooLarge(Exception):
    """It has more bytes than allowed."""


class PictureLater(Exception):
    """The provider cannot be reached just now."""


@runtime_checkable
class Pictures(Protocol):
    """A channel by which photographs come in."""

    def hears(self, to: str) -> bool:
        """Whether what was written to this address of ours came by this account."""
        ...

    async def picture(self, reference: str, most_bytes: int) -> Picture:
        """Fetches it. Raises PictureGone, PictureTooLarge, PictureLater."""
        ...
