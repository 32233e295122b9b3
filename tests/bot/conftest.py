"""Fixtures of delivery: a small world, and a record of what the cases were told of trouble."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.registry import build_channels
from cases import delivery_trouble, triage
from storage.crypto import Cipher
from storage.database import Database
from tests.bot.calling import calling
from tests.bot.world import World
from tests.fakes.twilio import FakeTwilio


@pytest.fixture
async def world(database: Database, cipher: Cipher) -> World:
    """One school and the simulated phones; senders and people are the test's."""
    made = World(database, cipher, build_channels({"FANXIAO_SIMULATOR": "1"}))
    await made.begin()
    return made


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    """Twilio over real HTTP."""
    async with FakeTwilio() as fake:
        yield fake


@pytest.fixture
async def connected(world: World, twilio: FakeTwilio, web: Database) -> AsyncIterator[World]:
    """The county's only sender is a Twilio number that calls; our webhooks are served for it. Modules of other channels have their own."""
    async with calling(world, twilio, web):
        yield world


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What was reported to the cases, in order: their own answers to it have tests of their own."""
    told: list[tuple[str, Any]] = []

    def record(name: str) -> Any:
        async def told_of(work: Any, about: Any = None, **more: Any) -> None:
            told.append((name, more or about.id))

        return told_of

    for name in ("expired", "unreachable", "unsaid", "contact_failed", "contact_blocked", "sender_stopped", "sender_works"):
        monkeypatch.setattr(delivery_trouble, name, record(name))
    for name in ("handler_failed", "loop_stopped"):
        monkeypatch.setattr(triage, name, record(name))
    return told
