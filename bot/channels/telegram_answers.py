"""What Telegram's refusals mean for us (core.telegram.org/bots/api#making-requests), and how long we wait for our turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import AIORateLimiter

from bot.channels.base import Outcome, Result

NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
WORDS: tuple[tuple[str, Result], ...] = (
    ("chat not found", Result.BAD_CONTACT),
    ("user not found", Result.BAD_CONTACT),
    ("peer_id_invalid", Result.BAD_CONTACT),
    ("chat_id_invalid", Result.BAD_CONTACT),
    ("chat_id is empty", Result.BAD_CONTACT),
    ("group chat was deleted", Result.BAD_CONTACT),
    ("send messages to bots", Result.BAD_CONTACT),
    ("can't send messages to the bot", Result.BAD_CONTACT),
    ("user_is_deactivated", Result.BLOCKED),
    ("user_is_blocked", Result.BLOCKED),
    ("chat_write_forbidden", Result.BLOCKED),
    ("not enough rights", Result.BLOCKED),
    ("have no rights", Result.BLOCKED),
)
"""By what stands in the description: Telegram gives no finer code."""
LONGEST_CODE = 80


class PatientLimiter(AIORateLimiter):
    """Telegram's limits (30 a second, 20 a minute in a group), but no call takes longer than the engine allows.

    Raises TimeoutError when the turn does not come in `patience` seconds: nothing was sent; TimedOut when the answer does not in `seconds`.
    """

    __slots__ = ("_patience", "_seconds")

    def __init__(self, patience: float, seconds: float, **limits: Any) -> None:
        super().__init__(**limits)
        self._patience, self._seconds = patience, seconds

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        begun = False

        async def begin(*given: Any, **named: Any) -> Any:
            nonlocal begun
            begun = True
            deadline.reschedule(asyncio.get_running_loop().time() + self._seconds)
            return await callback(*given, **named)

        try:
            async with asyncio.timeout(self._patience) as deadline:
                return await super().process_request(begin, args, kwargs, endpoint, data, rate_limit_args)
        except TimeoutError as error:
            if begun:
                raise TimedOut from error
            raise


def outcome_of(error: TelegramError) -> Outcome:
    """What a refused or unanswered `sendMessage` means."""
    if isinstance(error, RetryAfter):
        return Outcome(Result.RETRY, code="retry_after", retry_after=error._retry_after.total_seconds())  # the public one is being changed
    if isinstance(error, ChatMigrated):
        return Outcome(Result.RETRY, code="chat_migrated", retry_after=0, moved_to=str(error.new_chat_id))
    if isinstance(error, InvalidToken):
        return Outcome(Result.OUR_FAULT, code="invalid_token")
    if isinstance(error, Forbidden):
        return _by_words(error, otherwise=Result.BLOCKED)
    if isinstance(error, BadRequest):
        # One message that Telegram does not take must not stop all others: it is tried until its time is over, then a person sees it.
        return _by_words(error, otherwise=Result.RETRY)
    if isinstance(error, NetworkError):
        return _unanswered(error)
    return Outcome(Result.UNKNOWN, code="malformed")


def _by_words(error: TelegramError, otherwise: Result) -> Outcome:
    said = error.message.lower()
    result = next((result for words, result in WORDS if words in said), otherwise)
    return Outcome(result, code=said[:LONGEST_CODE])


def _unanswered(error: NetworkError) -> Outcome:
    cause = error.__cause__
    if isinstance(cause, NOT_CONNECTED):
        return Outcome(Result.RETRY, code="not_connected")
    is_answered = not isinstance(error, TimedOut) and (cause is None or isinstance(cause, TelegramError))
    return Outcome(Result.RETRY, code="server_error") if is_answered else Outcome(Result.UNKNOWN, code="no_answer")
