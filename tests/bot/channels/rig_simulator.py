"""The simulated phones: nothing is really called, so nobody there can refuse, and their answers come through the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from bot.channels.base import Capabilities, Outcome, Outgoing, Request, Result
from bot.channels.simulator import CHAT, SMS, VOICE, Simulator
from tests.bot.channels.rig import FAULTS, Rig


class Watched(Simulator):
    """Remembers what it took: the real one leaves no trace but our own rows."""

    def __init__(self, capabilities: Capabilities) -> None:
        super().__init__(capabilities)
        self.accepted: list[str] = []

    async def send(self, message: Outgoing) -> Outcome:
        self.accepted.append(message.body)
        return await super().send(message)


class SimulatorRig(Rig):
    """Simulated SMS."""

    exceptions: ClassVar[Mapping[str, Result | None]] = dict.fromkeys(FAULTS)
    capabilities: ClassVar[Capabilities] = SMS
    address, contact = "10690", "+8613800000001"

    def __init__(self, provider: None) -> None:
        self.channel = self._watched = Watched(self.capabilities)

    async def arrange(self, fault: str) -> None:
        raise NotImplementedError(fault)

    def accepted(self) -> list[str]:
        return self._watched.accepted

    async def inbound(self, body: str, number: int = 1) -> Request | None:
        return None

    async def report(self, provider_id: str, status: str) -> Request | None:
        return None


class SimulatorVoiceRig(SimulatorRig):
    """Simulated calls."""

    capabilities = VOICE


class SimulatorChatRig(SimulatorRig):
    """Simulated chats."""

    capabilities = CHAT
