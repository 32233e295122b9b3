"""Stores what came in, before anything else, and queues it for handling."""

from __future__ import annotations

from datetime import datetime

import phonenumbers
from sqlalchemy import text

from bot.channels.base import Capabilities, Incoming
from storage.crypto import Cipher
from storage.database import Database

HOME_REGION = "CN"
LONGEST = 2000
"""Characters of a text that are kept; one more is stored, by which handling sees that it was longer."""

RECEIVE = text("select receive_inbound(:channel, :provider_id, :kind, :encrypted, :index, :to, :body, :at)")
STATUS = text("select receive_status(:channel, :provider_id, :status, :code, :at)")


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


async def receive(
    web_database: Database, cipher: Cipher, channel_name: str, capabilities: Capabilities, incoming: Incoming, now: datetime
) -> int | None:
    """Stores one text; gives its id, or None when it was here already (providers repeat themselves)."""
    sender = normal_phone(incoming.sender) if capabilities.contact == "phone" else incoming.sender
    values = {
        "channel": channel_name, "provider_id": incoming.provider_id, "kind": capabilities.contact, "encrypted": cipher.encrypt(sender),
        "index": cipher.index(sender), "to": incoming.to, "body": storable(incoming.body), "at": now,
    }  # fmt: skip
    async with web_database.session() as session, session.begin():
        stored: int | None = await session.scalar(RECEIVE, values)
        return stored


async def receive_status(web_database: Database, channel_name: str, provider_id: str, status: str, code: str | None, now: datetime) -> None:
    """Stores a provider's word on a message; the same word again changes nothing."""
    async with web_database.session() as session, session.begin():
        await session.execute(STATUS, {"channel": channel_name, "provider_id": provider_id, "status": status, "code": code, "at": now})
