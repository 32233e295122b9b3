"""Stores what came in, before anything else, and queues it for handling."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import phonenumbers
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.base import Capabilities, Heard, Incoming, Status
from storage.crypto import Cipher
from storage.database import Database
from storage.rows import LARGEST_COUNT, as_json

Row = dict[str, Any]
HOME_REGION = "CN"
LONGEST = 2000
"""Characters of a text that are kept; one more is stored, by which handling sees that it was longer."""
LONGEST_ID = 255
"""Characters of a provider's id; the server's indexes take no more than some 2,700 bytes."""

RECEIVE = text("select receive(cast(:texts as jsonb), cast(:reports as jsonb))")
MOBILE = re.compile(r"\+861[3-9]\d{9}")


@dataclass(frozen=True, slots=True)
class Brought:
    """What one call brought, as rows."""

    texts: list[Row]
    reports: list[Row]


def normal_phone(number: str) -> str:
    """E.164 where it is a number of that kind, else as it came (short codes, names of senders)."""
    if MOBILE.fullmatch(number):  # nearly all are, and reading a number at length takes a tenth of a call's time
        return number
    try:
        parsed = phonenumbers.parse(number, HOME_REGION)
    except phonenumbers.NumberParseException:
        return number.strip()
    if not number.strip().startswith("+") and not phonenumbers.is_valid_number(parsed):
        return number.strip()
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def storable(body: str) -> str:
    """Without what a database cannot hold (NUL, halves of surrogate pairs), and not endless."""
    return _held(body[: LONGEST + 1])


def known_by(provider_id: str) -> str:
    """A provider's id as the database can hold and compare it; one that is too long is known by its digest."""
    plain = _held(provider_id)
    return plain if len(plain) <= LONGEST_ID else hashlib.sha256(plain.encode()).hexdigest()


def _held(text_in: str) -> str:
    return text_in.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _or_none(found: str | None) -> str | None:
    return None if found is None else known_by(found)


def brought(cipher: Cipher, capabilities: Capabilities, heard: Heard, now: datetime) -> Brought:
    """Numbers are encrypted here, and the database gets nothing that it cannot hold."""
    return Brought(
        [_text_row(cipher, capabilities, incoming) | {"received_at": now} for incoming in heard.incoming],
        [asdict(_report(status)) | {"channel": capabilities.name, "received_at": now} for status in heard.statuses],
    )


def _report(status: Status) -> Status:
    counted = status.sequence if status.sequence is not None and 0 <= status.sequence <= LARGEST_COUNT else None
    return replace(status, provider_id=known_by(status.provider_id), code=_or_none(status.code), sequence=counted)


async def write(connection: AsyncConnection, calls: Sequence[Brought]) -> list[int]:
    """All of it or nothing, in one statement; gives the ids of texts that are new. Providers repeat themselves: that changes nothing."""
    texts = [row for call in calls for row in call.texts]
    reports = [row for call in calls for row in call.reports]
    return list(await connection.scalars(RECEIVE, {"texts": as_json(texts), "reports": as_json(reports)}))


async def store(database: Database, cipher: Cipher, capabilities: Capabilities, heard: Heard, now: datetime) -> list[int]:
    """Everything that one call brought; gives the ids of texts that are new."""
    async with database.engine.begin() as connection:
        return await write(connection, [brought(cipher, capabilities, heard, now)])


async def receive(database: Database, cipher: Cipher, capabilities: Capabilities, incoming: Incoming, now: datetime) -> int | None:
    """Stores one text; gives its id, or None when it was here already."""
    new = await store(database, cipher, capabilities, Heard(incoming=(incoming,)), now)
    return new[0] if new else None


def _text_row(cipher: Cipher, capabilities: Capabilities, incoming: Incoming) -> Row:
    sender = _held(incoming.sender)
    sender = normal_phone(sender) if capabilities.contact == "phone" else sender
    phone = normal_phone(_held(incoming.phone)) if incoming.phone else None
    return {
        "channel": capabilities.name, "provider_id": known_by(incoming.provider_id), "kind": capabilities.contact,
        "address_encrypted": cipher.encrypt(sender), "address_index": cipher.index(sender),
        "to_address": known_by(incoming.to), "body": storable(incoming.body), "reply_to": _or_none(incoming.reply_to),
        "phone_encrypted": cipher.encrypt(phone) if phone else None, "phone_index": cipher.index(phone) if phone else None,
        "choice": incoming.choice, "photo": _held(incoming.photo) if incoming.photo else None,
    }  # fmt: skip
