"""Buttons below Telegram's messages, and what is seen when one has been pressed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from aiogram.types import CallbackQuery, Message
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, LinkPreviewOptions, ReplyKeyboardMarkup
from telegram.error import BadRequest

LONGEST_TEXT = 4096  # characters
LONGEST_ANSWER = 64  # bytes of a button's data
SHARE_PHONE = "share_phone"
"""The answer of a button that sends the writer's own number."""
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def keyboard(options: Sequence[tuple[str, str]]) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    """One button a row; instead of them the one that shares the writer's number, where that is asked for."""
    for answer, label in options:
        if answer == SHARE_PHONE:
            return ReplyKeyboardMarkup([[KeyboardButton(label, request_contact=True)]], resize_keyboard=True, one_time_keyboard=True)
    fitting = [(answer, label) for answer, label in options if 0 < len(answer.encode()) <= LONGEST_ANSWER]
    rows = [[InlineKeyboardButton(label, callback_data=answer)] for answer, label in fitting]
    return InlineKeyboardMarkup(rows) if rows else None


async def acknowledge(bot: Bot, pressed: CallbackQuery) -> None:
    """The button stops turning, and the message shows what was chosen instead of its buttons. Raises TelegramError."""
    with suppress(BadRequest):  # Telegram takes it for some seconds only
        await bot.answer_callback_query(pressed.id)
    if isinstance(pressed.message, Message):
        with suppress(BadRequest):  # done already, or too long ago
            await _mark(bot, pressed.message, pressed.data or "")


async def _mark(bot: Bot, shown: Message, answer: str) -> None:
    text = f"{shown.text}\n✓ {_label(shown, answer)}"
    if shown.text is None or len(text) > LONGEST_TEXT:
        await bot.edit_message_reply_markup(shown.chat.id, shown.message_id)
    else:
        await bot.edit_message_text(text, shown.chat.id, shown.message_id, link_preview_options=NO_PREVIEW)


def _label(shown: Message, answer: str) -> str:
    """What stood on the pressed button."""
    rows = shown.reply_markup.inline_keyboard if shown.reply_markup else []
    return next((button.text for row in rows for button in row if button.callback_data == answer), answer)
