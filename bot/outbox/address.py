"""Which contact and which sender a message goes to and from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.base import Capabilities, Channel
from bot.channels.registry import Line as AccountLine
from bot.outbox.contacts import Reach, of_sender, rests
from bot.outbox.hours import Limits, takes_now
from storage.tables import Contact, PersonContact, Sender


@dataclass(frozen=True)
class Line:
    """A sender that may be used now, and what its channel can do. `ready`: within its hours and daily cap at this moment.

    `most`: units that it may send in a whole day; no message of more leaves from it.
    """

    sender_id: int
    capabilities: Capabilities
    rate: float = 1.0
    ready: bool = True
    most: int | None = None

    def holds(self, parts: int) -> bool:
        """Whether a message of so many parts fits into one of its days."""
        return self.most is None or self.capabilities.units(parts) <= self.most


@dataclass(frozen=True)
class Wanted:
    """What a message asks of its way: who reads it, in which template, whether it is spoken, and what is left in peace for now.

    `writer`: the contact that wrote what this answers. Whoever writes on a channel is answered there, also on one for staff only.
    """

    audience: str = "guardian"
    template: str = ""
    spoken: bool = False
    resting: Mapping[str, str] = field(default_factory=dict)
    writer: int | None = None


@dataclass(frozen=True)
class Route:
    """Where a message goes, and from where."""

    reach: Reach
    line: Line


def limits_of(sender: Sender) -> Limits:
    """The sender's own limits as the policy takes them."""
    return Limits(sender.daily_cap, sender.hours_from, sender.hours_until, sender.used_on, sender.used)


def price_of(price: Decimal | None, units: int) -> Decimal | None:
    """What so many parts or messages cost, in CNY."""
    return None if price is None else price * units


async def open_lines(session: AsyncSession, channels: Mapping[AccountLine, Channel], now: datetime, zone: ZoneInfo) -> list[Line]:
    """Senders that take new messages and whose channel is set up here."""
    return await _lines(session, channels, now, zone, Sender.state == "open")


async def trial_lines(session: AsyncSession, channels: Mapping[AccountLine, Channel], now: datetime, zone: ZoneInfo) -> list[Line]:
    """Senders that are stopped and about to be tried again: for what has no other way."""
    return await _lines(session, channels, now, zone, (Sender.state == "stopped") & (Sender.try_at <= now))


async def _lines(
    session: AsyncSession, channels: Mapping[AccountLine, Channel], now: datetime, zone: ZoneInfo, which: ColumnElement[bool]
) -> list[Line]:
    senders = await session.scalars(select(Sender).where(which).order_by(Sender.id))
    local = now.astimezone(zone)
    return [
        Line(
            sender.id, channels[sender.channel, sender.account].capabilities, sender.rate_per_second,
            takes_now(limits_of(sender), local), sender.daily_cap,
        )
        for sender in senders
        if (sender.channel, sender.account) in channels
    ]  # fmt: skip


REACH = (Contact.id, Contact.kind, PersonContact.preference, Contact.failures, Contact.reached_at, Contact.sender_id)


async def usable_contacts(session: AsyncSession, person_ids: Iterable[int], today: date) -> dict[int, list[Reach]]:
    """Every person's contacts that are theirs today and work."""
    wanted = list(set(person_ids))
    if not wanted:
        return {}
    rows = await session.execute(
        select(PersonContact.person_id, *REACH)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(
            PersonContact.person_id == func.any(wanted), PersonContact.retired_reason.is_(None), Contact.state == "usable",
            func.coalesce(PersonContact.valid_from, today) <= today,
            or_(PersonContact.valid_until.is_(None), PersonContact.valid_until >= today),
        )
        .order_by(PersonContact.person_id, PersonContact.preference, Contact.id)
    )  # fmt: skip
    found: dict[int, list[Reach]] = defaultdict(list)
    for person_id, contact_id, kind, preference, failures, reached_at, sender_id in rows:
        found[person_id].append(Reach(contact_id, kind, preference, failures, reached_at, sender_id))
    return found


async def answer_contacts(session: AsyncSession, contact_ids: Iterable[int]) -> dict[int, tuple[Reach, bytes]]:
    """The contacts that answers go back to, where they still work, with their encrypted addresses."""
    wanted = list(set(contact_ids))
    if not wanted:
        return {}
    columns = (Contact.id, Contact.kind, Contact.failures, Contact.reached_at, Contact.sender_id, Contact.address_encrypted)
    rows = await session.execute(select(*columns).where(Contact.id == func.any(wanted), Contact.state == "usable"))
    return {row.id: (Reach(row.id, row.kind, 0, row.failures, row.reached_at, row.sender_id), row.address_encrypted) for row in rows}


def choose(reaches: Sequence[Reach], lines: Sequence[Line], wanted: Wanted, now: datetime) -> Route | None:
    """The first contact that a line reaches; a spoken message takes a voice line where there is one.

    A contact goes on hearing from the number of ours that it knows, so that its answers and our questions stand in one thread;
    the others are spread over the senders by their rates.
    """
    for reach in reaches:
        fitting = [line for line in lines if _fits(line, reach, wanted, now)]
        voice = [line for line in fitting if line.capabilities.variant == "voice"]
        written = [line for line in fitting if line.capabilities.variant != "voice"]
        chosen = (voice or written) if wanted.spoken else written
        chosen = [line for line in chosen if line.ready] or chosen
        if chosen:
            return Route(reach, _known(reach, chosen) or _by_rate(reach.contact_id, chosen))
    return None


def lacks_words(reaches: Sequence[Reach], lines: Sequence[Line], wanted: Wanted) -> bool:
    """Whether a line reaches one of these contacts, and may just not say this template there."""
    return any(
        _reads(line.capabilities, reach, wanted) and not line.capabilities.takes(wanted.template, wanted.audience)
        for reach in reaches
        for line in lines
    )


def _reads(can: Capabilities, reach: Reach, wanted: Wanted) -> bool:
    return can.contact == reach.kind and (wanted.audience in can.audiences or reach.contact_id == wanted.writer)


def _fits(line: Line, reach: Reach, wanted: Wanted, now: datetime) -> bool:
    can = line.capabilities
    return (
        _reads(can, reach, wanted)
        and can.takes(wanted.template, wanted.audience)
        and not any(rests(wanted.resting, reach.contact_id, way, now) for way in (can.name, of_sender(line.sender_id)))
    )


def _known(reach: Reach, lines: Sequence[Line]) -> Line | None:
    return next((line for line in lines if line.sender_id == reach.sender_id), None)


def _by_rate(contact_id: int, lines: Sequence[Line]) -> Line:
    """The same contact always falls to the same line, and each line gets its share of the contacts."""
    place = (contact_id * 0.6180339887498949) % 1 * sum(line.rate for line in lines)
    for line in lines:
        place -= line.rate
        if place < 0:
            return line
    return lines[-1]
