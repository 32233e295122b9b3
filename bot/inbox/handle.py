"""Handles what came in: in order per contact, each in a transaction of its own, so that one bad text holds up nobody else."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.inbox.choices import chosen
from bot.inbox.receive import LONGEST, normal_phone
from cases import triage
from storage import queue
from storage.database import Database, is_away
from storage.queue import Queued
from storage.tables import Contact, Inbound, Sender
from storage.work import Work, working

log = structlog.get_logger("inbox")
Route = Callable[[Work, Inbound], Awaitable[str]]
"""Understands one text inside the unit of work and gives the outcome in a word."""

MOST_FAILURES = 5
MOST_READS = 30
"""Also a text whose reader dies each time goes to a person in the end; a database that was away, or a slow machine, is no fault of its."""
FAILED = "failed"
"""Outcome of a text that the bot failed on."""
AGAIN_SECONDS = 15
"""After a failure the text, and its contact's later ones, wait this long (real time)."""


async def handle(database: Database, now: datetime, route: Route, *, quantity: int = 20) -> int:
    """Handles the oldest waiting text of up to `quantity` contacts; gives how many were handled or given to a person."""
    async with database.session() as session, session.begin():
        entries = await queue.read_grouped_head(session, queue.INBOUND, visibility=AGAIN_SECONDS, quantity=quantity)
    ends, done = time.monotonic() + AGAIN_SECONDS * 0.8, 0
    for entry in entries:
        if time.monotonic() >= ends:  # soon somebody else may read the rest
            break
        done += await _handle_one(database, now, route, entry)
    return done


async def _handle_one(database: Database, now: datetime, route: Route, entry: Queued) -> bool:
    inbound_id = entry.payload["inbound_id"]
    try:
        async with working(database, now) as work:
            inbound = await work.session.get_one(Inbound, inbound_id, with_for_update=True)
            if inbound.handled_at is None:
                await _take(work, route, inbound, entry.read_count)
            await queue.delete(work.session, queue.INBOUND, [entry.id])
    except Exception as error:  # noqa: BLE001 - rolled back, read again later, and given to a person in the end
        log.error("text not handled", action="inbound_failed", inbound_id=inbound_id, read=entry.read_count, error=type(error).__name__)
        if not is_away(error):
            await _count_failure(database, inbound_id)
        return False
    return True


async def _count_failure(database: Database, inbound_id: int) -> None:
    try:
        async with database.session() as session, session.begin():
            await session.execute(update(Inbound).where(Inbound.id == inbound_id).values(failures=Inbound.failures + 1))
    except SQLAlchemyError as error:  # it fails again, and is counted then
        log.warning("failure not counted", action="failure_not_counted", inbound_id=inbound_id, error=type(error).__name__)


async def _take(work: Work, route: Route, inbound: Inbound, reads: int) -> None:
    """Understood, or given to a person where that has failed often enough, or put aside where that has failed as often too."""
    if inbound.failures >= 2 * MOST_FAILURES:
        _put_aside(inbound)
        return
    is_hopeless = inbound.failures >= MOST_FAILURES or reads > MOST_READS
    contact = await _written(work, inbound)
    is_cut = len(inbound.body) > LONGEST
    inbound.body = inbound.body[:LONGEST]
    outcome = await _give_up(work, inbound) if is_hopeless else await chosen(work, inbound, contact) or await route(work, inbound)
    inbound.outcome = f"{outcome} cut" if is_cut else outcome
    inbound.handled_at = work.now


async def _written(work: Work, inbound: Inbound) -> Contact:
    """The contact that wrote, with what that says of it."""
    contact = await _contact(work.session, inbound)
    sender_id = contact.sender_id or await _written_to(work.session, inbound)
    inbound.contact_id, contact.sender_id, contact.reached_at = contact.id, sender_id, inbound.received_at
    if contact.state == "bad":  # whoever writes from it can be reached there
        contact.state, contact.failures = "usable", 0
    return contact


async def _give_up(work: Work, inbound: Inbound) -> str:
    await triage.handler_failed(work, inbound)
    return FAILED


def _put_aside(inbound: Inbound) -> None:
    """It stays unhandled, which the auditor tells the county of, and no longer keeps the writer's later texts waiting."""
    inbound.outcome = FAILED
    log.error("text put aside", action="inbound_aside", inbound_id=inbound.id)


async def _contact(session: AsyncSession, inbound: Inbound) -> Contact:
    """The contact that wrote, also when nobody is known under it yet."""
    mine = select(Contact).where(Contact.kind == inbound.kind, Contact.address_index == inbound.address_index)
    found = (await session.scalars(mine)).first()
    if found is not None:
        return found
    row = {"kind": inbound.kind, "address_encrypted": inbound.address_encrypted, "address_index": inbound.address_index}
    await session.execute(insert(Contact).values(row).on_conflict_do_nothing())
    return (await session.scalars(mine)).one()


async def _written_to(session: AsyncSession, inbound: Inbound) -> int | None:
    """The number of ours that it wrote to, from which it is answered; where the channel does not say which, its only one."""
    ours = (await session.execute(select(Sender.id, Sender.address).where(Sender.channel == inbound.channel))).all()
    named = [row for row in ours if row.address == normal_phone(inbound.to_address)]
    found = named or ours
    return found[0].id if len(found) == 1 else None
