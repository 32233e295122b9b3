"""What the contract suite needs of a channel under test: the channel itself, and a fake of its provider over real HTTP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, ClassVar

from bot.channels.base import Channel, Outgoing, Request, Result

FAULTS = ("bad_number", "opted_out", "rate_limited", "server_error", "account_refused", "slow", "cut", "malformed", "unreachable")
"""slow: accepted, answered after the channel's patience. cut: accepted, no answer. malformed: accepted, no answer that can be read."""

USUAL = {
    "bad_number": Result.BAD_CONTACT, "opted_out": Result.BLOCKED, "rate_limited": Result.RETRY, "server_error": Result.RETRY,
    "account_refused": Result.OUR_FAULT, "slow": Result.UNKNOWN, "cut": Result.UNKNOWN, "malformed": Result.UNKNOWN,
    "unreachable": Result.RETRY,
}  # fmt: skip


class Rig(ABC):
    """One channel with its fake. Enter it with `async with`; leaving closes both."""

    exceptions: ClassVar[Mapping[str, Result | None]] = {}
    """Faults that mean something else here; None: the provider has no such answer."""
    retry_after: ClassVar[float | None] = None
    """Seconds for which the fake asks us to wait when `rate_limited`, where the provider says so."""
    compares_texts: ClassVar[bool] = True
    """Whether the provider, when asked, tells messages to one contact apart by their texts."""
    fake: ClassVar[Callable[[], AbstractAsyncContextManager[Any]]] = nullcontext
    channel: Channel
    address: str  # our own number there
    contact: str  # somebody's address there
    hooks: str = "http://hooks.test/hooks/channel/main"

    @classmethod
    def means(cls, fault: str) -> Result | None:
        """What this fault means here; None: the provider has no such answer."""
        return {**USUAL, **cls.exceptions}[fault]

    @abstractmethod
    def __init__(self, provider: Any) -> None:
        """`provider`: the fake, serving."""

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Rig]:
        """The fake serving, the channel connected to it."""
        async with cls.fake() as provider:
            rig = cls(provider)
            await rig.connect()
            try:
                yield rig
            finally:
                await rig.channel.close()

    async def connect(self) -> None:
        """What a channel has to tell its provider first; most have nothing."""
        return

    def outgoing(self, body: str = "【教育局】马小龙今天没到校，回1已知道。", message_id: int = 7) -> Outgoing:
        return Outgoing(message_id, self.contact, self.address, body, hooks=self.hooks)

    @abstractmethod
    async def arrange(self, fault: str) -> None:
        """The provider's next answer to a message. It may put another `channel` into the rig (one that calls a closed port)."""

    @abstractmethod
    def accepted(self) -> list[str]:
        """Texts (for a call: what would be spoken) that the provider has accepted, in order."""

    @abstractmethod
    async def inbound(self, body: str, number: int = 1) -> Request | None:
        """The provider's call for a text of `contact`; the same `number` again is the same text. None where it never calls."""

    @abstractmethod
    async def report(self, provider_id: str, status: str) -> Request | None:
        """The provider's call that says what became of a message: delivered or failed. None where it never says.

        Each of these calls is later than the one before, where the provider gives times or sequences.
        """

    def forged(self, request: Request) -> Request:
        """The same call from somebody who does not know the secret. Most sign in a header; others override this."""
        headers = {name: (value if "signature" not in name else "forged") for name, value in request.headers.items()}
        return Request(request.url, request.hook, request.method, request.query, request.form, request.body, headers)
