"""Telegram: python-telegram-bot speaks, within Telegram's limits; aiogram listens."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial

from aiogram.types import Update
from telegram import WebhookInfo
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.channels.base import Capabilities, Heard, Outcome, Outgoing, Picture, Request, Result, Trouble
from bot.channels.telegram_answers import PatientLimiter, outcome_of
from bot.channels.telegram_buttons import LONGEST_TEXT, NO_PREVIEW, acknowledge, keyboard
from bot.channels.telegram_pictures import fetch_picture
from bot.channels.telegram_polling import Listener
from bot.channels.telegram_updates import KINDS, incoming_of, message_key, parsed

OFFICIAL_BASE = "https://api.telegram.org"
TURN_SECONDS, CALL_SECONDS = 2.0, 7.0  # for our turn and for the answer: together below the engine's ten seconds
USER_NAME = re.compile(r"@?[A-Za-z]\w{3,30}[A-Za-z0-9]", re.ASCII)
SECRET_HEADER = "x-telegram-bot-api-secret-token"
CAPABILITIES = Capabilities(name="telegram", contact="telegram", variant="chat", max_length=LONGEST_TEXT, can_be_asked=False, buttons=True)


class Telegram:
    """One bot."""

    capabilities = CAPABILITIES

    def __init__(self, token: str, base: str = OFFICIAL_BASE, seconds: float = CALL_SECONDS, patience: float = TURN_SECONDS) -> None:
        self._id = token.partition(":")[0]
        self._secret = hmac.new(token.encode(), b"fanxiao webhook", hashlib.sha256).hexdigest()
        self._http = HTTPXRequest(read_timeout=seconds, write_timeout=seconds, connect_timeout=min(3.0, seconds))
        limiter = PatientLimiter(patience, seconds)
        root = base.rstrip("/")
        self._bot = ExtBot(
            token, f"{root}/bot", f"{root}/file/bot", request=self._http, get_updates_request=self._http, rate_limiter=limiter
        )
        self._listener = Listener(token, base, self._heard)

    async def send(self, message: Outgoing) -> Outcome:
        markup = keyboard(message.options)
        try:
            sent = await self._bot.send_message(message.to, message.body, reply_markup=markup, link_preview_options=NO_PREVIEW)
            return Outcome(Result.ACCEPTED, provider_id=message_key(self._id, sent.chat_id, sent.message_id))
        except TelegramError as error:
            return outcome_of(error)
        except TimeoutError:
            return Outcome(Result.RETRY, code="no_turn")
        except (KeyError, TypeError, ValueError, AttributeError):
            return Outcome(Result.UNKNOWN, code="malformed")

    async def clear(self, provider_id: str) -> None:
        _, chat, message = provider_id.split(":")
        with suppress(BadRequest):  # gone already, or the message is
            await self._bot.edit_message_reply_markup(chat, int(message))

    async def find(self, _message: Outgoing, _since: datetime) -> list[str]:
        return []

    def verify(self, request: Request) -> bool:
        return hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), self._secret.encode())

    async def hear(self, request: Request) -> Heard:
        return self._heard(parsed(request.document))

    async def listen(self, store: Callable[[Heard], Awaitable[None]]) -> None:
        """Fetches what came in, and does what is to be done `after` it is stored. Never run two for one bot, nor with a webhook set."""
        await self._listener.listen(store)

    def hears(self, to: str) -> bool:
        return to == self._id

    async def picture(self, reference: str, most_bytes: int) -> Picture:
        return await fetch_picture(self._bot, reference, most_bytes)

    async def connect(self, hooks: str | None) -> None:
        """Tells Telegram to call us below `hooks`; None: to keep what comes in until it is fetched. Raises TelegramError."""
        if hooks is None:
            await self._bot.delete_webhook()
        else:
            await self._bot.set_webhook(f"{hooks}/inbound", secret_token=self._secret, allowed_updates=KINDS)

    def misaddressed(self, address: str) -> list[Trouble]:
        return [] if address == self._id or USER_NAME.fullmatch(address) else [Trouble("address_not_a_bot", address)]

    async def check(self, address: str, hooks: str | None) -> list[Trouble]:
        try:
            me = await self._bot.get_me()
            webhook = await self._bot.get_webhook_info()
        except InvalidToken:
            return [Trouble("account_refused", "TELEGRAM_BOT_TOKEN")]
        except (TelegramError, TimeoutError):
            return [Trouble("provider_unreachable", "Telegram")]
        except (KeyError, TypeError, ValueError, AttributeError):
            return [Trouble("provider_unreadable", "Telegram")]
        ours = address.removeprefix("@").casefold() in {(me.username or "").casefold(), str(me.id)}
        return ([] if ours else [Trouble("bot_differs", f"@{me.username}")]) + webhook_troubles(webhook, hooks)

    async def close(self) -> None:
        await self._http.shutdown()

    def _heard(self, update: Update) -> Heard:
        incoming, pressed = incoming_of(update, self._id), update.callback_query
        return Heard((incoming,) if incoming else (), after=partial(acknowledge, self._bot, pressed) if pressed else None)


def webhook_troubles(webhook: WebhookInfo, hooks: str | None) -> list[Trouble]:
    """Whether what people write reaches us. Without `hooks` it is fetched, which Telegram refuses while a webhook is set."""
    if hooks is None:
        return [Trouble("webhook_in_the_way")] if webhook.url else []
    wanted = f"{hooks}/inbound"
    if webhook.url != wanted:
        return [Trouble("webhook_elsewhere" if webhook.url else "webhook_missing", wanted)]
    kinds = set(webhook.allowed_updates or KINDS)  # none named: all that we ask for
    if missing := [kind for kind in KINDS if kind not in kinds]:
        return [Trouble("webhook_partial", ", ".join(missing))]
    failing = webhook.last_error_message and webhook.pending_update_count  # an error of long ago stays there
    return [Trouble("webhook_failing", webhook.last_error_message or "")] if failing else []


def build(settings: Mapping[str, str]) -> Telegram:
    """From `TELEGRAM_BOT_TOKEN` and, for another server, `TELEGRAM_API_BASE`. The webhook's secret derives from the token."""
    return Telegram(settings["TELEGRAM_BOT_TOKEN"], settings.get("TELEGRAM_API_BASE") or OFFICIAL_BASE)
