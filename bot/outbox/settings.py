"""Everything delivery needs besides the database, put together once in the entrance."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from bot.channels.base import Channel
from bot.channels.registry import Line
from bot.outbox.policy import DeliveryPolicy
from bot.rendering.frames import Saying
from bot.rendering.registered import Unfit
from bot.rendering.traits import Traits
from storage.crypto import Cipher


class Renders(Protocol):
    """What we need of the template catalogue."""

    def render(self, template_id: str, variant: str, context: Mapping[str, Any]) -> str: ...

    def traits(self, template_id: str) -> Traits: ...

    def line(self, template_id: str, context: Mapping[str, Any]) -> str: ...

    def answering(self, kind: str, words: Mapping[str, Any]) -> Mapping[str, str]: ...

    def buttons(self, template_id: str, context: Mapping[str, Any]) -> list[tuple[str, str]]: ...


def nothing_registered(template_id: str, _context: Mapping[str, Any], _approved: Collection[str]) -> Saying:
    """Where no channel asks for registered templates."""
    raise Unfit("not_approved", template_id)


@dataclass(frozen=True)
class OutboxSettings:
    """`labels`: "duty" (by task kind) and "level" (by number) in the reader's words.

    `signatures`: by area code, the longest prefix counts; "" is for everywhere else.
    """

    policy: DeliveryPolicy
    catalogue: Renders
    channels: Mapping[Line, Channel]
    cipher: Cipher
    labels: Mapping[str, Mapping[str, str]]
    signatures: Mapping[str, str]
    registered: Callable[[str, Mapping[str, Any], Collection[str]], Saying] = nothing_registered  # in approved words; raises Unfit
    public_url: str = ""  # where providers reach our webhooks, if they do
    spoken: frozenset[str] = frozenset({"absence_call", "absence_call_several"})  # templates that are called out where a sender can
    batch: int = 500
    lease: timedelta = timedelta(seconds=10)
    doubt_after: timedelta = timedelta(seconds=15)  # above every channel's own time-out, real time
    lost_after: timedelta = timedelta(days=2)  # a status report about nothing of ours is put aside after that

    def hooks(self, line: Line) -> str | None:
        """The address below which the provider of this account calls us."""
        return f"{self.public_url}/hooks/{line[0]}/{line[1]}" if self.public_url else None

    def recording(self, recording_id: int | None) -> str | None:
        """Where a provider fetches a recording."""
        return f"{self.public_url}/hooks/recordings/{recording_id}" if self.public_url and recording_id is not None else None
