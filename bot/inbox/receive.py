"""Stores what came in, before anything else, and queues it for handling."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import phonenumbers
from sqlalchemy import text

from bot.channels.base import Capabilities, Heard, Incoming
from storage.crypto import Cipher
from storage.database import Database

HOME_REGION = "CN"
LONGEST = 2000
"""Characters of a text that are kept; one more is stored, by which handling sees that it was longer."""

RECEIVE = text(
    "select receive_inbound(:channel, :provider_id, :kind, :encrypted, :index, :to, :body, :now,"
    " :reply_to, :phone, :phone_index, :choice, :photo)"
)
STATUS = text("select receive_status(:channel, :provider_id, :status, :code, :now, :at, :sequence)")


def normal_phone(number: str) -> str:
    """E.164 where it is a number of that kind, else as it came (short codes, names of senders)."""
    try:
        parsed = phonenumbers.parse(number, HOME_REGION)
    except phonenumbers.NumberParseException:
        return number.strip()
    if not number.strip().startswith("+") and not phonenumbers.is_valid_number(parsed):
        return number.strip()
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def storable(body: str) -> str:
    """Without what a database cannot hold (NUL, halves of surrogate pairs), and not endless."""
    return body[: LONGEST + 1].replace("\0", "").encode("utf-8", "replace").decode("utf-8")


async def store(database: Database, cipher: Cipher, capabilities: Capabilities, heard: Heard, now: datetime) -> None:
    """Everything that one call brought, in one transaction; what is here already changes nothing (providers repeat themselves)."""
    if not heard.incoming and not heard.statuses:
        return
    async with database.session() as session, session.begin():
        for incoming in heard.incoming:
            await session.execute(RECEIVE, _text_row(cipher, capabilities, incoming) | {"now": now})
        for status in heard.statuses:
            await session.execute(STATUS, asdict(status) | {"channel": capabilities.name, "now": now})


async def receive(database: Database, cipher: Cipher, capabilities: Capabilities, incoming: Incoming, now: datetime) -> int | None:
    """Stores one text; gives its id, or None when it was here already."""
    async with database.session() as session, session.begin():
        stored: int | None = await session.scalar(RECEIVE, _text_row(cipher, capabilities, incoming) | {"now": now})
        return stored


def _text_row(cipher: Cipher, capabilities: Capabilities, incoming: Incoming) -> dict[str, Any]:
    sender = normal_phone(incoming.sender) if capabilities.contact == "phone" else incoming.sender
    phone = normal_phone(incoming.phone) if incoming.phone else None
    return {
        "channel": capabilities.name, "provider_id": incoming.provider_id, "kind": capabilities.contact,
        "encrypted": cipher.encrypt(sender), "index": cipher.index(sender), "to": incoming.to, "body": storable(incoming.body),
        "reply_to": incoming.reply_to, "phone": cipher.encrypt(phone) if phone else None,
        "phone_index": cipher.index(phone) if phone else None, "choice": incoming.choice, "photo": incoming.photo,
    }  # fmt: skip
