"""Fetches what came in where Telegram cannot call us (core.telegram.org/bots/api#getupdates), with aiogram."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import TelegramMethod
from aiogram.types import Update

from bot.channels.base import Heard, MalformedCall
from bot.channels.telegram_updates import KINDS, parsed

log = structlog.get_logger("channels")
HELD_SECONDS = 25  # how long Telegram keeps a call open in which nothing has come in
ANSWER_SECONDS = 10
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
Store = Callable[[Heard], Awaitable[None]]
Read = Callable[[Update], Heard]


class Fetch(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates, each update as it came: one that cannot be read must not hold up the others."""

    __returning__: ClassVar[Any] = list[dict[str, Any]]
    __api_method__: ClassVar[str] = "getUpdates"
    offset: int | None = None
    timeout: int = HELD_SECONDS
    allowed_updates: list[str] = KINDS


class Listener:
    """One bot's updates, in order. Telegram forgets an update only once a later one is asked for: what was not stored comes again."""

    def __init__(self, token: str, base: str, read: Read) -> None:
        self._token, self._base, self._read = token, base, read
        self._offset: int | None = None

    async def listen(self, store: Store) -> None:
        """Until cancelled. Raises aiogram's TokenValidationError when the token has not the form of one."""
        async with AsyncExitStack() as open_until_end:
            session = AiohttpSession(api=TelegramAPIServer.from_base(self._base))
            bot = await open_until_end.enter_async_context(Bot(self._token, session=session))
            failures = 0
            while True:
                try:
                    await self._round(bot, store)
                    failures = 0
                except Exception as error:  # noqa: BLE001 - Telegram or the database is away: all is fetched again later
                    failures += 1
                    log.error("updates not taken", action="polling_failed", failures=failures, error=type(error).__name__)
                    await asyncio.sleep(_pause(failures, error))

    async def _round(self, bot: Bot, store: Store) -> None:
        for update in await bot(Fetch(offset=self._offset), request_timeout=HELD_SECONDS + ANSWER_SECONDS):
            await self._take(update, store)
            self._offset = int(update["update_id"]) + 1

    async def _take(self, update: dict[str, Any], store: Store) -> None:
        try:
            heard = self._read(parsed(update))
        except MalformedCall:
            log.warning("update not understood", action="polling_malformed")
            return
        await store(heard)
        await _afterwards(heard)


async def _afterwards(heard: Heard) -> None:
    """A courtesy to the writer; what was heard is stored, whatever comes of it."""
    if heard.after is None:
        return
    try:
        await heard.after()
    except Exception as error:  # noqa: BLE001
        log.warning("courtesy failed", action="polling_after_failed", error=type(error).__name__)


def _pause(failures: int, error: Exception) -> float:
    """Seconds until the next try: doubling, and never less than Telegram asked."""
    asked = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else 0.0
    doubled: float = FIRST_PAUSE * 2 ** min(failures - 1, 10)
    return max(min(doubled, LONGEST_PAUSE), asked)
