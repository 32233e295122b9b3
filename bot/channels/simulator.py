"""Phones that exist only here: for the demo, for training, and for tests. Whatever is sent arrives at once, unless faults are wanted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Self

from bot.channels.base import Capabilities, Heard, MalformedCall, Outcome, Outgoing, Request, Result, Status, Trouble

SMS = Capabilities(name="simulator", contact="phone", variant="sms", max_length=500, can_be_asked=True, calls_back=False)
VOICE = Capabilities(name="simulator_voice", contact="phone", variant="voice", max_length=1000, can_be_asked=True, calls_back=False)
CHAT = Capabilities(
    name="simulator_chat", contact="telegram", variant="chat", max_length=4096, can_be_asked=True, buttons=True, calls_back=False
)
FAULTS = "FANXIAO_SIMULATOR_FAULTS"
SHARES = ("loss", "failures", "duplicates", "disorder")


class Plight(StrEnum):
    """What somebody has done to one simulated phone."""

    NO_NETWORK = "no_network"  # nothing gets there, and is tried again
    NO_REPORTS = "no_reports"  # it arrives, but nobody ever says so
    WRONG_NUMBER = "wrong_number"  # the number is nobody's


@dataclass(frozen=True)
class Fate:
    """What becomes of one message."""

    lost: bool
    failed: bool
    doubled: bool
    disordered: bool


@dataclass(frozen=True)
class Faults:
    """How often something goes wrong, as shares of all messages, and how many seconds reports are late. None by default.

    A message's fate depends on `seed` and its id alone, so that every run and every process sees the same.
    """

    loss: float = 0.0
    failures: float = 0.0
    duplicates: float = 0.0
    disorder: float = 0.0
    delay: float = 0.0
    seed: int = 0

    @classmethod
    def read(cls, setting: str) -> Self:
        """From `loss=5%,failures=3%,delay=3,duplicates=2%,disorder=10%,seed=7`. Raises ValueError that names the part."""
        values: dict[str, float | int] = {}
        for part in filter(None, (part.strip() for part in setting.split(","))):
            name, _, value = part.partition("=")
            try:
                values[name] = _READERS[name](value)
            except (KeyError, ValueError) as error:
                raise ValueError(f"{FAULTS}: {part}") from error
        return cls(**values)  # type: ignore[arg-type]

    def of(self, message_id: int) -> Fate:
        chance = Random(f"{self.seed}:{message_id}")
        return Fate(*(chance.random() < getattr(self, name) for name in SHARES))


class Simulator:
    """Accepts everything. Its phones answer through the console, never by webhook.

    Reports come along with the acceptance; only those that a fault makes late, double or disordered are fetched by `listen`.
    `plights`: by address; whoever plays with the phones of this process sets them.
    """

    def __init__(self, capabilities: Capabilities, faults: Faults | None = None) -> None:
        self.capabilities = capabilities
        self.plights: dict[str, Plight] = {}
        self._faults = faults or Faults()
        self._late: deque[tuple[float, Status]] = deque()
        self._some = asyncio.Event()

    async def send(self, message: Outgoing) -> Outcome:
        provider_id = f"sim-{message.message_id}"
        plight, fate = self.plights.get(message.to), self._faults.of(message.message_id)
        if plight is Plight.NO_NETWORK:
            return Outcome(Result.RETRY, code=plight)
        if plight is Plight.WRONG_NUMBER:
            return Outcome(Result.BAD_CONTACT, code=plight)
        if fate.lost or plight is Plight.NO_REPORTS:
            return Outcome(Result.ACCEPTED, provider_id=provider_id)
        last = Status(provider_id, "failed" if fate.failed else "delivered", sequence=2)
        late = [last, Status(provider_id, "sent", sequence=1)] if fate.disordered else [last] * bool(self._faults.delay)
        self._report_later([*late, last] if fate.doubled else late)
        return Outcome(Result.ACCEPTED, provider_id=provider_id, status=None if late else last.status)

    def _report_later(self, reports: list[Status]) -> None:
        due = asyncio.get_running_loop().time() + self._faults.delay
        self._late.extend((due, report) for report in reports)
        if reports:
            self._some.set()

    async def listen(self, store: Callable[[Heard], Awaitable[None]]) -> None:
        while True:
            await self._some.wait()
            while self._late:
                due, report = self._late[0]
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                await store(Heard(statuses=(report,)))
                self._late.popleft()
            self._some.clear()

    async def find(self, _message: Outgoing, _since: datetime) -> list[str]:
        # Its phones show what our own rows say was sent: what is in doubt here has not been seen there.
        return []

    def verify(self, _request: Request) -> bool:
        return False

    async def hear(self, _request: Request) -> Heard:
        raise MalformedCall("the simulator has no webhooks")

    def misaddressed(self, _address: str) -> list[Trouble]:
        return []

    async def check(self, _address: str, _hooks: str | None) -> list[Trouble]:
        return []

    async def clear(self, _provider_id: str) -> None:
        """Its pages show no buttons of what has ended."""

    async def close(self) -> None:
        """Nothing is open."""


def _share(value: str) -> float:
    number, sign, rest = value.partition("%")
    if not sign or rest or not 0 <= float(number) <= 100:
        raise ValueError(value)
    return float(number) / 100


def _seconds(value: str) -> float:
    if not 0 <= float(value) <= 86400:
        raise ValueError(value)
    return float(value)


_READERS: dict[str, Callable[[str], float | int]] = {**dict.fromkeys(SHARES, _share), "delay": _seconds, "seed": int}


def build_sms(settings: Mapping[str, str]) -> Simulator:
    """The simulated phones, wherever `FANXIAO_SIMULATOR` is on; with `FANXIAO_SIMULATOR_FAULTS` not everything arrives well."""
    return Simulator(SMS, Faults.read(settings.get(FAULTS, "")))


def build_voice(settings: Mapping[str, str]) -> Simulator:
    """Calls to the simulated phones, with the same faults."""
    return Simulator(VOICE, Faults.read(settings.get(FAULTS, "")))


def build_chat(settings: Mapping[str, str]) -> Simulator:
    """Chats of the simulated phones, with the same faults."""
    return Simulator(CHAT, Faults.read(settings.get(FAULTS, "")))
