"""Which contact and which sender a message goes to and from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.base import Capabilities, Channel
from bot.channels.registry import Line as AccountLine
from storage.tables import Contact, Intent, PersonContact, Sender


@dataclass(frozen=True)
class Line:
    """A sender that may be used now, and what its channel can do."""

    sender_id: int
    capabilities: Capabilities


@dataclass(frozen=True)
class Route:
    """Where a message goes, and from where."""

    contact: Contact
    line: Line


async def open_lines(session: AsyncSession, channels: Mapping[AccountLine, Channel]) -> list[Line]:
    """Senders that are enabled and whose channel is set up here."""
    senders = await session.scalars(select(Sender).where(Sender.state == "open").order_by(Sender.id))
    return [
        Line(sender.id, channels[sender.channel, sender.account].capabilities)
        for sender in senders
        if (sender.channel, sender.account) in channels
    ]


async def usable_contacts(session: AsyncSession, person_ids: Sequence[int], today: date) -> dict[int, list[Contact]]:
    """Every person's contacts that are theirs today and work, the preferred first."""
    rows = await session.execute(
        select(PersonContact.person_id, Contact)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(
            PersonContact.person_id.in_(person_ids), PersonContact.retired_reason.is_(None), Contact.state == "usable",
            func.coalesce(PersonContact.valid_from, today) <= today,
            or_(PersonContact.valid_until.is_(None), PersonContact.valid_until >= today),
        )
        .order_by(PersonContact.person_id, PersonContact.preference, Contact.id)
    )  # fmt: skip
    found: dict[int, list[Contact]] = defaultdict(list)
    for person_id, contact in rows:
        found[person_id].append(contact)
    return found


async def answer_contacts(session: AsyncSession, intents: Sequence[Intent]) -> dict[int, Contact]:
    """The contacts that answers go back to, by id, where they still work."""
    ids = {intent.contact_id for intent in intents if intent.contact_id is not None}
    if not ids:
        return {}
    rows = await session.scalars(select(Contact).where(Contact.id.in_(ids), Contact.state == "usable"))
    return {contact.id: contact for contact in rows}


def candidates(intent: Intent, own: Sequence[Contact], answering: Mapping[int, Contact]) -> list[Contact]:
    """In the order in which they are to be tried; those on which this intent failed are left out."""
    first = answering.get(intent.contact_id or 0)
    ordered = [first] if first else []
    ordered += [contact for contact in own if contact is not first]
    return [contact for contact in ordered if contact.id not in (intent.tried or [])]


def choose(contacts: Sequence[Contact], lines: Sequence[Line], spoken: bool) -> Route | None:
    """The first contact that a line reaches; a spoken message takes a voice line where there is one.

    A contact always hears from the same number of ours, so that its answers and our questions stand in one thread.
    """
    for contact in contacts:
        reaching = [line for line in lines if line.capabilities.contact == contact.kind]
        voice = [line for line in reaching if line.capabilities.variant == "voice"]
        written = [line for line in reaching if line.capabilities.variant != "voice"]
        fitting = (voice or written) if spoken else written
        if fitting:
            return Route(contact, fitting[contact.id % len(fitting)])
    return None
