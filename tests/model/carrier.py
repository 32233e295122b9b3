"""A provider that answers as it is told and remembers what it took; it also holds us to what we promise of every single call."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.channels import base
from bot.channels.base import Capabilities, Heard, MalformedCall, Outcome, Outgoing, Request, Result, Status

FAILURES = {"bad": Result.BAD_CONTACT, "stop": Result.BLOCKED, "account": Result.OUR_FAULT, "country": Result.NO_ROUTE}
"""What the codes of its failed reports mean."""
REFUSALS = {
    "busy": Outcome(Result.RETRY, code="429"), "wait": Outcome(Result.RETRY, code="429", retry_after=600.0),
    "bad": Outcome(Result.BAD_CONTACT, code="bad"), "stop": Outcome(Result.BLOCKED, code="stop"),
    "account": Outcome(Result.OUR_FAULT, code="account"), "country": Outcome(Result.NO_ROUTE, code="country"),
    "ringing": Outcome(Result.NOT_REACHED, code="busy"), "lost": Outcome(Result.UNKNOWN, code="timeout"),
}  # fmt: skip
"""Answers with which nothing was taken; after "lost" we do not know that."""
TAKEN = ("taken", "timeout", "broken", "delivered", "failed", "early")
"""Answers with which it was taken: told so, timed out, an error of ours on the way, told its fate along with it or even before."""
WORDS = re.compile(r"《(\d+)》")
"""Every intent of these tests says words of its own."""


@dataclass
class Taken:
    """A message that the provider took."""

    provider_id: str
    line: str
    message: Outgoing
    at: datetime
    can_be_asked: bool
    state: str = "sent"
    sequence: int | None = None
    reports: set[str] = field(default_factory=set)

    def hears(self, status: str, sequence: int | None) -> bool:
        """Whether this report is news. A failure counts unless a later one has been given."""
        if status in self.reports:
            return False
        self.reports.add(status)
        is_older = sequence is not None and self.sequence is not None and sequence < self.sequence
        if status == "delivered" or (status == "failed" and self.state == "sent" and not is_older):
            self.state = status
        if not is_older:
            self.sequence = sequence or self.sequence
        return True


@dataclass
class Book:
    """What all the channels took, and what they held against us."""

    now: datetime
    taken: list[Taken] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    check: Callable[[Outgoing, str], Awaitable[list[str]]] = field(kw_only=True)
    recorded: Callable[[], Awaitable[set[str]]] = field(kw_only=True)
    racing: bool = False
    """Two workers are at it: a report may be applied by the one while the other has the message in hand."""

    def of(self, words: str) -> list[Taken]:
        return [one for one in self.taken if words in WORDS.findall(one.message.body)]

    async def call(self, message: Outgoing, line: str) -> None:
        """Before it is taken: has it been taken before, as far as we can know, and may it be said at all?"""
        recorded = await self.recorded()
        for words in WORDS.findall(message.body):
            known = [one for one in self.of(words) if one.can_be_asked or one.provider_id in recorded]
            earlier = [one for one in known if one.state != "failed"]
            if earlier and not self.racing:
                self.broken.append(f"《{words}》 again as {message.message_id} on {line}: {earlier}")
        self.broken += await self.check(message, line)


class Carrier:
    """One channel of the provider. `answers` are what it will say to the next calls; then it takes everything."""

    def __init__(self, book: Book, name: str, contact: str, variant: str, *, can_be_asked: bool) -> None:
        self.capabilities = Capabilities(name, contact, variant, 500, can_be_asked=can_be_asked, failures=FAILURES)
        self.answers: list[str] = []
        self.silent = False
        self.calls: defaultdict[str, int] = defaultdict(int)
        self._book = book
        self._report: Callable[[Status], Awaitable[None]] | None = None

    def reports_by(self, report: Callable[[Status], Awaitable[None]]) -> None:
        """How it calls our webhooks."""
        self._report = report

    async def send(self, message: Outgoing) -> Outcome:
        await self._book.call(message, self.capabilities.name)
        answer = self.answers.pop(0) if self.answers else "taken"
        self.calls[answer] += 1
        if answer in REFUSALS:
            return REFUSALS[answer]
        provider_id = f"{self.capabilities.name}-{len(self._book.taken)}"
        one = Taken(provider_id, self.capabilities.name, message, self._book.now, self.capabilities.can_be_asked)
        self._book.taken.append(one)
        if answer == "timeout":
            return Outcome(Result.UNKNOWN, code="timeout")
        if answer == "broken":
            raise RuntimeError("the connection broke")
        if answer == "early" and self._report is not None:
            one.hears("delivered", None)
            await self._report(Status(provider_id, "delivered"))
        status = answer if answer in ("delivered", "failed") else None
        if status is not None:
            one.hears(status, None)
        return Outcome(Result.ACCEPTED, provider_id=provider_id, status=status)

    async def find(self, message: Outgoing, _since: datetime) -> Sequence[str]:
        if self.silent:
            raise ConnectionError
        same = [one for one in self._book.taken if one.line == self.capabilities.name and one.message.body == message.body]
        return [one.provider_id for one in same if one.message.to == message.to][::-1]

    def verify(self, _request: Request) -> bool:
        return False

    async def hear(self, _request: Request) -> Heard:
        raise MalformedCall

    def misaddressed(self, _address: str) -> list[base.Trouble]:
        return []

    async def check(self, _address: str, _hooks: str | None) -> list[base.Trouble]:
        return []

    async def clear(self, _provider_id: str) -> None:
        """It shows no buttons."""

    async def close(self) -> None:
        """Nothing is open."""
