"""The channels as the command line meets them: which there are, what they need in the environment, how they are reached."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from zoneinfo import ZoneInfo

import phonenumbers
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.base import Channel
from bot.channels.registry import MAIN, PROVIDERS, SEPARATOR, Line, build_channel, settings_of
from bot.inbox.receive import HOME_REGION, normal_phone
from bot.outbox.senders import find_sender
from cases.plans import plan_in_force
from fanxiao.commands.once import refuse
from fanxiao.engine import SIMULATED, SIMULATOR
from fanxiao.settings import Settings
from storage.tables import Sender
from storage.work import Work

ACCOUNT = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
LONGEST_ACCOUNT = 30
HOME_ZONE = ZoneInfo("Asia/Shanghai")
"""Until a plan says which."""
PHONE = "phone"
WRITTEN_NUMBER = re.compile(r"\+?[\d\s()./-]{7,}")


def environment(settings: Settings) -> dict[str, str]:
    """What is set; the simulator's switch only where it is on."""
    found = {name: value for name, value in os.environ.items() if value and name != SIMULATOR}
    return found | ({SIMULATOR: "1"} if settings.simulator else {})


def missing_settings(line: Line, given: Mapping[str, str]) -> list[str]:
    """The names, as this account spells them, of settings that it needs and the environment lacks."""
    channel, account = line
    here = settings_of(account, given)
    suffix = "" if account == MAIN else SEPARATOR + account.upper()
    return [name + suffix for name in PROVIDERS[channel].needs if not here.get(name)]


def is_idle(channel: str, settings: Settings) -> bool:
    """Whether it stands still here: real channels in training, the simulated phones outside it."""
    return (channel in SIMULATED) != settings.simulator


def hooks_of(line: Line, settings: Settings) -> str | None:
    """The address below which the provider reaches us, where there is one."""
    return f"{settings.public_url.rstrip('/')}/hooks/{line[0]}/{line[1]}" if settings.public_url else None


@asynccontextmanager
async def opened(line: Line, settings: Settings) -> AsyncIterator[Channel]:
    """The account's channel. Whatever its module raises over settings that cannot be used goes through."""
    channel = build_channel(*line, environment(settings))
    try:
        yield channel
    finally:
        await channel.close()


def known_line(channel: str, account: str, settings: Settings) -> Line:
    """The channel and account as they are written; ends the command where there is none, or its settings are missing."""
    if channel not in PROVIDERS:
        names = ", ".join(PROVIDERS)
        refuse(f"没有通道“{channel}”。可用的有：{names}。", f"There is no channel {channel}. There are: {names}.")
    name = account.lower()
    if not ACCOUNT.fullmatch(name) or len(name) > LONGEST_ACCOUNT:
        refuse(
            f"--account 不对：“{account}”。用小写字母开头，只含字母、数字和单个下划线，最多{LONGEST_ACCOUNT}个字符。",
            f"--account {account}: letters, digits and single underscores, beginning with a letter, at most {LONGEST_ACCOUNT}.",
        )
    missing = ", ".join(missing_settings((channel, name), environment(settings)))
    if missing:
        refuse(
            f"通道 {channel} 的账户 {name} 还缺少环境变量：{missing}。设置好再添加（步骤见 docs/channels.md）。",
            f"The account {name} of {channel} lacks in the environment: {missing}. Set them first (docs/channels.md says how).",
        )
    return channel, name


def own_address(kind: str, given: str) -> str:
    """A sender's address as it is kept: numbers in E.164, everything else as it was given. Ends the command for what is neither."""
    address, plain = given.strip(), unicodedata.normalize("NFKC", given).strip()
    if kind == PHONE and WRITTEN_NUMBER.fullmatch(plain):
        address = normal_phone(plain)
    if not address or (address.startswith("+") and not _is_number(address)):
        refuse(
            f"地址不对：“{given}”不是电话号码。号码写成 +8613800000001 这样。", f"{given} is no phone number; write it like +8613800000001."
        )
    return address


def other_address(kind: str, given: str) -> str:
    """Somebody's address on a channel of this kind of contact. Ends the command when a number is none, or nothing was given."""
    address = unicodedata.normalize("NFKC", given).strip()
    if kind == PHONE:
        address = normal_phone(address)
        if not address.startswith("+") or not _is_number(address):
            refuse(
                f"“{given}”不是电话号码。号码写成 +8613800000001 或 13800000001 这样。",
                f"{given} is no phone number; write it like +8613800000001.",
            )
    elif not address or " " in address:
        refuse(f"“{given}”不是这个通道的收件人编号。", f"{given} is no address on this channel.")
    return address


def _is_number(address: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(address, HOME_REGION))
    except phonenumbers.NumberParseException:
        return False


async def local_zone(session: AsyncSession) -> ZoneInfo:
    """In which a sender's days and hours are meant."""
    try:
        return (await plan_in_force(session))[1].zone
    except LookupError:
        return HOME_ZONE


async def local_day(work: Work) -> date:
    """Today, as people there count it."""
    return work.now.astimezone(await local_zone(work.session)).date()


async def sender_of(work: Work, sender_id: int) -> Sender:
    """Locked; ends the command where there is none."""
    sender = await find_sender(work, sender_id)
    if sender is None:
        refuse(
            f"没有编号为 {sender_id} 的发送号码，见 fanxiao channels list。",
            f"There is no sender {sender_id}; see `fanxiao channels list`.",
        )
    return sender
