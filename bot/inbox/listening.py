"""Channels that fetch what came in: each is listened to by one process, the one that sends for it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from functools import partial

import structlog

from bot.channels.base import Channel, Heard, Polls
from bot.channels.registry import Line
from bot.inbox.receive import store
from storage.clock import Clock
from storage.crypto import Cipher
from storage.database import Database

log = structlog.get_logger("inbox")


class Listeners:
    """Starts and ends listening as senders come and go. Where webhooks reach us, only what has none is listened to."""

    def __init__(self, database: Database, cipher: Cipher, clock: Clock, channels: Mapping[Line, Channel], *, has_hooks: bool) -> None:
        self._database = database
        self._cipher = cipher
        self._clock = clock
        self._polled: dict[Line, Polls] = {
            line: channel
            for line, channel in channels.items()
            if isinstance(channel, Polls) and not (has_hooks and channel.capabilities.calls_back)
        }
        self._capabilities = {line: channel.capabilities for line, channel in channels.items()}
        self._running: dict[Line, asyncio.Task[None]] = {}

    def follow(self, lines: Collection[Line]) -> None:
        """Listens on these accounts and on no other. One whose listening broke off begins anew."""
        for line in [line for line in self._running if line not in lines]:
            self._running.pop(line).cancel()
        for line in lines:
            if line in self._polled and (line not in self._running or self._broke_off(line)):
                self._running[line] = asyncio.create_task(self._polled[line].listen(partial(self._store, line)))

    async def stop(self) -> None:
        """Ends all listening; what is being stored is stored or fetched again."""
        tasks = list(self._running.values())
        self.follow(())
        await asyncio.gather(*tasks, return_exceptions=True)

    def _broke_off(self, line: Line) -> bool:
        task = self._running[line]
        if task.done() and not task.cancelled():
            log.error("listening broke off", action="listening_failed", channel=line[0], error=type(task.exception()).__name__)
        return task.done()

    async def _store(self, line: Line, heard: Heard) -> None:
        await store(self._database, self._cipher, self._capabilities[line], heard, await self._clock.now())
