"""Which channels there are. A new provider is one file and one line here.

Secrets stay in the environment. An account named `main` reads the settings as they are called (`TWILIO_ACCOUNT_SID`),
any other one reads them with its name (`TWILIO_ACCOUNT_SID__COUNTY`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from bot.channels.base import Channel

MAIN = "main"
SEPARATOR = "__"

Line = tuple[str, str]
"""Channel and account."""


@dataclass(frozen=True)
class Provider:
    """Where a channel is built, and the settings without which it is not there. Imported only where it is used."""

    build: str  # module:function, called with the account's settings
    needs: tuple[str, ...]


PROVIDERS: dict[str, Provider] = {
    "simulator": Provider("bot.channels.simulator:build_sms", ("FANXIAO_SIMULATOR",)),
    "simulator_voice": Provider("bot.channels.simulator:build_voice", ("FANXIAO_SIMULATOR",)),
    "simulator_chat": Provider("bot.channels.simulator:build_chat", ("FANXIAO_SIMULATOR",)),
    "android_sms": Provider(
        "bot.channels.android_sms:build", ("ANDROID_SMS_URL", "ANDROID_SMS_LOGIN", "ANDROID_SMS_PASSWORD", "ANDROID_SMS_SIGNING_KEY")
    ),
    "twilio_sms": Provider("bot.channels.twilio_sms:build", ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")),
    "twilio_voice": Provider("bot.channels.twilio_voice:build", ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")),
    "aliyun_sms": Provider(
        "bot.channels.aliyun_sms:build", ("ALIYUN_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_SECRET", "ALIYUN_SMS_TEMPLATES", "ALIYUN_HOOK_SECRET")
    ),
    "telegram": Provider("bot.channels.telegram:build", ("TELEGRAM_BOT_TOKEN",)),
    "wecom": Provider("bot.channels.wecom:build", ("WECOM_CORP_ID", "WECOM_AGENT_ID", "WECOM_SECRET", "WECOM_TOKEN", "WECOM_AES_KEY")),
}


def accounts(channel: str, environment: Mapping[str, str]) -> list[str]:
    """The accounts of this channel for which every needed setting is there."""
    needs = PROVIDERS[channel].needs
    suffixes = {name.removeprefix(needs[0]) for name in environment if name == needs[0] or name.startswith(needs[0] + SEPARATOR)}
    complete = [suffix for suffix in suffixes if all(environment.get(name + suffix) for name in needs)]
    return sorted(suffix.removeprefix(SEPARATOR).lower() or MAIN for suffix in complete)


def settings_of(account: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment as this account sees it."""
    if account == MAIN:
        return {name: value for name, value in environment.items() if SEPARATOR not in name}
    suffix = SEPARATOR + account.upper()
    return {name.removesuffix(suffix): value for name, value in environment.items() if name.endswith(suffix)}


def build_channel(channel: str, account: str, environment: Mapping[str, str]) -> Channel:
    """One account's channel. Raises KeyError for an unknown channel or a missing setting."""
    module, _, function = PROVIDERS[channel].build.partition(":")
    made: Channel = getattr(import_module(module), function)(settings_of(account, environment))
    return made


def build_channels(environment: Mapping[str, str]) -> dict[Line, Channel]:
    """Every account of every channel for which `environment` holds what it needs."""
    lines = [(channel, account) for channel in PROVIDERS for account in accounts(channel, environment)]
    return {line: build_channel(*line, environment) for line in lines}


async def close_channels(channels: Mapping[Line, Channel]) -> None:
    """Lets go of the providers' connections."""
    for channel in channels.values():
        await channel.close()
