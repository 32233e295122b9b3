"""Seals the record: batches of events in a hash chain, so that a changed or missing event shows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from storage.tables import Event, EventSeal
from storage.work import Work

BATCH = 20_000


@dataclass(frozen=True)
class Broken:
    """A batch whose events no longer give its seal."""

    seal_id: int
    first_event_id: int
    last_event_id: int


async def seal_events(work: Work) -> int:
    """Seals what has been recorded since the last seal; returns how many events."""
    previous = await work.session.scalar(select(EventSeal).order_by(EventSeal.id.desc()).limit(1))
    after = previous.last_event_id if previous else 0
    last = await _settled_end(work, after)
    if last is None:
        return 0
    digest, count, first = await _digest(work, previous.digest if previous else "", after, last)
    work.session.add(EventSeal(first_event_id=first, last_event_id=last, digest=digest, at=work.now))
    return count


async def _settled_end(work: Work, after: int) -> int | None:
    """The last event below which no writer is still under way."""
    last: int | None = await work.session.scalar(select(func.settled_event_end(after, BATCH)))
    return last


async def _digest(work: Work, previous: str, after: int, last: int) -> tuple[str, int, int]:
    """(hash, number of events, id of the first) of the events in (after, last]."""
    rolling, count, first = hashlib.sha256(previous.encode()), 0, last
    columns = (Event.id, Event.at, Event.actor, Event.action, Event.subject, Event.area_code, Event.case_id, Event.facts)
    async for event in await work.session.stream(select(*columns).where(Event.id > after, Event.id <= last).order_by(Event.id)):
        first = event.id if count == 0 else first
        count += 1
        rolling.update(_canonical(event))
    return rolling.hexdigest(), count, first


def _canonical(event: Any) -> bytes:
    fields = [event.id, event.at.timestamp(), event.actor, event.action, event.subject, event.area_code, event.case_id, event.facts]
    return json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()


async def broken_seals(work: Work) -> list[Broken]:
    """Every batch that does not give its seal any more."""
    found, previous, after = [], "", 0
    for seal in (await work.session.scalars(select(EventSeal).order_by(EventSeal.id))).all():
        digest, _, _ = await _digest(work, previous, after, seal.last_event_id)
        if digest != seal.digest:
            found.append(Broken(seal.id, seal.first_event_id, seal.last_event_id))
        previous, after = seal.digest, seal.last_event_id
    return found
