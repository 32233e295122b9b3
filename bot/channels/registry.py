"""Which channels there are. A new provider is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.channels import simulator, twilio_sms
from bot.channels.base import Channel

Builder = Callable[[Mapping[str, str]], Channel | None]

BUILDERS: dict[str, Builder] = {
    "simulator": simulator.build_sms,
    "simulator_voice": simulator.build_voice,
    "twilio_sms": twilio_sms.build,
}


def build_channels(settings: Mapping[str, str]) -> dict[str, Channel]:
    """The channels for which `settings` (names as in the environment) holds what they need, by name."""
    built = {name: builder(settings) for name, builder in BUILDERS.items()}
    return {name: channel for name, channel in built.items() if channel is not None}


async def close_channels(channels: Mapping[str, Channel]) -> None:
    """Lets go of the providers' connections."""
    for channel in channels.values():
        await channel.close()
