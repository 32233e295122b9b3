"""A one-time code to the phone of somebody who asks to enter. Nothing tells the asker whether the number is known."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import date, timedelta

from sqlalchemy import select

from cases.access.limits import ASK_ADDRESS, ASK_CONTACT, WRONG_ADDRESS, WRONG_CONTACT, count, is_locked
from cases.access.posts import posts_of
from cases.responsible import usable
from storage.crypto import Cipher
from storage.tables import Contact, LoginCode, PersonContact
from storage.work import Work

LIFE = timedelta(minutes=5)
MOST_WRONG = 5
DIGITS = 6


def hashed(secret: str) -> bytes:
    """What is kept of a long random secret."""
    return hashlib.sha256(secret.encode()).digest()


async def ask_code(work: Work, cipher: Cipher, number: str, address: bytes, on: date) -> str | None:
    """Sends a code to whoever in office has this number (E.164), and returns the ticket that the browser keeps; None: too often.

    A number that nobody in office has gets a ticket as well, and no code will ever be right for it.
    """
    index = cipher.index(number)
    allowed = [await count(work, ASK_ADDRESS, address), await count(work, ASK_CONTACT, index)]
    if not all(allowed):
        return None
    ticket, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    person_id = await _person_at(work, index, on)
    row = LoginCode(
        ticket_hash=hashed(ticket), person_id=person_id, contact_index=index, code_hash=_code_hash(cipher, ticket, code), wrong=0,
        created_at=work.now, expires_at=work.now + LIFE,
    )  # fmt: skip
    work.session.add(row)
    await work.session.flush()
    if person_id is not None:
        # no area: no reader of messages may ever find it
        work.say(
            f"login:{row.id}", person_id, "login_code", area_code="", urgency="safety", facts={"login_code": code},
            expires_at=row.expires_at,
        )  # fmt: skip
    return ticket


async def _person_at(work: Work, index: bytes, on: date) -> int | None:
    """Who is reached there and has a post; where several do, the one whose phone it is first."""
    query = (
        select(PersonContact.person_id)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(Contact.kind == "phone", Contact.address_index == index, *usable(on))
        .order_by(PersonContact.preference, PersonContact.person_id)
    )
    for person_id in await work.session.scalars(query):
        if await posts_of(work, person_id, on):
            return person_id
    return None


async def prove(work: Work, cipher: Cipher, ticket: str, code: str, address: bytes) -> LoginCode | None:
    """The person typed the code. None: wrong, too late, used, or tried too often; the wrong try is counted."""
    found = await _living(work, ticket)
    if found is None or found.proved_at is not None or await _is_locked(work, found, address):
        return None
    if found.person_id is not None and hmac.compare_digest(found.code_hash, _code_hash(cipher, ticket, code)):
        found.proved_at = work.now
        return found
    found.wrong += 1
    await count_wrong(work, found, address)
    return None


async def count_wrong(work: Work, found: LoginCode, address: bytes) -> None:
    """One more wrong try, for the number and for the address."""
    await count(work, WRONG_CONTACT, found.contact_index)
    await count(work, WRONG_ADDRESS, address)


async def proved(work: Work, ticket: str) -> LoginCode | None:
    """The row of a ticket whose code was right and that has not opened a session yet."""
    found = await _living(work, ticket)
    return found if found is not None and found.proved_at is not None else None


async def _living(work: Work, ticket: str) -> LoginCode | None:
    query = select(LoginCode).where(LoginCode.ticket_hash == hashed(ticket), LoginCode.used_at.is_(None)).with_for_update()
    found = await work.session.scalar(query)
    return found if found is not None and found.expires_at > work.now and found.wrong < MOST_WRONG else None


async def _is_locked(work: Work, found: LoginCode, address: bytes) -> bool:
    return await is_locked(work, WRONG_CONTACT, found.contact_index) or await is_locked(work, WRONG_ADDRESS, address)


def _code_hash(cipher: Cipher, ticket: str, code: str) -> bytes:
    return cipher.index(f"login:{ticket}:{code}")
