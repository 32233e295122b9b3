"""What Telegram tells us, read with aiogram's types (core.telegram.org/bots/api#update)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiogram.enums import ChatMemberStatus, ChatType, ContentType
from aiogram.types import CallbackQuery, Chat, ChatMemberUpdated, Message, Update
from pydantic import ValidationError

from bot.channels.base import Incoming, MalformedCall

KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
"""The only updates that we ask for."""
NOT_WRITTEN = frozenset(
    {
        ContentType.PINNED_MESSAGE, ContentType.MESSAGE_AUTO_DELETE_TIMER_CHANGED, ContentType.WRITE_ACCESS_ALLOWED,
        ContentType.CHAT_BACKGROUND_SET, ContentType.CONNECTED_WEBSITE, ContentType.BOOST_ADDED, ContentType.PROXIMITY_ALERT_TRIGGERED,
    }
)  # fmt: skip
"""Notices that Telegram itself puts into a chat."""
GONE = frozenset({ChatMemberStatus.KICKED, ChatMemberStatus.LEFT})


def parsed(update: bytes | Mapping[str, Any]) -> Update:
    """One update. Raises MalformedCall, without a word of what stands in it."""
    try:
        return Update.model_validate_json(update) if isinstance(update, bytes) else Update.model_validate(update)
    except ValidationError:
        raise MalformedCall("not an update") from None


def incoming_of(update: Update, bot: str) -> Incoming | None:
    """The text, pressed button, or blocking and unblocking that it tells of; None when it is nothing to us (groups).

    Message ids are unique within one chat of one bot only, so both stand in ours. `bot` is its numeric id.
    """
    if update.message is not None:
        return _text(update.message, bot)
    if update.edited_message is not None:
        return _edited(update.edited_message, bot)
    if update.callback_query is not None:
        return _pressed(update.callback_query, bot)
    if update.my_chat_member is not None:
        return _choice(update.my_chat_member, bot)
    return None


def message_key(bot: str, chat_id: int, message_id: int) -> str:
    """The provider's id of a message, in or out."""
    return f"{bot}:{chat_id}:{message_id}"


def _text(message: Message, bot: str) -> Incoming | None:
    if not _is_private(message.chat) or message.content_type in NOT_WRITTEN:
        return None
    answered = message.reply_to_message
    return Incoming(
        provider_id=message_key(bot, message.chat.id, message.message_id), sender=str(message.chat.id), to=bot,
        body=message.text or message.caption or "", phone=_own_phone(message),
        reply_to=message_key(bot, message.chat.id, answered.message_id) if answered else None, photo=_photo(message),
    )  # fmt: skip


def _edited(message: Message, bot: str) -> Incoming | None:
    """Who corrects a text in its place has said the new words now. A place that moves on, or a photograph, says nothing new."""
    text = _text(message, bot)
    if text is None or not text.body:
        return None
    return replace(text, provider_id=f"{text.provider_id}:{message.edit_date or 0}", photo=None)


def _photo(message: Message) -> str | None:
    """The largest of the sizes in which Telegram keeps a photograph; one sent as a file is one, too."""
    if message.photo:
        return max(message.photo, key=lambda size: size.width * size.height).file_id
    is_image = message.document is not None and (message.document.mime_type or "").startswith("image/")
    return message.document.file_id if message.document is not None and is_image else None


def _own_phone(message: Message) -> str | None:
    """Telegram vouches for a shared number only when it is the writer's own; it may leave out the plus sign."""
    shared, writer = message.contact, message.from_user
    if shared is None or writer is None or shared.user_id != writer.id:
        return None
    return "+" + shared.phone_number.removeprefix("+")


def _pressed(pressed: CallbackQuery, bot: str) -> Incoming | None:
    message = pressed.message
    if pressed.data is None or (message is not None and not _is_private(message.chat)):
        return None
    return Incoming(
        provider_id=f"{bot}:cb{pressed.id}", sender=str(pressed.from_user.id), to=bot, body=pressed.data,
        reply_to=message_key(bot, message.chat.id, message.message_id) if message else None,
    )  # fmt: skip


def _choice(change: ChatMemberUpdated, bot: str) -> Incoming | None:
    if not _is_private(change.chat):
        return None
    choice = "out" if change.new_chat_member.status in GONE else "in"
    happened = f"{bot}:{change.chat.id}:{choice}:{int(change.date.timestamp())}"
    return Incoming(provider_id=happened, sender=str(change.chat.id), to=bot, body="", choice=choice)


def _is_private(chat: Chat) -> bool:
    return chat.type == ChatType.PRIVATE
