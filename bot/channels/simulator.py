"""Phones that exist only here: for the demo, for training, and for tests. Whatever is sent arrives at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.channels.base import Capabilities, Heard, MalformedCall, Outcome, Outgoing, Request, Result, Trouble

SMS = Capabilities(name="simulator", contact="phone", variant="sms", max_length=500, can_be_asked=True)
VOICE = Capabilities(name="simulator_voice", contact="phone", variant="voice", max_length=1000, can_be_asked=True)


class Simulator:
    """Accepts and delivers everything. Its phones answer through the console, never by webhook."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities

    async def send(self, message: Outgoing) -> Outcome:
        return Outcome(Result.ACCEPTED, provider_id=f"sim-{message.message_id}", status="delivered")

    async def find(self, _message: Outgoing, _since: datetime) -> list[str]:
        # Its phones show what our own rows say was sent: what is in doubt here has not been seen there.
        return []

    def verify(self, _request: Request) -> bool:
        return False

    async def hear(self, _request: Request) -> Heard:
        raise MalformedCall("the simulator has no webhooks")

    async def check(self, _address: str, _hooks: str | None) -> list[Trouble]:
        return []

    async def close(self) -> None:
        """Nothing is open."""


def build_sms(_settings: Mapping[str, str]) -> Simulator:
    """The simulated phones, wherever `FANXIAO_SIMULATOR` is on."""
    return Simulator(SMS)


def build_voice(_settings: Mapping[str, str]) -> Simulator:
    """Calls to the simulated phones."""
    return Simulator(VOICE)
