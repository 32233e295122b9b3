"""A county that calls its families through Twilio, and what is heard on their phones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select

from bot.channels.registry import build_channels
from bot.channels.speech import aloud
from bot.channels.twilio_script import Words
from bot.worker import Worker
from storage.database import Database
from storage.tables import Inbound
from tests.bot.hooked import hooked
from tests.bot.world import NOW, World
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_calls import Call

OURS, PARENT = "+15005550006", "+8613893010001"
WORDS = Words.load()


@asynccontextmanager
async def calling(world: World, twilio: FakeTwilio, web: Database) -> AsyncIterator[World]:
    """The county's only sender is a Twilio number that calls; our webhooks are served for it."""
    settings = {"TWILIO_ACCOUNT_SID": twilio.account, "TWILIO_AUTH_TOKEN": twilio.token, "TWILIO_API_BASE": twilio.base}
    world.channels = build_channels(settings)
    await world.sender("twilio_voice", OURS, rate=1000)
    async with hooked(world, web):
        yield world


def speaking(connected: World) -> Worker:
    """A worker that says its messages in calls."""
    return connected.worker(spoken=frozenset({"welcome_back"}))


async def called(connected: World, twilio: FakeTwilio, say: str = "明天来吗？来请按1，不来请按2。", **about: Any) -> Call:
    """A message has become a call, which rings."""
    await connected.say(await connected.person(PARENT), facts={"say": say}, **about)
    await speaking(connected).drain(NOW)
    (call,) = twilio.calls.made
    await twilio.calls.ring(call)
    return call


async def heard_of(connected: World) -> str:
    """What is heard of the only message."""
    (message,) = await connected.messages()
    return aloud(message.body)


def pressed_words(key: str) -> str:
    return WORDS.pressed.format(key=key)


async def keys_of(connected: World) -> list[tuple[str, str | None]]:
    """Keys that reached us, and the message that each answers."""
    return [(row.body, row.reply_to) for row in await connected.all(select(Inbound).order_by(Inbound.id))]
